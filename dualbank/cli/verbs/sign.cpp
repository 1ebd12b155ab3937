#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signature.hpp"
#include "dualbank/cli/signing_key.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

using ByteVector = std::vector<std::byte>;

Signature signature_of(const ByteVector& file, std::uint32_t length) {
  return find_signature(
      [&](std::uint32_t offset, std::uint32_t size) -> ByteVector {
        if (std::uint64_t{offset} + size > file.size()) return {};
        const auto from = file.begin() + static_cast<std::ptrdiff_t>(offset);
        return {from, from + static_cast<std::ptrdiff_t>(size)};
      },
      length);
}

/// The blocks to keep with --append. Throws Refused where one of them is not good.
ByteVector kept_blocks(const ByteVector& file, const Signature& signature) {
  ByteVector blocks;
  if (signature.kind != Signature::Kind::v2) return blocks;
  for (const BlockReport& block : signature.blocks) {
    if (!block.good()) {
      const Refused why(block.fault);
      throw Refused(why.code(), why.message(), "sign it without --append: that makes all blocks anew", why.values());
    }
    const auto from = file.begin() + signature.offset + static_cast<std::ptrdiff_t>(block.index * kSignatureBlockBytes);
    blocks.insert(blocks.end(), from, from + static_cast<std::ptrdiff_t>(kSignatureBlockBytes));
  }
  return blocks;
}

std::vector<SigningKey> signing_keys(const Context& context) {
  std::vector<SigningKey> keys;
  for (const std::string& path : context.args.values("--key")) {
    keys.push_back(SigningKey::read(path, context.out));
    if (!keys.back().is_private()) {
      throw Refused("key_not_private", fmt::format("{} is a public key, which cannot sign", path),
                    "give the private one", {{"path", path}});
    }
  }
  if (keys.empty()) {
    throw Refused::usage("missing_option", "dualbank sign needs --key KEY", "dualbank keygen KEY makes one",
                         {{"option", "--key"}});
  }
  return keys;
}

ByteVector new_block(const SigningKey& key, Bytes signed_bytes) {
  const Sha256Digest by_256 = sha256(signed_bytes);
  const bool p384 = key.scheme() == SignatureScheme::ecdsa_p384;
  const Sha384Digest by_384 = p384 ? sha384(signed_bytes) : Sha384Digest{};
  const Bytes digest = p384 ? Bytes(by_384) : Bytes(by_256);
  ByteVector block(kSignatureBlockBytes);
  write_signature_block(block, key.scheme(), digest, key.block_key(), key.sign(digest));
  return block;
}

int run(Context& context) {
  const auto output = context.args.value("--output");
  if (!output) {
    throw Refused::usage("missing_option", "dualbank sign needs -o FILE",
                         "-o - writes to standard output; the same file again with --force", {{"option", "--output"}});
  }
  if (*output == "-" && context.out.json) {
    throw Refused::usage("usage", "standard output cannot take both the file and the JSON object",
                         "name a file with -o");
  }
  const std::vector<SigningKey> keys = signing_keys(context);
  ByteVector file = load_signable(context.args.operand(kImage.name).value()).app;
  const ImageInfo info = verify_image(file, ImageRules::vendor(kAnyChip, kUnknownLength));
  const Signature before = signature_of(file, info.length_bytes);
  ByteVector blocks;
  if (context.args.has("--append")) blocks = kept_blocks(file, before);
  const std::size_t kept = blocks.size() / kSignatureBlockBytes;
  if (kept + keys.size() > kMostSignatureBlocks) {
    throw Refused("too_many_signatures",
                  fmt::format("{} signatures are there and {} are to come; there is room for {}", kept, keys.size(),
                              kMostSignatureBlocks),
                  "sign with fewer keys, or without --append");
  }
  const std::size_t end = signed_bytes_of(info.length_bytes);
  const std::size_t there = before.kind == Signature::Kind::v2 ? end : std::size_t{info.length_bytes};
  file.resize(there);  // what fills the last sector is signed with the rest, and stays as it is
  file.resize(end, std::byte{0xFF});
  for (const SigningKey& key : keys) {
    const ByteVector block = new_block(key, file);
    blocks.insert(blocks.end(), block.begin(), block.end());
  }
  blocks.resize(kSignatureBlocksBytes, std::byte{0xFF});
  file.insert(file.end(), blocks.begin(), blocks.end());
  if (!context.dry_run()) write_file(*output, file, context.force());
  Json& result = context.out.result();
  const Signature after = signature_of(file, info.length_bytes);
  result["output"] = *output;
  result["signed_bytes"] = end;
  result["size"] = file.size();
  result["kept"] = kept;
  result["blocks"] = Json::array();
  for (const BlockReport& block : after.blocks) result["blocks"].push_back(block_json(block));
  result["dry_run"] = context.dry_run();
  if (*output == "-") return kDone;
  context.out.done("{}{}: {}, {} signed", context.dry_run() ? "would write " : "", *output, image_label(info),
                   size_text(end));
  for (const BlockReport& block : after.blocks)
    context.out.done("  block {}  {}, key {}{}", block.index, scheme_name(block.scheme), digest_text(block.key_digest),
                     block.index < kept ? " (was there)" : "");
  return kDone;
}

constexpr std::array kOperands{kImage};
constexpr std::array kOptions{
    Option{"-k,--key", "KEY", Takes::file, "a private key in PEM; up to three, each makes a block", true},
    Option{"-o,--output", "FILE", Takes::new_file, "where the signed image goes; - is standard output"},
    Option{"--append", "", Takes::nothing, "keep the signatures that are there, and add to them"},
    Option{"--force", "", Takes::nothing, "replace the file"}, kDryRun};
constexpr std::array<std::string_view, 3> kExamples{
    "dualbank sign firmware.bin --key key.pem -o firmware.signed.bin",
    "dualbank sign firmware.bin --key key.pem --key spare.pem -o firmware.signed.bin",
    "dualbank sign firmware.signed.bin --key new.pem --append -o both.bin"};

}  // namespace

const Verb kSignVerb{
    "sign",
    Group::files,
    "sign a firmware",
    "Writes the image, filled up to a sector, and the vendor's Secure Boot V2 sector behind it. Without --append, "
    "signatures that are there are replaced.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
