// Signature blocks built by hand, from OpenSSL's numbers, and the image that they belong to.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "dualbank/formats/crc32.hpp"
#include "dualbank/formats/signature_block.hpp"
#include "dualbank/sim/firmware_image.hpp"
#include "tests/support/signed_vectors.hpp"

namespace dualbank::tests {

using Block = std::vector<std::byte>;

inline Block from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Block bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

inline void put(Block& block, std::size_t at, const Block& bytes) {
  std::copy(bytes.begin(), bytes.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
}
/// As blocks have numbers: the least significant byte first.
inline void put_number(Block& block, std::size_t at, std::string_view hex) {
  Block bytes = from_hex(hex);
  std::reverse(bytes.begin(), bytes.end());
  put(block, at, bytes);
}
inline Block with_crc(Block block) {
  store_u32(block, 1196, crc32(Bytes{block}.first(1196)));
  return block;
}

inline Block empty_block(int version, int hash, std::string_view digest) {
  Block block(kSignatureBlockBytes);
  block[0] = std::byte{0xE7};
  block[1] = static_cast<std::byte>(version);
  block[2] = static_cast<std::byte>(hash);
  put(block, 4, from_hex(digest));
  return block;
}

inline Block rsa_block() {
  using namespace signed_vectors;
  Block block = empty_block(2, 0, kSha256);
  put_number(block, 36, kRsaN);
  store_u32(block, 420, 65537);
  put_number(block, 424, kRsaR);
  put_number(block, 808, kRsaM);
  put_number(block, 812, kRsaSignature);
  return with_crc(block);
}

/// R and M' are not looked at.
inline Block short_salt_block() {
  Block block = rsa_block();
  put_number(block, 36, signed_vectors::kShortSaltN);
  put_number(block, 812, signed_vectors::kShortSaltSignature);
  return with_crc(block);
}

inline Block p256_block(const signed_vectors::CurveVector& key, const signed_vectors::CurveVector& signature) {
  Block block = empty_block(3, 0, signed_vectors::kSha256);
  block[36] = std::byte{2};
  put_number(block, 37, key.x);
  put_number(block, 69, key.y);
  put_number(block, 101, signature.r);
  put_number(block, 133, signature.s);
  return with_crc(block);
}
inline Block p256_block() { return p256_block(signed_vectors::kP256, signed_vectors::kP256); }
inline Block other_p256_block() { return p256_block(signed_vectors::kOtherP256, signed_vectors::kOtherP256); }

inline Block p384_block() {
  using namespace signed_vectors;
  Block block = empty_block(3, 1, kSha384);
  block[52] = std::byte{3};
  put_number(block, 53, kP384.x);
  put_number(block, 101, kP384.y);
  put_number(block, 149, kP384.r);
  put_number(block, 197, kP384.s);
  return with_crc(block);
}

inline constexpr std::uint32_t kSignedImageBytes = 4000;

/// The 4096 bytes that the vectors sign: an image and what fills its sector.
inline std::vector<std::byte> signed_bytes() {
  auto bytes = sim::firmware_image("2.0", kSignedImageBytes);
  bytes.resize(4096, std::byte{0xFF});
  return bytes;
}

/// With the sector of these blocks behind it.
inline std::vector<std::byte> signed_by(const std::vector<Block>& blocks) {
  auto bytes = signed_bytes();
  for (const Block& block : blocks) bytes.insert(bytes.end(), block.begin(), block.end());
  bytes.resize(8192, std::byte{0xFF});
  return bytes;
}

inline Sha256Digest key_digest_of(const Block& block) { return SignatureBlock::parse(block).key_digest(); }

}  // namespace dualbank::tests
