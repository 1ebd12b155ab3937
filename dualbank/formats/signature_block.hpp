// What stands behind a signed image: the sector of Secure Boot V2 with up to three blocks, or the 68 bytes of V1. Read,
// never verified: the keys are in the board's eFuses. Rules: docs/FORMAT.md, "Signatures behind the image".
#pragma once

#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/sha256.hpp"

namespace dualbank {

inline constexpr std::uint32_t kSignatureBlocksBytes = 0x1000;  ///< the sector, at the next multiple of its size
inline constexpr std::uint32_t kSignatureBlockBytes = 1216;
inline constexpr std::uint32_t kMostSignatureBlocks = 3;  ///< one after the other; the rest of the sector is FF
inline constexpr std::uint32_t kSignatureV1Bytes = 68;    ///< right behind the image

enum class SignatureScheme : std::uint8_t {
  none,  ///< no block: magic, version or CRC are not those of one
  rsa_3072,
  ecdsa_p192,
  ecdsa_p256,
  ecdsa_p384,
};

/// "RSA-3072", "ECDSA P-256", ...; empty for none.
[[nodiscard]] const char* scheme_name(SignatureScheme scheme);

struct SignatureBlock {
  SignatureScheme scheme = SignatureScheme::none;
  /// The SHA-256 that the block names, of all bytes from the image's start to the sector. ECDSA P-384 names a SHA-384
  /// instead, and this is empty.
  Sha256Digest digest{};
  [[nodiscard]] constexpr bool names_sha256() const {
    return scheme != SignatureScheme::none && scheme != SignatureScheme::ecdsa_p384;
  }

  /// Precondition: at least 1216 bytes.
  [[nodiscard]] static SignatureBlock parse(Bytes block1216);
};

/// Version 0 and 64 bytes that are neither erased nor zero: little to go by. Precondition: at least 68 bytes.
[[nodiscard]] bool looks_like_signature_v1(Bytes bytes68);

}  // namespace dualbank
