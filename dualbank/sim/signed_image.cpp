#include "dualbank/sim/signed_image.hpp"

#include <algorithm>
#include <array>

namespace dualbank::sim {
namespace {

constexpr std::size_t kSignatureBytes = 64;

std::array<std::byte, 65> key() {
  std::array<std::byte, 65> bytes;
  bytes.fill(std::byte{0x51});
  bytes[0] = std::byte{2};  // P-256
  return bytes;
}

}  // namespace

bool SimVerifier::verify(const SignatureBlock& block, Bytes digest) {
  return std::ranges::equal(block.signature().first(digest.size()), digest,
                            [](std::byte s, std::byte d) { return s == ~d; });
}

Sha256Digest sim_key_digest() { return sha256(key()); }

std::vector<std::byte> signed_image(std::vector<std::byte> image) {
  image.resize(signed_bytes_of(static_cast<std::uint32_t>(image.size())), std::byte{0xFF});
  const Sha256Digest digest = sha256(image);
  std::array<std::byte, kSignatureBytes> signature{};
  std::ranges::transform(digest, signature.begin(), [](std::byte b) { return ~b; });
  std::vector<std::byte> sector(kSignatureBlocksBytes, std::byte{0xFF});
  write_signature_block(sector, SignatureScheme::ecdsa_p256, digest, key(), signature);
  image.insert(image.end(), sector.begin(), sector.end());
  return image;
}

}  // namespace dualbank::sim
