#include "dualbank/formats/crc32.hpp"

#include <array>
#include <cstddef>

namespace dualbank {
namespace {

// Four bits at a time: 64 bytes of table instead of 1024, at about twice the time.
constexpr std::array<std::uint32_t, 16> make_table() {
  std::array<std::uint32_t, 16> table{};
  for (std::uint32_t nibble = 0; nibble < table.size(); ++nibble) {
    std::uint32_t value = nibble;
    for (int bit = 0; bit < 4; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0xEDB8'8320U : 0U);
    table[nibble] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 16> kTable = make_table();

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t crc) {
  crc = ~crc;
  for (const std::byte b : bytes) {
    crc ^= std::to_integer<std::uint32_t>(b);
    crc = (crc >> 4) ^ kTable[crc & 0xFU];
    crc = (crc >> 4) ^ kTable[crc & 0xFU];
  }
  return ~crc;
}

}  // namespace dualbank
