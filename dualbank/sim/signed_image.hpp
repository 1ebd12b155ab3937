// Signed images for simulated boards: the form is the real one, the arithmetic is none, so that a sweep can verify
// millions of them.
#pragma once

#include <cstddef>
#include <vector>

#include "dualbank/engine/signature_guard.hpp"

namespace dualbank::sim {

/// Who knows the key can sign, and everybody knows it: the signature is the digest with each byte turned over.
class SimVerifier final : public SignatureVerifier {
 public:
  [[nodiscard]] bool verify(const SignatureBlock& block, Bytes digest) override;
  [[nodiscard]] bool begin_sha384() override { return false; }
  void update_sha384(Bytes /*bytes*/) override {}
  [[nodiscard]] bool finish_sha384(Sha384Digest& /*digest*/) override { return false; }
};

/// The digest of the key of all these images.
[[nodiscard]] Sha256Digest sim_key_digest();

/// The image, filled up to a sector, and the sector of its signature.
[[nodiscard]] std::vector<std::byte> signed_image(std::vector<std::byte> image);

}  // namespace dualbank::sim
