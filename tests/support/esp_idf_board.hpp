// What the stand-ins of tests/stand_ins/esp_idf declare for a flash, done on a simulated one. One board at a time; a
// program includes this in one file.
#pragma once

#include <esp_efuse.h>
#include <esp_flash.h>
#include <esp_ota_ops.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "dualbank/sim/nor_flash.hpp"

struct esp_flash_t {};

namespace dualbank::tests {

struct EspIdf {
  sim::NorFlash* chip = nullptr;  ///< null: ESP-IDF knows none
  esp_partition_t running{};
  bool knows_running = true;
  bool has_guard = true;
  esp_err_t answer = ESP_OK;  ///< of whatever is read, written and erased
  std::uint32_t secure_version = 0;
  bool burns_efuses = true;
  std::uint32_t writes = 0;
  std::uint32_t erases = 0;
  std::uint32_t guarded = 0;  ///< calls that would have aborted

  void run_from(std::uint8_t subtype, std::uint32_t address, std::uint32_t size_bytes) {
    running.type = ESP_PARTITION_TYPE_APP;
    running.subtype = static_cast<esp_partition_subtype_t>(subtype);
    running.address = address;
    running.size = size_bytes;
  }
  /// ESP-IDF lets nobody write up to the table's end, or where the app runs.
  [[nodiscard]] bool guards(std::uint32_t address, std::uint32_t size_bytes) {
    const bool runs = address < running.address + running.size && running.address < address + size_bytes;
    if (!has_guard || (address > 0x8C00 && !runs)) return false;
    ++guarded;
    return true;
  }
};

inline EspIdf esp_idf;

inline esp_err_t esp_answer(Status status) { return status == Status::ok ? ESP_OK : ESP_FAIL; }

}  // namespace dualbank::tests

inline esp_flash_t stand_in_chip;

extern "C" {
inline esp_flash_t* esp_flash_default_chip = &stand_in_chip;

inline esp_err_t esp_flash_get_size(esp_flash_t* which, uint32_t* out_size) {
  EXPECT_EQ(which, esp_flash_default_chip);
  if (dualbank::tests::esp_idf.chip == nullptr) return ESP_FAIL;
  *out_size = dualbank::tests::esp_idf.chip->geometry().size_bytes;
  return ESP_OK;
}

inline esp_err_t esp_flash_read(esp_flash_t* which, void* buffer, uint32_t address, uint32_t length) {
  EXPECT_EQ(which, esp_flash_default_chip);
  auto& idf = dualbank::tests::esp_idf;
  if (idf.answer != ESP_OK) return idf.answer;
  return dualbank::tests::esp_answer(idf.chip->read(address, {static_cast<std::byte*>(buffer), length}));
}

inline esp_err_t esp_flash_write(esp_flash_t* which, const void* buffer, uint32_t address, uint32_t length) {
  EXPECT_EQ(which, esp_flash_default_chip);
  auto& idf = dualbank::tests::esp_idf;
  if (idf.answer != ESP_OK) return idf.answer;
  if (idf.guards(address, length)) return ESP_ERR_INVALID_ARG;
  ++idf.writes;
  const auto* bytes = static_cast<const std::byte*>(buffer);
  while (length > 0) {
    const uint32_t room = std::min(length, 256 - address % 256);
    std::array<std::byte, 256> page{};  // a chip clears bits and ignores the rest
    for (uint32_t i = 0; i < room; ++i) page[i] = bytes[i] & idf.chip->contents()[address + i];
    if (const auto s = idf.chip->program(address, {page.data(), room}); s != dualbank::Status::ok) return ESP_FAIL;
    address += room;
    bytes += room;
    length -= room;
  }
  return ESP_OK;
}

inline esp_err_t esp_flash_erase_region(esp_flash_t* which, uint32_t start, uint32_t length) {
  EXPECT_EQ(which, esp_flash_default_chip);
  auto& idf = dualbank::tests::esp_idf;
  if (idf.answer != ESP_OK) return idf.answer;
  if (idf.guards(start, length) || start % 0x1000 != 0 || length % 0x1000 != 0) return ESP_ERR_INVALID_ARG;
  ++idf.erases;
  const bool has_blocks = (idf.chip->geometry().erase_units & 0x1'0000) != 0;
  while (length > 0) {
    const uint32_t unit = has_blocks && start % 0x1'0000 == 0 && length >= 0x1'0000 ? 0x1'0000 : 0x1000;
    if (const auto s = idf.chip->erase(start, unit); s != dualbank::Status::ok) return ESP_FAIL;
    start += unit;
    length -= unit;
  }
  return ESP_OK;
}

inline const esp_partition_t* esp_ota_get_running_partition(void) {
  return dualbank::tests::esp_idf.knows_running ? &dualbank::tests::esp_idf.running : nullptr;
}

inline uint32_t esp_efuse_read_secure_version(void) { return dualbank::tests::esp_idf.secure_version; }
inline esp_err_t esp_efuse_update_secure_version(uint32_t secure_version) {
  if (!dualbank::tests::esp_idf.burns_efuses) return ESP_FAIL;
  if (secure_version > 16) return ESP_ERR_INVALID_ARG;
  if (secure_version < dualbank::tests::esp_idf.secure_version) return ESP_FAIL;
  dualbank::tests::esp_idf.secure_version = secure_version;
  return ESP_OK;
}
}
