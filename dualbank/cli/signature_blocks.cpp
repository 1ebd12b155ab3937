// Signature blocks, each verified.
#include "dualbank/cli/signature.hpp"
#include "dualbank/cli/signing_key.hpp"
#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

namespace dualbank::cli {

void look_at_blocks(Bytes sector, Bytes signed_bytes, Signature& found) {
  ports::MbedtlsVerifier verifier;
  const SignedDigests digests{sha256(signed_bytes), sha384(signed_bytes), true};
  for (std::uint32_t i = 0; i < kMostSignatureBlocks; ++i) {
    const auto block =
        SignatureBlock::parse(sector.subspan(std::size_t{i} * kSignatureBlockBytes, kSignatureBlockBytes));
    if (!block.begun) continue;
    const bool sound = block.scheme != SignatureScheme::none;
    found.blocks.push_back({.index = i,
                            .scheme = block.scheme,
                            .key_digest = sound ? block.key_digest() : Sha256Digest{},
                            .fault = check_signature(block, i, digests, verifier)});
    if (!sound) continue;
    found.schemes.emplace_back(scheme_name(block.scheme));
    if (!block.names_sha256()) continue;
    const bool right = block.digest == digests.sha256;
    found.digest_right = right && (found.digest_right || !found.digest_checked);
    found.digest_checked = true;
  }
}

}  // namespace dualbank::cli
