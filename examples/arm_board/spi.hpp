// The flash controller's first chip select, byte by byte through its window ("user mode").
#pragma once

#include <cstdint>

#include "dualbank/ports/spi_nor/spi_bus.hpp"

namespace board {

class Spi final : public dualbank::ports::SpiBus {
 public:
  void select(bool active) override {
    reg(kConfiguration) = kWritesAllowed;
    reg(kControl) = active ? kUserMode : kUserMode | kInactive;
  }

  void transfer(dualbank::Bytes out, dualbank::MutableBytes in) override {
    auto& window = *reinterpret_cast<volatile std::uint8_t*>(kWindow);
    for (const std::byte b : out) window = std::to_integer<std::uint8_t>(b);
    for (std::byte& b : in) b = std::byte{window};
  }

 private:
  static constexpr std::uint32_t kConfiguration = 0x7E62'0000;
  static constexpr std::uint32_t kControl = 0x7E62'0010;
  static constexpr std::uint32_t kWindow = 0x8000'0000;
  static constexpr std::uint32_t kWritesAllowed = 1U << 16;
  static constexpr std::uint32_t kUserMode = 3;
  static constexpr std::uint32_t kInactive = 4;

  static volatile std::uint32_t& reg(std::uint32_t address) {
    return *reinterpret_cast<volatile std::uint32_t*>(address);
  }
};

}  // namespace board
