#include "dualbank/formats/signature_block.hpp"

#include <cstring>

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint8_t kMagic = 0xE7;
constexpr std::uint8_t kVersionRsa = 2;
constexpr std::uint8_t kVersionEcdsa = 3;
constexpr std::uint8_t kSha384 = 1;
constexpr std::uint8_t kCurveP192 = 1;
constexpr std::size_t kDigestOffset = 4;
constexpr std::size_t kCurveOffset = 36;  // behind a SHA-256
constexpr std::size_t kCrcOffset = 1196;  // standard CRC-32 of all before it, not that of the boot records

}  // namespace

const char* scheme_name(SignatureScheme scheme) {
  if (scheme == SignatureScheme::rsa_3072) return "RSA-3072";
  if (scheme == SignatureScheme::ecdsa_p192) return "ECDSA P-192";
  if (scheme == SignatureScheme::ecdsa_p256) return "ECDSA P-256";
  return scheme == SignatureScheme::ecdsa_p384 ? "ECDSA P-384" : "";
}

SignatureBlock SignatureBlock::parse(Bytes block1216) {
  SignatureBlock block;
  const std::uint8_t version = load_u8(block1216, 1);
  if (load_u8(block1216, 0) != kMagic || (version != kVersionRsa && version != kVersionEcdsa)) return block;
  if (load_u32(block1216, kCrcOffset) != crc32(block1216.first(kCrcOffset))) return block;
  if (version == kVersionEcdsa && load_u8(block1216, 2) == kSha384) {
    block.scheme = SignatureScheme::ecdsa_p384;
    return block;
  }
  block.scheme = version == kVersionRsa                           ? SignatureScheme::rsa_3072
                 : load_u8(block1216, kCurveOffset) == kCurveP192 ? SignatureScheme::ecdsa_p192
                                                                  : SignatureScheme::ecdsa_p256;
  std::memcpy(block.digest.data(), block1216.data() + kDigestOffset, block.digest.size());
  return block;
}

bool looks_like_signature_v1(Bytes bytes68) {
  const Bytes body = bytes68.subspan(4, kSignatureV1Bytes - 4);
  return load_u32(bytes68, 0) == 0 && !all_equal(body, std::byte{0}) && !all_equal(body, std::byte{0xFF});
}

}  // namespace dualbank
