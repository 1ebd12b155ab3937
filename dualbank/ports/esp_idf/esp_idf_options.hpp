// What an updater on ESP-IDF can be told without asking the product.
#pragma once

#include <esp_efuse.h>
#include <sdkconfig.h>

#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/esp_idf/esp_idf_flash.hpp"

namespace dualbank::ports {

/// Whether the board's bootloader rolls back: Kconfig's choice "dualbank". Without it (Arduino) the bootloader is taken
/// to be built as the app is.
#if defined(CONFIG_DUALBANK_POLICY_STOCK_ROLLBACK) || \
    (defined(CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE) && !defined(CONFIG_DUALBANK_POLICY_STOCK))
inline constexpr bool kBootloaderRollsBack = true;
#else
inline constexpr bool kBootloaderRollsBack = false;
#endif

/// The slot that runs, the bootloader's policy, the chip, where the partition table is, and the version below which
/// anti-rollback refuses. Everything else as it comes: add buffers, hooks and limits.
[[nodiscard]] inline Options esp_idf_options() {
  Options options;
  options.running_slot = running_slot();
  options.policy = kBootloaderRollsBack ? Policy::stock_rollback : Policy::stock;
  options.chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID;
  options.table_offset = CONFIG_PARTITION_TABLE_OFFSET;
#ifdef CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
  options.anti_rollback = true;
  options.lowest_secure_version = esp_efuse_read_secure_version();
#endif
  return options;
}

}  // namespace dualbank::ports
