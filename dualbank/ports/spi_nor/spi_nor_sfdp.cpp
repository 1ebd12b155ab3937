// What a chip says of itself: Serial Flash Discoverable Parameters, JEDEC JESD216.
#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"

namespace dualbank::ports {
namespace {

constexpr std::uint8_t kReadSfdp = 0x5A;
constexpr std::uint32_t kSignature = 0x5044'4653;
constexpr std::uint32_t kBasicTable = 0xFF00;
constexpr std::uint32_t kTableOf4Bytes = 0xFF84;

constexpr std::uint32_t power_of_2(std::uint32_t exponent) { return exponent < 32 ? 1U << exponent : 0; }

constexpr std::uint32_t size_from_density(std::uint32_t word) {
  if ((word >> 31) == 0) return (word >> 3) + 1;
  return power_of_2((word & 0x7FFF'FFFF) - 3);
}

/// `count` of a unit, less one, and the factor from typical to longest: twice (`factor` + 1).
constexpr std::uint32_t longest(std::uint32_t count, std::uint32_t unit, std::uint32_t factor) {
  return 2 * (factor + 1) * (count + 1) * unit;
}

}  // namespace

std::uint32_t SpiNorFlash::sfdp_word(std::uint32_t address) {
  std::byte word[4];
  const std::byte where[4]{static_cast<std::byte>(address >> 16), static_cast<std::byte>(address >> 8),
                           static_cast<std::byte>(address), std::byte{0}};
  send(kReadSfdp, where, word);
  return load_u32(word, 0);
}

bool SpiNorFlash::read_sfdp(Geometry& found) {
  erases_ = {};
  has_sfdp_ = has_4_byte_commands_ = has_4_byte_mode_ = false;
  if (sfdp_word(0) != kSignature) return false;
  const std::uint32_t last_header = sfdp_word(4) >> 16 & 0xFF;
  for (std::uint32_t header = 8; header <= 8 + 8 * last_header; header += 8) {
    const std::uint32_t low = sfdp_word(header);
    const std::uint32_t high = sfdp_word(header + 4);
    const std::uint32_t table = high & 0xFF'FFFF;
    const std::uint32_t id = (high >> 24) << 8 | (low & 0xFF);
    if (id == kBasicTable) read_basic_table(table, low >> 24, found);
    if (id == kTableOf4Bytes) read_table_of_4_bytes(table);
  }
  has_sfdp_ = found.size_bytes != 0;
  return has_sfdp_;
}

void SpiNorFlash::read_basic_table(std::uint32_t table, std::uint32_t words, Geometry& found) {
  const auto word = [&](std::uint32_t number) { return sfdp_word(table + 4 * (number - 1)); };
  found.size_bytes = size_from_density(word(2));
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t type = word(8 + i / 2) >> (16 * (i % 2));
    const std::uint32_t exponent = type & 0xFF;
    erases_[i] = {.size_bytes = exponent == 0 ? 0 : power_of_2(exponent),
                  .limit_ms = options_.erase_limit_ms,
                  .opcode = static_cast<std::uint8_t>(type >> 8)};
  }
  program_limit_ms_ = options_.program_limit_ms;
  has_4_byte_mode_ = (word(1) >> 17 & 3) != 0;
  if (words < 11) return;
  constexpr std::uint16_t kUnitsMs[]{1, 16, 128, 1000};
  const std::uint32_t erase_times = word(10);
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint32_t typical = erase_times >> (4 + 7 * i);
    erases_[i].limit_ms = longest(typical & 0x1F, kUnitsMs[typical >> 5 & 3], erase_times & 0xF);
  }
  const std::uint32_t program = word(11);
  found.page_bytes = static_cast<std::uint16_t>(power_of_2(program >> 4 & 0xF));
  const std::uint32_t program_us = longest(program >> 8 & 0x1F, (program >> 13 & 1) != 0 ? 64 : 8, program & 0xF);
  program_limit_ms_ = program_us / 512 + 1;  // rounded up, by a shift
  // B7h, alone or after write enable.
  if (words >= 16) has_4_byte_mode_ = (word(16) >> 24 & 3) != 0;
}

void SpiNorFlash::read_table_of_4_bytes(std::uint32_t table) {
  constexpr std::uint32_t kReadAndProgram = 1U << 0 | 1U << 6;
  const std::uint32_t supported = sfdp_word(table);
  const std::uint32_t opcodes = sfdp_word(table + 4);
  has_4_byte_commands_ = (supported & kReadAndProgram) == kReadAndProgram && (supported >> 9 & 0xF) != 0;
  for (unsigned i = 0; i < 4; ++i) {
    const bool has = (supported >> (9 + i) & 1) != 0;
    erases_[i].opcode_4_bytes = has ? static_cast<std::uint8_t>(opcodes >> (8 * i)) : std::uint8_t{0};
  }
}

}  // namespace dualbank::ports
