// A processor's SPI controller with a simulated chip on it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "dualbank/ports/spi_nor/spi_bus.hpp"
#include "dualbank/sim/spi_nor_chip.hpp"

namespace dualbank::tests {

class ChipBus final : public ports::SpiBus {
 public:
  explicit ChipBus(sim::SpiNorChip& chip) : chip_(chip) {}

  void select(bool active) override {
    if (!processor_runs()) return;
    const bool was_busy = chip_.busy();
    chip_.select(active);
    if (active) at_opcode_ = true;
    if (!active && !was_busy && chip_.busy() && operations_left_ && (*operations_left_)-- == 0) stopped_ = true;
  }
  void transfer(Bytes out, MutableBytes in) override {
    if (!processor_runs()) return std::fill(in.begin(), in.end(), std::byte{0});
    if (at_opcode_ && !out.empty()) opcodes.insert(load_u8(out, 0));
    if (!out.empty()) at_opcode_ = false;
    chip_.transfer(out, in);
  }

  /// The processor stops right after it has begun the `index`-th operation from now on; the chip goes on with it.
  void stop_processor_at(std::uint32_t index) { operations_left_ = index; }
  [[nodiscard]] bool processor_runs() const { return !stopped_; }

  std::set<std::uint8_t> opcodes;  ///< sent so far

 private:
  sim::SpiNorChip& chip_;
  std::optional<std::uint32_t> operations_left_;
  bool stopped_ = false;
  bool at_opcode_ = false;
};

/// One command past any driver: what is sent, and how many bytes come back.
inline std::vector<std::byte> send(sim::SpiNorChip& chip, const std::vector<std::uint8_t>& out, std::size_t in = 0) {
  std::vector<std::byte> answer(in);
  chip.select(true);
  for (const std::uint8_t b : out) {
    const std::byte byte{b};
    chip.transfer({&byte, 1}, {});
  }
  chip.transfer({}, answer);
  chip.select(false);
  return answer;
}

}  // namespace dualbank::tests
