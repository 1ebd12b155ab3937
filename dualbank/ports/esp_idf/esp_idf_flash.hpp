// The flash that an ESP32 boots from, over ESP-IDF 5.0 and later (also below Arduino). All in this header, so that it
// is compiled where ESP-IDF's include paths are.
#pragma once

#include <esp_err.h>
#include <esp_flash.h>
#include <esp_ota_ops.h>
#include <esp_partition.h>

#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/flash_checks.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank::ports {

/// The chip from its start, as the partition table counts: over `esp_flash_*` on `esp_flash_default_chip`, because
/// `esp_partition_*` does not reach the table itself. They are what `esp_partition_*` calls below, and guard the same
/// places: bootloader, table, the running app and partitions marked readonly. They park the other core, take the bus,
/// copy what lies in flash or PSRAM first, and drop what the cache holds of the place.
///
/// Flash encryption: refused, see open(). Reads then give what the chip holds, and nothing is written.
///
/// Errors of every verb: flash_out_of_range, flash_misaligned; flash_timeout. Of program and erase:
/// flash_write_protected (the chip's own protection); flash_program_failed and flash_erase_failed, also where ESP-IDF
/// guards the place and is told to refuse (CONFIG_SPI_FLASH_DANGEROUS_WRITE_FAILS; as it comes it aborts).
class EspIdfFlash final : public Flash {
 public:
  /// Does nothing, so that it may stand in static memory.
  constexpr EspIdfFlash() : Flash(Geometry{}) {}

  /// Asks ESP-IDF how large the flash is, as the bootloader's header says. Comes before anything else: until it has
  /// returned ok every access is out of range. May be called again.
  /// Errors: flash_no_chip: ESP-IDF knows no flash, or no size; flash_geometry: flash encryption is on. Units of 16
  /// bytes that can be programmed once cannot hold the vendor's boot records safely (docs/ESP-IDF.md).
  Status open() {
    std::uint32_t size_bytes = 0;
    geometry_ = {};
    if (esp_flash_get_size(esp_flash_default_chip, &size_bytes) != ESP_OK || size_bytes == 0) {
      return Status::flash_no_chip;
    }
    geometry_ = {.size_bytes = size_bytes, .erase_units = 0x1'1000};
    const esp_partition_t* running = esp_ota_get_running_partition();
    if (running == nullptr || !running->encrypted) return Status::ok;
    geometry_.write_unit_bytes = 16;  // an updater that is opened all the same says so
    geometry_.can_reprogram = false;
    return Status::flash_geometry;
  }

  Status read(std::uint32_t address, MutableBytes out) override {
    if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok || out.empty()) return s;
    const auto size_bytes = static_cast<std::uint32_t>(out.size());
    return answer(esp_flash_read(esp_flash_default_chip, out.data(), address, size_bytes), Status::flash_read_failed);
  }

  Status program(std::uint32_t address, Bytes bytes) override {
    if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok || bytes.empty()) return s;
    if (encrypts()) return Status::flash_geometry;
    const auto size_bytes = static_cast<std::uint32_t>(bytes.size());
    return answer(esp_flash_write(esp_flash_default_chip, bytes.data(), address, size_bytes),
                  Status::flash_program_failed);
  }

  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok) return s;
    if (encrypts()) return Status::flash_geometry;
    return answer(esp_flash_erase_region(esp_flash_default_chip, address, size_bytes), Status::flash_erase_failed);
  }

  /// ESP-IDF returns when the chip is idle.
  Status sync() override { return Status::ok; }

 private:
  [[nodiscard]] bool encrypts() const { return !geometry_.can_reprogram; }

  [[nodiscard]] static Status answer(esp_err_t error, Status refused) {
    if (error == ESP_OK) return Status::ok;
    if (error == ESP_ERR_TIMEOUT) return Status::flash_timeout;
    return error == ESP_ERR_FLASH_PROTECTED ? Status::flash_write_protected : refused;
  }
};

/// What `Options::running_slot` is to be: ota_n, factory or test, as the cache maps it. The boot records do not tell
/// after a fallback. kUnknownSlot: no app partition that a bootloader starts.
[[nodiscard]] inline SlotIndex running_slot() {
  const esp_partition_t* running = esp_ota_get_running_partition();
  if (running == nullptr || running->type != ESP_PARTITION_TYPE_APP) return kUnknownSlot;
  const auto subtype = static_cast<unsigned>(running->subtype);
  if (subtype >= ESP_PARTITION_SUBTYPE_APP_OTA_MIN && subtype < ESP_PARTITION_SUBTYPE_APP_OTA_MAX) {
    return static_cast<SlotIndex>(subtype - ESP_PARTITION_SUBTYPE_APP_OTA_MIN);
  }
  if (subtype == ESP_PARTITION_SUBTYPE_APP_FACTORY) return kFactorySlot;
  return subtype == ESP_PARTITION_SUBTYPE_APP_TEST ? kTestSlot : kUnknownSlot;
}

}  // namespace dualbank::ports
