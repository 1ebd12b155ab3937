// Whose signatures count: what the options --trust, --trust-running, --revoke and --allow-unsigned say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/engine/signature_guard.hpp"
#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

namespace dualbank::cli {

inline constexpr Option kTrust{"--trust", "KEY", Takes::file,
                               "a key whose signatures count: PEM, or its digest as a file or in hexadecimal", true};

/// 64 hexadecimal digits, a file of 32 bytes, or a key in PEM. Throws Refused.
[[nodiscard]] Sha256Digest key_digest_of(const std::string& word, Output& out);
/// Of all --trust. Throws Refused (usage) when there are more than three.
[[nodiscard]] std::vector<Sha256Digest> trusted_keys(const Context& context);

}  // namespace dualbank::cli
