// Signatures verified by the browser: its own cryptography instead of mbedTLS, which Debian has for this machine only.
// cli/signing_key.hpp's SHA-384 and the port's verifier. The browser takes the signed bytes themselves, which a
// verifier is not given: they are those of the last SHA-384.
#include "dualbank/cli/signing_key.hpp"
#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

namespace dualbank {
namespace {

extern "C" {
__attribute__((import_module("page"), import_name("sha384"))) void page_sha384(const void* bytes,
                                                                               std::size_t size_bytes, void* digest);
/// RSA-PSS of 3072 bits, or ECDSA on P-256 or P-384: `bits` tells. Numbers as in a signature block.
__attribute__((import_module("page"), import_name("verify"))) bool page_verify(
    unsigned bits, const void* key, std::size_t key_bytes, const void* signature, std::size_t signature_bytes,
    const void* message, std::size_t message_bytes);
}

Bytes& message() {
  static Bytes bytes;
  return bytes;
}

}  // namespace

Sha384Digest cli::sha384(Bytes bytes) {
  message() = bytes;
  Sha384Digest digest{};
  page_sha384(bytes.data(), bytes.size(), digest.data());
  return digest;
}

namespace ports {

bool MbedtlsVerifier::verify(const SignatureBlock& block, Bytes) {
  const unsigned bits = block.scheme == SignatureScheme::rsa_3072     ? 3072
                        : block.scheme == SignatureScheme::ecdsa_p384 ? 384
                                                                      : 256;
  const Bytes key = block.key();
  const Bytes signature = block.signature();
  return page_verify(bits, key.data(), key.size(), signature.data(), signature.size(), message().data(),
                     message().size());
}

// Only a guard asks in pieces, and a page names nobody whose signatures count.
bool MbedtlsVerifier::begin_sha384() { return false; }
void MbedtlsVerifier::update_sha384(Bytes) {}
bool MbedtlsVerifier::finish_sha384(Sha384Digest&) { return false; }

}  // namespace ports
}  // namespace dualbank

extern "C" void mbedtls_md_init(mbedtls_md_context_t*) {}
extern "C" void mbedtls_md_free(mbedtls_md_context_t*) {}
