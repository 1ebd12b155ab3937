#include "dualbank/formats/chip.hpp"

#include "dualbank/formats/app_descriptor.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t k8K = 0x2000;
constexpr std::uint32_t k16K = 0x4000;
constexpr std::uint32_t k32K = 0x8000;
constexpr std::uint32_t k64K = 0x1'0000;
constexpr std::uint32_t k256K = 0x4'0000;
constexpr std::uint32_t k16M = 0x100'0000;

constexpr std::uint8_t kSmallestPageLog2 = 13;
constexpr std::uint8_t kLargestPageLog2 = 18;

constexpr Chip kChips[] = {
    Chip{.id = 0,
         .name = "esp32",
         .bootloader_offset = 0x1000,
         .drom = {0x3F40'0000, 0x3F80'0000},
         .irom = {0x400D'0000, 0x4040'0000},
         .uf2_family = 0x1C5F21B0},
    Chip{.id = 2,
         .name = "esp32s2",
         .bootloader_offset = 0x1000,
         .drom = {0x3F00'0000, 0x3FF8'0000},
         .irom = {0x4008'0000, 0x4080'0000},
         .uf2_family = 0xBFDD4EEE},
    Chip{.id = 5,
         .name = "esp32c3",
         .drom = {0x3C00'0000, 0x3C80'0000},
         .irom = {0x4200'0000, 0x4280'0000},
         .uf2_family = 0xD42BA06C},
    Chip{.id = 9,
         .name = "esp32s3",
         .drom = {0x3C00'0000, 0x3E00'0000},
         .irom = {0x4200'0000, 0x4400'0000},
         .wide_segments = true,
         .uf2_family = 0xC47E5767},
    Chip{.id = 12,
         .name = "esp32c2",
         .drom = {0x3C00'0000, 0x3C40'0000},
         .irom = {0x4200'0000, 0x4240'0000},
         .page_configurable = true,
         .smallest_page_bytes = k16K,
         .largest_page_bytes = k64K,
         .uf2_family = 0x2B88D29C},
    Chip{.id = 13,
         .name = "esp32c6",
         .drom = {0x4200'0000, 0x4300'0000},
         .irom = {0x4200'0000, 0x4300'0000},
         .page_configurable = true,
         .smallest_page_bytes = k8K,
         .largest_page_bytes = k64K,
         .window_of_256_pages = true,
         .uf2_family = 0x540DDF62},
    Chip{.id = 16,
         .name = "esp32h2",
         .drom = {0x4200'0000, 0x4300'0000},
         .irom = {0x4200'0000, 0x4300'0000},
         .page_configurable = true,
         .smallest_page_bytes = k8K,
         .largest_page_bytes = k64K,
         .window_of_256_pages = true,
         .uf2_family = 0x332726F6},
    Chip{.id = 18,
         .name = "esp32p4",
         .bootloader_offset = 0x2000,
         .drom = {0x4000'0000, 0x4400'0000},
         .irom = {0x4000'0000, 0x4400'0000},
         .psram = {0x4800'0000, 0x4C00'0000},
         .wide_segments = true,
         .uf2_family = 0x3D308E94},
    Chip{.id = 20,
         .name = "esp32c61",
         .drom = {0x4200'0000, 0x4400'0000},
         .irom = {0x4200'0000, 0x4400'0000},
         .page_configurable = true,
         .smallest_page_bytes = k8K,
         .largest_page_bytes = k64K,
         .wide_segments = true,
         .uf2_family = 0x77D850C4},
    Chip{.id = 23,
         .name = "esp32c5",
         .bootloader_offset = 0x2000,
         .drom = {0x4200'0000, 0x4400'0000},
         .irom = {0x4200'0000, 0x4400'0000},
         .wide_segments = true,
         .uf2_family = 0xF71C0343},
    Chip{.id = 25,
         .name = "esp32h21",
         .drom = {0x4200'0000, 0x4300'0000},
         .irom = {0x4200'0000, 0x4300'0000},
         .page_configurable = true,
         .smallest_page_bytes = k8K,
         .largest_page_bytes = k64K,
         .uf2_family = 0xB6DD00AF},
    Chip{.id = 28,
         .name = "esp32h4",
         .bootloader_offset = 0x2000,
         .drom = {0x4200'0000, 0x4400'0000},
         .irom = {0x4200'0000, 0x4400'0000},
         .page_configurable = true,
         .smallest_page_bytes = k8K,
         .largest_page_bytes = k64K,
         .wide_segments = true,
         .uf2_family = 0x9E0BAA8A},
    // Known to the vendor's serial tool only: whether its page can be chosen is not said, so 64 KiB holds.
    Chip{.id = 31, .name = "esp32e22", .drom = {0x3C00'0000, 0x4000'0000}, .irom = {0x3C00'0000, 0x4000'0000}},
    Chip{.id = 32,
         .name = "esp32s31",
         .bootloader_offset = 0x2000,
         .drom = {0x4000'0000, 0x4400'0000},
         .irom = {0x4000'0000, 0x4400'0000},
         .psram = {0x5000'0000, 0x5400'0000},
         .page_configurable = true,
         .smallest_page_bytes = k32K,
         .largest_page_bytes = k256K,
         .wide_segments = true,
         .uf2_family = 0x3101F7C1},
    Chip{.id = kNoVendorChip, .name = "generic", .wide_segments = true},
    // All addresses but 0, which is padding. Nothing lies in an image's first 32 bytes.
    Chip{.id = kInPlaceChip,
         .name = "inplace",
         .irom = {kAppDescriptorOffset, 0xFFFF'FFFF},
         .fixed = true,
         .smallest_page_bytes = k16M,
         .largest_page_bytes = k16M},
};

constexpr bool within(const Range& range, std::uint32_t address) { return address >= range.from && address < range.to; }

constexpr bool is_separator(char c) { return c == '-' || c == '_'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool names_match(const char* known, std::span<const char> name) {
  for (const char c : name) {
    if (is_separator(c)) continue;
    if (*known == '\0' || lower(c) != *known) return false;
    ++known;
  }
  return *known == '\0';
}

}  // namespace

std::uint32_t Chip::page_bytes(std::uint8_t mmu_page_log2) const {
  if (!page_configurable) return largest_page_bytes;
  if (mmu_page_log2 < kSmallestPageLog2 || mmu_page_log2 > kLargestPageLog2) {
    return kDefaultMmuPageBytes;
  }
  return std::uint32_t{1} << mmu_page_log2;
}

bool Chip::maps(std::uint32_t load_address, std::uint32_t page_bytes) const {
  if (window_of_256_pages) return within({irom.from, irom.from + (page_bytes << 8)}, load_address);
  return within(drom, load_address) || within(irom, load_address) || within(psram, load_address);
}

std::span<const Chip> all_chips() { return kChips; }

const Chip* find_chip(std::uint16_t id) {
  for (const Chip& chip : kChips) {
    if (chip.id == id) return &chip;
  }
  return nullptr;
}

const Chip* find_chip_by_name(std::span<const char> name) {
  for (const Chip& chip : kChips) {
    if (names_match(chip.name, name)) return &chip;
  }
  return nullptr;
}

const char* chip_name(std::uint16_t id) {
  const Chip* const chip = find_chip(id);
  return chip != nullptr ? chip->name : "unknown chip";
}

}  // namespace dualbank
