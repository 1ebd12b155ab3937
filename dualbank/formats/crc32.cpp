#include "dualbank/formats/crc32.hpp"

#include <array>
#include <cstddef>

namespace dualbank {
namespace {

// Compiled for size, four bits at a time: 64 bytes of table instead of 1024, at about twice the time.
#ifdef __OPTIMIZE_SIZE__
constexpr unsigned kBits = 4;
#else
constexpr unsigned kBits = 8;
#endif
constexpr std::uint32_t kMask = (1U << kBits) - 1;

constexpr std::array<std::uint32_t, kMask + 1> make_table() {
  std::array<std::uint32_t, kMask + 1> table{};
  for (std::uint32_t index = 0; index < table.size(); ++index) {
    std::uint32_t value = index;
    for (unsigned bit = 0; bit < kBits; ++bit) value = (value >> 1) ^ ((value & 1U) != 0 ? 0xEDB8'8320U : 0U);
    table[index] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, kMask + 1> kTable = make_table();

}  // namespace

std::uint32_t crc32(Bytes bytes, std::uint32_t crc) {
  crc = ~crc;
  for (const std::byte b : bytes) {
    crc ^= std::to_integer<std::uint32_t>(b);
    for (unsigned done = 0; done < 8; done += kBits) crc = (crc >> kBits) ^ kTable[crc & kMask];
  }
  return ~crc;
}

}  // namespace dualbank
