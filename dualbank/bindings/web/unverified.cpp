// No mbedTLS in a page: blocks are named and their digests compared, and nothing is said of whether a signature is
// right (cli/signature.hpp). What the page's words never ask for, trust in keys, is not there (cli/trust.hpp).
#include <cstdlib>

#include "dualbank/cli/signature.hpp"
#include "dualbank/cli/trust.hpp"

extern "C" {
void mbedtls_md_init(mbedtls_md_context_t*) {}
void mbedtls_md_free(mbedtls_md_context_t*) {}
}

namespace dualbank {

namespace ports {
bool MbedtlsVerifier::verify(const SignatureBlock&, Bytes) { return false; }
bool MbedtlsVerifier::begin_sha384() { return sound_; }
void MbedtlsVerifier::update_sha384(Bytes) {}
bool MbedtlsVerifier::finish_sha384(Sha384Digest&) { return false; }
}  // namespace ports

namespace cli {

void look_at_blocks(Bytes sector, Bytes signed_bytes, Signature& found) {
  for (std::uint32_t i = 0; i < kMostSignatureBlocks; ++i) {
    const auto block =
        SignatureBlock::parse(sector.subspan(std::size_t{i} * kSignatureBlockBytes, kSignatureBlockBytes));
    if (!block.begun || block.scheme == SignatureScheme::none) continue;
    found.schemes.emplace_back(scheme_name(block.scheme));
    if (!block.names_sha256()) continue;
    const bool right = block.digest == sha256(signed_bytes);
    found.digest_right = right && (found.digest_right || !found.digest_checked);
    found.digest_checked = true;
  }
}

Trust::Trust(const Context&) {}
Event Trust::check(Bytes, const ImageInfo&) {
  if (by_running_) std::abort();
  return {};
}

}  // namespace cli
}  // namespace dualbank
