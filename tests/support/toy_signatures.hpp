// Signatures that anyone can compute, in blocks of the real form: for tests of what is done with signatures.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dualbank/engine/signature_guard.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank::tests {

/// The signature is the digest with each byte turned over by the key's first one.
class ToyVerifier final : public SignatureVerifier {
 public:
  [[nodiscard]] bool verify(const SignatureBlock& block, Bytes digest) override {
    ++verified;
    return std::ranges::equal(block.signature().first(digest.size()), digest,
                              [&](std::byte s, std::byte d) { return s == (d ^ block.key()[1]); });
  }
  [[nodiscard]] bool begin_sha384() override { return has_sha384; }
  void update_sha384(Bytes) override {}
  [[nodiscard]] bool finish_sha384(Sha384Digest& digest) override {
    digest.fill(std::byte{0x38});
    return has_sha384;
  }
  int verified = 0;
  bool has_sha384 = false;
};

inline ByteVector toy_key(std::uint8_t key) {
  ByteVector bytes(65, std::byte{key});
  bytes[0] = std::byte{2};
  return bytes;
}
inline Sha256Digest toy_key_digest(std::uint8_t key) { return sha256(toy_key(key)); }

inline ByteVector toy_block(const Sha256Digest& digest, std::uint8_t key) {
  ByteVector signature(64);
  std::ranges::transform(digest, signature.begin(), [&](std::byte b) { return b ^ std::byte{key}; });
  ByteVector block(kSignatureBlockBytes);
  write_signature_block(block, SignatureScheme::ecdsa_p256, digest, toy_key(key), signature);
  return block;
}

/// The image, filled up with FF to a sector: what is signed.
inline ByteVector filled_up(ByteVector image) {
  image.resize(signed_bytes_of(static_cast<std::uint32_t>(image.size())), std::byte{0xFF});
  return image;
}

/// With the sector behind it: one block for each key; 0 leaves one out.
inline ByteVector toy_signed(const ByteVector& image, const std::vector<std::uint8_t>& keys) {
  ByteVector bytes = filled_up(image);
  const Sha256Digest digest = sha256(bytes);
  const std::size_t end = bytes.size();
  for (const std::uint8_t key : keys) {
    const ByteVector block = key == 0 ? ByteVector(kSignatureBlockBytes, std::byte{0xFF}) : toy_block(digest, key);
    bytes.insert(bytes.end(), block.begin(), block.end());
  }
  bytes.resize(end + kSignatureBlocksBytes, std::byte{0xFF});
  return bytes;
}

}  // namespace dualbank::tests
