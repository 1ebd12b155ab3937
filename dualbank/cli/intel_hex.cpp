#include "dualbank/cli/intel_hex.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kRecordBytes = 16;
constexpr std::uint8_t kData = 0;
constexpr std::uint8_t kEnd = 1;
constexpr std::uint8_t kUpperAddress = 4;

std::string record(std::uint8_t type, std::uint32_t address, Bytes bytes) {
  std::string text = fmt::format(":{:02X}{:04X}{:02X}", bytes.size(), address & 0xFFFF, type);
  std::size_t sum = bytes.size() + (address >> 8 & 0xFF) + (address & 0xFF) + type;
  for (const std::byte b : bytes) {
    text += fmt::format("{:02X}", std::to_integer<unsigned>(b));
    sum += std::to_integer<std::size_t>(b);
  }
  return text + fmt::format("{:02X}\n", (0x100 - (sum & 0xFF)) & 0xFF);
}

}  // namespace

std::string intel_hex(const std::vector<AddressedBytes>& pieces) {
  std::string text;
  std::uint32_t upper = 0;
  for (const auto& [start, bytes] : pieces) {
    for (std::size_t at = 0; at < bytes.size();) {
      const auto address = static_cast<std::uint32_t>(start + at);
      if (text.empty() || address >> 16 != upper) {
        upper = address >> 16;
        const std::byte high[] = {static_cast<std::byte>(upper >> 8), static_cast<std::byte>(upper & 0xFF)};
        text += record(kUpperAddress, 0, high);
      }
      const std::size_t to_block = 0x10000 - (address & 0xFFFF);
      const std::size_t size = std::min({bytes.size() - at, to_block, std::size_t{kRecordBytes}});
      text += record(kData, address, Bytes(bytes).subspan(at, size));
      at += size;
    }
  }
  return text + record(kEnd, 0, {});
}

}  // namespace dualbank::cli
