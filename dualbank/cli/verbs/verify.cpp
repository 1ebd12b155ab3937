#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signature.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

void report(Context& context, const BlockReport& block, const std::vector<Sha256Digest>& keys, bool named) {
  const bool trusted = std::ranges::find(keys, block.key_digest) != keys.end();
  Json entry = block_json(block);
  entry["trusted"] = !named ? Json(nullptr) : Json(trusted);
  context.out.result()["blocks"].push_back(entry);
  const bool sound = block.scheme != SignatureScheme::none;
  std::string text = block.good() ? "good" : what_text(block.fault);
  if (sound && named && !trusted) text += block.good() ? ", but its key is not trusted" : "; its key is not trusted";
  context.out.say("  block {}  {}{}", block.index, sound ? fmt::format("{}: ", scheme_name(block.scheme)) : "", text);
  if (sound) context.out.say("           key {}", digest_text(block.key_digest));
}

int run(Context& context) {
  const std::string path = context.args.operand(kImage.name).value();
  const auto keys = trusted_keys(context);
  const bool named = !context.args.values(kTrust.long_flag()).empty();
  const Firmware firmware = load_signable(path);
  const ImageInfo info = verify_image(firmware.app, ImageRules::vendor(kAnyChip, kUnknownLength));
  const Signature signature = find_signature(
      [&](std::uint32_t offset, std::uint32_t size) -> std::vector<std::byte> {
        if (std::uint64_t{offset} + size > firmware.app.size()) return {};
        const Bytes bytes = Bytes(firmware.app).subspan(offset, size);
        return {bytes.begin(), bytes.end()};
      },
      info.length_bytes);
  Json& result = context.out.result();
  result["path"] = path;
  result["image"] = image_json(info, true);
  result["signed_bytes"] = signature.blocks.empty() ? Json(nullptr) : Json(signature.offset);
  result["blocks"] = Json::array();
  context.out.say(
      "{}: {}, {}", path, image_label(info),
      signature.blocks.empty() ? std::string("not signed") : fmt::format("{} signed", size_text(signature.offset)));
  for (const BlockReport& block : signature.blocks) report(context, block, keys, named);
  const auto counts = [&](const BlockReport& block) {
    return block.good() && (!named || std::ranges::find(keys, block.key_digest) != keys.end());
  };
  const bool verified = !named ? !signature.blocks.empty() && std::ranges::all_of(signature.blocks, counts)
                               : std::ranges::any_of(signature.blocks, counts);
  result["verified"] = verified;
  if (verified && !named)
    context.out.note("No key was named (--trust): this says that the signatures fit, not whose they are.");
  return verified ? kDone : kNo;
}

constexpr std::array kOperands{kImage};
constexpr std::array kOptions{kTrust, kRevoke};
constexpr std::array<std::string_view, 2> kExamples{"dualbank verify firmware.signed.bin --trust key.pub.pem",
                                                    "dualbank verify firmware.signed.bin"};

}  // namespace

const Verb kVerifyVerb{
    "verify",
    Group::look,
    "check the signatures of a firmware file",
    "With --trust the answer is yes when one block is a good signature by one of these keys, as on a board that trusts "
    "them. Without, when there are blocks and all are good, whoever made them. Exit code 3: the answer is no.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
