#include "dualbank/cli/trust.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signing_key.hpp"

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
  return keys;
}

}  // namespace dualbank::cli
