// The anti-rollback counter of an ESP chip, in eFuses: what is burnt stays.
#pragma once

#include <esp_efuse.h>

#include "dualbank/engine/version_counter.hpp"

namespace dualbank::ports {

/// For Options::versions, in the place of esp_idf_options()' fixed number: then confirm() raises it. The number of 1
/// bits in the chip's secure-version field (CONFIG_BOOTLOADER_APP_SEC_VER_SIZE_EFUSE_FIELD of them). A version above
/// what the field can count is not counted, as in the vendor's code: nothing is burnt.
class EspIdfVersionCounter final : public VersionCounter {
 public:
  constexpr EspIdfVersionCounter() = default;

  [[nodiscard]] Result<std::uint32_t> lowest(Flash& /*flash*/) override { return esp_efuse_read_secure_version(); }
  /// Errors: flash_program_failed, the eFuses took it not.
  [[nodiscard]] Event raise(Flash& /*flash*/, std::uint32_t version) override {
    if (version <= esp_efuse_read_secure_version()) return {};
    const esp_err_t error = esp_efuse_update_secure_version(version);
    return error == ESP_OK || error == ESP_ERR_INVALID_ARG ? Event{} : Event{Status::flash_program_failed};
  }
};

}  // namespace dualbank::ports
