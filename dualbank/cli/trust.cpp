#include "dualbank/cli/trust.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signing_key.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kMostKeys = 3;  // as many as a board of the vendor's has room for

std::optional<Sha256Digest> digest_from_hex(const std::string& word) {
  Sha256Digest digest{};
  const bool hex = std::ranges::all_of(word, [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!hex || word.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::byte>(std::stoul(word.substr(2 * i, 2), nullptr, 16));
  return digest;
}

}  // namespace

Sha256Digest key_digest_of(const std::string& word, Output& out) {
  if (!path_exists(word)) {
    if (const auto digest = digest_from_hex(word)) return *digest;
  } else if (const auto bytes = read_file(word); bytes.size() == sizeof(Sha256Digest)) {
    Sha256Digest digest{};
    std::ranges::copy(bytes, digest.begin());
    return digest;
  }
  return SigningKey::read(word, out).digest();
}

std::vector<Sha256Digest> trusted_keys(const Context& context) {
  const auto words = context.args.values(kTrust.long_flag());
  if (words.size() > kMostKeys) {
    throw Refused::usage("too_many_keys",
                         fmt::format("{} keys are named, and a board trusts at most {}", words.size(), kMostKeys),
                         "name the keys of one board");
  }
  std::vector<Sha256Digest> keys;
  for (const std::string& word : words) keys.push_back(key_digest_of(word, context.out));
  for (const std::string& word : context.args.values(kRevoke.long_flag())) {
    std::erase(keys, key_digest_of(word, context.out));
  }
  return keys;
}

Trust::Trust(const Context& context) : keys_(trusted_keys(context)), by_running_(context.args.has("--trust-running")) {
  const bool by_key = !context.args.values(kTrust.long_flag()).empty();
  if (by_key && by_running_) {
    throw Refused::usage("usage", "--trust and --trust-running are two rules", "name one of them");
  }
  if (by_key || by_running_) {
    guard_.emplace(verifier_, SignatureTrust{.keys = keys_,
                                             .by_running_image = by_running_,
                                             .refuse_unsigned = !context.args.has("--allow-unsigned")});
  }
  if (context.args.has("--lowest-version")) lowest_.emplace(context.number("--lowest-version", 0));
}

Event Trust::check(Bytes image_and_more, const ImageInfo& info) {
  std::vector<std::byte> memory(image_and_more.begin(), image_and_more.end());
  memory.resize(signed_bytes_of(static_cast<std::uint32_t>(memory.size())), std::byte{0xFF});
  ports::RamFlash flash{memory};
  if (lowest_) {
    if (const Event e = lowest_->check(flash, {}, info.descriptor.secure_version); e.failed()) return e;
  }
  if (!guard_ || by_running_) return {};
  std::array<std::byte, 4096> room;
  return guard_->check(flash, {{0, static_cast<std::uint32_t>(memory.size())}, info.length_bytes, {}}, room);
}

}  // namespace dualbank::cli
