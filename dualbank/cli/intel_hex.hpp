// Intel HEX: the form in which programmers (esptool, openocd, J-Link) take bytes with their addresses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::cli {

struct AddressedBytes {
  std::uint32_t address = 0;
  std::vector<std::byte> bytes;
};

/// Records of 16 bytes, with a linear address record before each 64 KiB, and the end record.
[[nodiscard]] std::string intel_hex(const std::vector<AddressedBytes>& pieces);

}  // namespace dualbank::cli
