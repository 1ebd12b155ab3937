// Only images signed by a key that is trusted: for Options::guard and BootSettings::guard.
#pragma once

#include <cstdint>

#include "dualbank/engine/image_guard.hpp"
#include "dualbank/engine/signature.hpp"

namespace dualbank {

/// Stateful: one for each Updater or bootloader. May stand in static memory. A check takes about 1.4 KiB of stack, and
/// what the verifier takes.
class SignatureGuard final : public ImageGuard {
 public:
  constexpr SignatureGuard(SignatureVerifier& verifier, const SignatureTrust& trust)
      : verifier_(&verifier), trust_(trust) {}

  /// The image's blocks are looked at in order; the first one by a trusted key that is good decides. Reads the signed
  /// bytes once, whatever the number of blocks.
  /// Errors: those of the flash; signature_missing (no block, and `refuse_unsigned`); signature_no_anchor
  /// (`by_running_image`, and behind the running image is no sound block); else that of check_signature for the first
  /// block by a trusted key; without one signature_damaged or signature_untrusted, as the first block is.
  [[nodiscard]] Event check(Flash& flash, const GuardedImage& image, MutableBytes buffer) override;
  /// Hashes what it loads, all of what was signed, and reads each byte once. image_hash_mismatch: it is not what was
  /// verified; the regions hold anything then. Precondition: check() of this slot said ok.
  [[nodiscard]] Result<std::uint32_t> load(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions,
                                           MutableBytes buffer) override;
  [[nodiscard]] std::uint32_t bytes_to_send(std::uint32_t image_bytes) const override {
    return trust_.refuse_unsigned ? signed_bytes_of(image_bytes) + kSignatureBlocksBytes : image_bytes;
  }

 private:
  struct Anchor;

  [[nodiscard]] Event find_anchor(Flash& flash, const Extent& running, Anchor& anchor) const;
  [[nodiscard]] Event digest(Flash& flash, const Extent& slot, bool sha384, MutableBytes buffer,
                             SignedDigests& digests) const;

  SignatureVerifier* verifier_;
  SignatureTrust trust_;
  std::uint32_t signed_bytes_ = 0;  // of the image that the last check allowed; 0: it is not signed
  Sha256Digest allowed_{};
};

}  // namespace dualbank
