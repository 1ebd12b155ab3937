// SPI0, which the NOR chip is on.
#pragma once

#include <cstdint>

#include "dualbank/ports/spi_nor/spi_bus.hpp"

namespace board {

class Spi final : public dualbank::ports::SpiBus {
 public:
  void select(bool active) override {
    reg(kFormat) = kEightBits;
    reg(kChipSelectMode) = active ? kHold : kAuto;
  }

  void transfer(dualbank::Bytes out, dualbank::MutableBytes in) override {
    for (const std::byte b : out) (void)exchange(b);
    for (std::byte& b : in) b = exchange({});
  }

 private:
  static constexpr std::uint32_t kChipSelectMode = 0x1004'0018;
  static constexpr std::uint32_t kFormat = 0x1004'0040;
  static constexpr std::uint32_t kSend = 0x1004'0048;
  static constexpr std::uint32_t kReceive = 0x1004'004C;
  static constexpr std::uint32_t kAuto = 0;
  static constexpr std::uint32_t kHold = 2;
  static constexpr std::uint32_t kEightBits = 8U << 16;

  static volatile std::uint32_t& reg(std::uint32_t address) {
    return *reinterpret_cast<volatile std::uint32_t*>(address);
  }

  static std::byte exchange(std::byte out) {
    reg(kSend) = std::to_integer<std::uint32_t>(out);
    for (;;) {
      const std::uint32_t got = reg(kReceive);
      if (got >> 31 == 0) return static_cast<std::byte>(got);
    }
  }
};

}  // namespace board
