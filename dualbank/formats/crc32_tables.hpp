// The two ways to make a CRC-32: little table, or little time. crc32.cpp takes one of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

/// The CRC register after `bits` zero bits went through it.
[[nodiscard]] constexpr std::uint32_t crc32_shifted(std::uint32_t reg, unsigned bits) {
  for (; bits > 0; --bits) reg = (reg >> 1) ^ ((reg & 1U) != 0 ? 0xEDB8'8320U : 0U);
  return reg;
}

/// 64 bytes of table, four bits at a time: for devices.
class SmallCrc32 {
 public:
  [[nodiscard]] static constexpr std::uint32_t carry_on(std::uint32_t reg, Bytes bytes) {
    for (const std::byte b : bytes) {
      reg ^= std::to_integer<std::uint32_t>(b);
      reg = (reg >> 4) ^ kTable[reg & 0xFU];
      reg = (reg >> 4) ^ kTable[reg & 0xFU];
    }
    return reg;
  }

 private:
  static constexpr std::array<std::uint32_t, 16> kTable = []() {
    std::array<std::uint32_t, 16> table{};
    for (std::uint32_t nibble = 0; nibble < table.size(); ++nibble) table[nibble] = crc32_shifted(nibble, 4);
    return table;
  }();
};

/// 8 KiB of tables, eight bytes at a time: for computers.
class FastCrc32 {
 public:
  [[nodiscard]] static constexpr std::uint32_t carry_on(std::uint32_t reg, Bytes bytes) {
    for (; bytes.size() >= kStride; bytes = bytes.subspan(kStride)) {
      const std::uint32_t first = reg ^ load_u32(bytes, 0);
      const std::uint32_t second = load_u32(bytes, 4);
      reg = 0;
      for (unsigned i = 0; i < 4; ++i) {
        reg ^= kTables[kStride - 1 - i][first >> (8 * i) & 0xFFU] ^ kTables[3 - i][second >> (8 * i) & 0xFFU];
      }
    }
    for (const std::byte b : bytes) reg = (reg >> 8) ^ kTables[0][(reg ^ std::to_integer<std::uint32_t>(b)) & 0xFFU];
    return reg;
  }

 private:
  static constexpr std::size_t kStride = 8;
  /// Table n: of a byte that n more bytes follow.
  static constexpr std::array<std::array<std::uint32_t, 256>, kStride> kTables = []() {
    std::array<std::array<std::uint32_t, 256>, kStride> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t reg = byte;
      for (auto& table : tables) table[byte] = reg = crc32_shifted(reg, 8);
    }
    return tables;
  }();
};

}  // namespace dualbank
