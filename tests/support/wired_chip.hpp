// A simulated SPI NOR chip, a bus and the driver.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"
#include "tests/support/chip_bus.hpp"

namespace dualbank::tests {

using ByteVector = std::vector<std::byte>;

/// Slow, so that there are fewer status reads to simulate.
inline constexpr std::uint32_t kClockHz = 1'000'000;

/// A chip, a bus and the driver; at the end nobody has asked the chip for what it does not do.
struct Wired {
  explicit Wired(const sim::SpiNorModel& model, ports::SpiNorOptions options = {})
      : chip(model, kClockHz), bus(chip), flash(bus, [&] {
          options.clock_hz = kClockHz;
          return options;
        }()) {}
  ~Wired() {
    for (const sim::SpiViolation& v : chip.violations()) {
      ADD_FAILURE() << "violation " << static_cast<int>(v.kind) << " by command " << int{v.opcode} << " at "
                    << v.address;
    }
  }
  Wired(const Wired&) = delete;
  Wired& operator=(const Wired&) = delete;

  void put_zeros(std::uint32_t address, std::size_t size) { chip.array().put(address, ByteVector(size)); }
  ByteVector read(std::uint32_t address, std::size_t size) {
    ByteVector bytes(size);
    EXPECT_EQ(flash.read(address, bytes), Status::ok);
    return bytes;
  }
  Status program(std::uint32_t address, std::uint8_t value, std::size_t size = 1) {
    return flash.program(address, ByteVector(size, std::byte{value}));
  }

  sim::SpiNorChip chip;
  ChipBus bus;
  ports::SpiNorFlash flash;
};

}  // namespace dualbank::tests
