// All that differs between the versions of mbedTLS, 2.28 to 3.6, for the verifier: keys and signatures go to it in DER,
// which they agree on.
#pragma once

#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#ifdef MBEDTLS_USE_PSA_CRYPTO
#include <psa/crypto.h>
#endif

namespace dualbank::ports {

/// Whether it can compute: where it is built upon PSA, it answers every question about a key with an error until
/// someone started that. To start it twice is no harm.
[[nodiscard]] inline bool mbedtls_is_ready() {
#ifdef MBEDTLS_USE_PSA_CRYPTO
  return psa_crypto_init() == PSA_SUCCESS;
#else
  return true;
#endif
}

/// RSASSA-PSS with SHA-256 and 32 bytes of salt. Not mbedtls_pk_verify_ext(): built upon PSA, that takes any salt.
/// Preconditions: 32 bytes of digest, and a signature as long as the key.
[[nodiscard]] inline bool mbedtls_pss_is_good(mbedtls_rsa_context* key, const unsigned char* digest,
                                              const unsigned char* signature) {
  constexpr int kBytes = 32;
#if MBEDTLS_VERSION_NUMBER < 0x03000000
  return mbedtls_rsa_rsassa_pss_verify_ext(key, nullptr, nullptr, MBEDTLS_RSA_PUBLIC, MBEDTLS_MD_SHA256, kBytes, digest,
                                           MBEDTLS_MD_SHA256, kBytes, signature) == 0;
#else
  return mbedtls_rsa_rsassa_pss_verify_ext(key, MBEDTLS_MD_SHA256, kBytes, digest, MBEDTLS_MD_SHA256, kBytes,
                                           signature) == 0;
#endif
}

}  // namespace dualbank::ports
