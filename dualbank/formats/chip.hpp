// The chips whose images dualbank knows: ids, where their bootloader stands, which addresses are mapped from flash.
// Rules and upstream sources: docs/FORMAT.md, "Chips".
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

/// No particular chip. The vendor's value for "invalid", so no image carries it.
inline constexpr std::uint16_t kAnyChip = 0xFFFF;
/// For images of machines that are no ESP chip (RP2040, STM32, emulated boards). Ours, far outside the vendor's list,
/// which counts up from 0. Named "generic"; no address of it is mapped.
inline constexpr std::uint16_t kNoVendorChip = 0xDB00;
/// For images of machines that run code where it lies in the flash and cannot remap it (RP2040, STM32, nRF52), named
/// "inplace". Ours too. All of such an image is mapped, and what other chips call a page is 16 MiB: so its load
/// addresses say which slot it is linked for. docs/FORMAT.md, "Images that run in place".
inline constexpr std::uint16_t kInPlaceChip = 0xDB01;
inline constexpr std::uint32_t kDefaultMmuPageBytes = 0x1'0000;

struct Chip {
  std::uint16_t id = kAnyChip;
  char name[10] = "";                   ///< as the vendor's tools spell it on the command line: "esp32s3"
  std::uint32_t bootloader_offset = 0;  ///< where the second-stage bootloader starts in flash
  Range drom{};                         ///< data read through the cache
  Range irom{};                         ///< code run through the cache; the same as `drom` where they share one window
  Range psram{};                        ///< mapped window of external RAM (P4, S31); empty elsewhere
  bool fixed = false;                   ///< flash cannot be remapped: an image runs in one slot only
  bool page_configurable = false;       ///< the app descriptor names the MMU page; without a descriptor none boots
  std::uint32_t smallest_page_bytes = kDefaultMmuPageBytes;
  std::uint32_t largest_page_bytes = kDefaultMmuPageBytes;
  bool window_of_256_pages = false;  ///< the windows end after 256 pages: at the ends named here with 64 KiB pages only
  bool wide_segments = false;        ///< a segment may be 16 MiB and longer (32-bit cache addresses)
  std::uint32_t uf2_family = 0;      ///< 0: has none

  /// The MMU page of an image with this `mmu_page_log2` in its descriptor; 64 KiB where it says none, or one that the
  /// format does not know; of a fixed chip always its own.
  [[nodiscard]] std::uint32_t page_bytes(std::uint8_t mmu_page_log2) const;
  /// True when a segment with this load address is mapped from flash, not copied.
  [[nodiscard]] bool maps(std::uint32_t load_address, std::uint32_t page_bytes = kDefaultMmuPageBytes) const;
};

/// True for ids of the vendor's list, known or not; false for ours.
[[nodiscard]] constexpr bool is_vendor_chip(std::uint16_t id) { return id < kNoVendorChip; }

/// Every known chip, ours last.
[[nodiscard]] std::span<const Chip> all_chips();
/// Null for an id that is not in the table; `kAnyChip` is not.
[[nodiscard]] const Chip* find_chip(std::uint16_t id);
/// Upper and lower case are alike, and '-' and '_' do not count: "ESP32-S3" is "esp32s3". Null when there is none.
[[nodiscard]] const Chip* find_chip_by_name(std::span<const char> name);
/// "esp32s3", or "unknown chip".
[[nodiscard]] const char* chip_name(std::uint16_t id);

}  // namespace dualbank
