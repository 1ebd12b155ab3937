#include "dualbank/engine/signature.hpp"

#include <algorithm>

namespace dualbank {
namespace {

constexpr std::byte kCurveP256{2};
constexpr std::byte kCurveP384{3};

bool is_verified_here(const SignatureBlock& block) {
  if (block.scheme == SignatureScheme::rsa_3072) return true;
  if (block.scheme == SignatureScheme::ecdsa_p256) return block.key()[0] == kCurveP256;
  return block.scheme == SignatureScheme::ecdsa_p384 && block.key()[0] == kCurveP384;
}

}  // namespace

Event check_signature(const SignatureBlock& block, std::uint32_t index, const SignedDigests& digests,
                      SignatureVerifier& verifier) {
  if (!block.begun) return {Status::signature_missing};
  if (block.scheme == SignatureScheme::none) return {Status::signature_damaged, {index, 0, 0}};
  if (!is_verified_here(block)) return {Status::signature_unknown_scheme, {index, 0, 0}};
  if (!block.rest_is_zero()) return {Status::signature_damaged, {index, 0, 0}};
  const bool sha384 = block.scheme == SignatureScheme::ecdsa_p384;
  if (sha384 && !digests.has_sha384) return {Status::signature_unknown_scheme, {index, 0, 0}};
  const Bytes digest = sha384 ? Bytes{digests.sha384} : Bytes{digests.sha256};
  if (!std::ranges::equal(block.named_digest(), digest)) return {Status::signature_other_bytes, {index, 0, 0}};
  return verifier.verify(block, digest) ? Event{} : Event{Status::signature_wrong, {index, 0, 0}};
}

bool SignatureTrust::trusts(const Sha256Digest& key_digest) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool is_revoked = i < 8 && (revoked >> i & 1U) != 0;
    if (!is_revoked && keys[i] == key_digest) return true;
  }
  return false;
}

}  // namespace dualbank
