// Whose signatures count, and which versions: what the options --trust, --trust-running, --revoke, --allow-unsigned and
// --lowest-version say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/engine/signature_guard.hpp"
#include "dualbank/engine/version_counter.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

namespace dualbank::cli {

inline constexpr Option kTrust{"--trust", "KEY", Takes::file,
                               "a key whose signatures count: PEM, or its digest as a file or in hexadecimal", true};

inline constexpr Option kTrustRunning{"--trust-running", "", Takes::nothing,
                                      "new images must be by the key of the running one (the vendor's rule)"};
inline constexpr Option kRevoke{"--revoke", "KEY", Takes::file, "a key that is trusted no more, whatever --trust says",
                                true};
inline constexpr Option kAllowUnsigned{"--allow-unsigned", "", Takes::nothing,
                                       "take images without any signature too, where trust is named"};
inline constexpr Option kLowestVersion{"--lowest-version", "N", Takes::number,
                                       "refuse images whose secure version is lower (anti-rollback)"};

/// 64 hexadecimal digits, a file of 32 bytes, or a key in PEM. Throws Refused.
[[nodiscard]] Sha256Digest key_digest_of(const std::string& word, Output& out);
/// Of all --trust. Throws Refused (usage) when there are more than three.
[[nodiscard]] std::vector<Sha256Digest> trusted_keys(const Context& context);

/// Whose images a verb takes, and from which version on, as its options say.
class Trust {
 public:
  /// Throws Refused (usage) where the options contradict each other.
  explicit Trust(const Context& context);
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  /// nullptr: nobody asked.
  [[nodiscard]] ImageGuard* guard() { return guard_ ? &*guard_ : nullptr; }
  [[nodiscard]] VersionRule* versions() { return lowest_ ? &*lowest_ : nullptr; }
  /// Whether an image may boot, that stands in memory and in no flash yet. With --trust-running only `switch` can tell.
  [[nodiscard]] Event check(Bytes image_and_more, const ImageInfo& info);

 private:
  class Lowest final : public VersionCounter {
   public:
    explicit Lowest(std::uint32_t version) : version_(version) {}
    [[nodiscard]] Result<std::uint32_t> lowest(Flash&) override { return version_; }
    [[nodiscard]] Event raise(Flash&, std::uint32_t) override { return {}; }

   private:
    std::uint32_t version_;
  };

  std::vector<Sha256Digest> keys_;
  bool by_running_ = false;
  ports::MbedtlsVerifier verifier_;
  std::optional<SignatureGuard> guard_;
  std::optional<Lowest> lowest_;
};

}  // namespace dualbank::cli
