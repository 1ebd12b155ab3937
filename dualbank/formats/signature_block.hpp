// What stands behind a signed image: the sector of Secure Boot V2 with up to three blocks, or the 68 bytes of V1. Only
// the bytes: what a signature is worth says dualbank/engine/signature.hpp. Rules: docs/FORMAT.md, "Signatures behind
// the image".
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/sha256.hpp"

namespace dualbank {

inline constexpr std::uint32_t kSignatureBlocksBytes = 0x1000;  ///< the sector, at the next multiple of its size
inline constexpr std::uint32_t kSignatureBlockBytes = 1216;
inline constexpr std::uint32_t kMostSignatureBlocks = 3;  ///< one after the other; the rest of the sector is FF
inline constexpr std::uint32_t kSignatureV1Bytes = 68;    ///< right behind the image
inline constexpr std::uint8_t kSignatureBlockMagic = 0xE7;
inline constexpr std::size_t kSha384Bytes = 48;

using Sha384Digest = std::array<std::byte, kSha384Bytes>;

/// Where the sector stands behind an image of this length, checksum and hash included: that many bytes are signed.
[[nodiscard]] constexpr std::uint32_t signed_bytes_of(std::uint32_t image_bytes) {
  return (image_bytes + kSignatureBlocksBytes - 1) & ~(kSignatureBlocksBytes - 1);
}

enum class SignatureScheme : std::uint8_t {
  none,  ///< no block: magic, version or CRC are not those of one
  rsa_3072,
  ecdsa_p192,
  ecdsa_p256,
  ecdsa_p384,
};

/// "RSA-3072", "ECDSA P-256", ...; empty for none.
[[nodiscard]] const char* scheme_name(SignatureScheme scheme);

/// Where a block of one scheme has what. Numbers of many bytes in it are little-endian.
struct SignatureFields {
  std::uint16_t digest_bytes = 0;  ///< of the signed bytes, from offset 4: 32 (SHA-256) or 48 (SHA-384)
  std::uint16_t key_offset = 0;    ///< what the key's digest is made of:
                                   ///< RSA: n (384), e (4), R = 2^6144 mod n (384), M' = -1/n mod 2^32 (4)
                                   ///< ECDSA: the curve (1), X, Y
  std::uint16_t key_bytes = 0;
  std::uint16_t signature_bytes = 0;  ///< right behind the key; RSA: one number, ECDSA: r, s

  [[nodiscard]] static SignatureFields of(SignatureScheme scheme);
};

/// One block, over the bytes that it was parsed from: these must outlive it.
struct SignatureBlock {
  SignatureScheme scheme = SignatureScheme::none;
  bool begun = false;  ///< it has the magic: a block, if a damaged one
  /// The SHA-256 that the block names, of all bytes from the image's start to the sector. ECDSA P-384 names a SHA-384
  /// instead, and this is empty.
  Sha256Digest digest{};
  Bytes bytes{};

  [[nodiscard]] constexpr bool names_sha256() const {
    return scheme != SignatureScheme::none && scheme != SignatureScheme::ecdsa_p384;
  }
  /// The next three are empty, and the last one is the digest of nothing, where the scheme is none.
  [[nodiscard]] Bytes named_digest() const;
  [[nodiscard]] Bytes key() const;
  [[nodiscard]] Bytes signature() const;
  /// SHA-256 of `key()`: what a board trusts.
  [[nodiscard]] Sha256Digest key_digest() const;
  /// All that the scheme leaves unused is zero, as the vendor's tool writes it. Its boot code does not look.
  [[nodiscard]] bool rest_is_zero() const;

  /// Precondition: at least 1216 bytes.
  [[nodiscard]] static SignatureBlock parse(Bytes block1216);
};

/// Writes a block, all 1216 bytes. Preconditions: at least that many in `out`; the spans are as long as the scheme's
/// fields.
void write_signature_block(MutableBytes out, SignatureScheme scheme, Bytes digest, Bytes key, Bytes signature);

/// Version 0 and 64 bytes that are neither erased nor zero: little to go by. Precondition: at least 68 bytes.
[[nodiscard]] bool looks_like_signature_v1(Bytes bytes68);

}  // namespace dualbank
