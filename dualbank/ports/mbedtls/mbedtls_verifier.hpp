// Signatures verified by mbedTLS, 2.28 to 3.6: Debian's on a computer, ESP-IDF's own on ESP (5.x).
#pragma once

#include <mbedtls/version.h>

#if MBEDTLS_VERSION_NUMBER >= 0x04000000
#error "dualbank: mbedTLS 4 (ESP-IDF 6) has PSA's calls only: derive from SignatureVerifier and call psa_verify_hash()"
#endif

#include <mbedtls/md.h>

#include "dualbank/engine/signature.hpp"

namespace dualbank::ports {

/// mbedTLS takes memory from its own allocator while it verifies, about 6 KiB for RSA-3072.
class MbedtlsVerifier final : public SignatureVerifier {
 public:
  MbedtlsVerifier() { mbedtls_md_init(&sha384_); }
  ~MbedtlsVerifier() { mbedtls_md_free(&sha384_); }

  [[nodiscard]] bool verify(const SignatureBlock& block, Bytes digest) override;
  [[nodiscard]] bool begin_sha384() override;
  void update_sha384(Bytes bytes) override;
  [[nodiscard]] bool finish_sha384(Sha384Digest& digest) override;

 private:
  mbedtls_md_context_t sha384_;
  bool sound_ = false;  // nothing failed since begin
};

}  // namespace dualbank::ports
