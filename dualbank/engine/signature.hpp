// What a signature behind an image is worth. The arithmetic of keys is behind a hook and never ours
// (dualbank/ports/mbedtls/ has one). Rules, and where they differ from the vendor's: docs/FORMAT.md, "Signatures behind
// the image".
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/formats/signature_block.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank {

/// The arithmetic. Numbers and fields are as the block has them: little-endian.
class SignatureVerifier {
 public:
  SignatureVerifier(const SignatureVerifier&) = delete;
  SignatureVerifier& operator=(const SignatureVerifier&) = delete;

  /// Whether the block's signature is that of `digest` by the block's key: RSASSA-PSS with SHA-256, MGF1 with SHA-256
  /// and 32 bytes of salt; ECDSA on the curve. False too where that cannot be found out (no memory, say).
  /// Precondition: the scheme is RSA-3072, ECDSA P-256 or ECDSA P-384; `digest` is as long as the scheme's.
  [[nodiscard]] virtual bool verify(const SignatureBlock& block, Bytes digest) = 0;

  /// A SHA-384 in pieces: begin, any number of updates, finish. False: not possible here.
  [[nodiscard]] virtual bool begin_sha384() = 0;
  virtual void update_sha384(Bytes bytes) = 0;
  [[nodiscard]] virtual bool finish_sha384(Sha384Digest& digest) = 0;

 protected:
  constexpr SignatureVerifier() = default;
  ~SignatureVerifier() = default;
};

/// Of the signed bytes.
struct SignedDigests {
  Sha256Digest sha256{};
  Sha384Digest sha384{};
  bool has_sha384 = false;
};

/// Whether a block is a signature of the bytes with these digests, by whatever key. `index` is named in the event.
/// Errors, in this order: signature_missing (no block is there), signature_damaged (also where bytes that the scheme
/// leaves unused are not zero), signature_unknown_scheme (ECDSA P-192; a curve that is not the version's; P-384 where
/// no SHA-384 is possible), signature_other_bytes, signature_wrong.
[[nodiscard]] Event check_signature(const SignatureBlock& block, std::uint32_t index, const SignedDigests& digests,
                                    SignatureVerifier& verifier);

namespace detail {
void a_key_digest_has_64_hexadecimal_digits();  // nowhere defined: to call it is to fail to compile
}

/// A key's digest from the 64 hexadecimal digits that `dualbank keygen` prints, when the program is compiled.
[[nodiscard]] consteval Sha256Digest key_digest(const char (&digits)[65]) {
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    detail::a_key_digest_has_64_hexadecimal_digits();
    return 0;
  };
  Sha256Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::byte>(value(digits[2 * i]) << 4 | value(digits[2 * i + 1]));
  }
  return digest;
}

/// Whose signatures count.
struct SignatureTrust {
  /// Key digests (SignatureBlock::key_digest). A board of the vendor's takes up to three.
  std::span<const Sha256Digest> keys{};
  std::uint8_t revoked = 0;  ///< bit n: key n is not trusted any more
  /// The vendor's rule for boards without keys in eFuses, for apps only: block 0 of an image must be by the key of the
  /// first sound block behind the running image. `keys` count for nothing then. Our bootloader runs no image: it needs
  /// `keys`.
  bool by_running_image = false;
  /// False: images without any signature block are taken too. Whoever can change an image can then leave it out.
  bool refuse_unsigned = true;

  [[nodiscard]] bool trusts(const Sha256Digest& key_digest) const;
};

}  // namespace dualbank
