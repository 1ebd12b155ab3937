// A bootloader: reads the table, and has our own bootloader choose and note it. Answers where to jump to.
#include "dualbank/engine/bootloader.hpp"

#include <array>

#include "dualbank/engine/layout.hpp"
#include "tests/cross/chip.hpp"

namespace {
constinit cross::Chip chip;
constinit std::array<std::byte, 256> buffer{};
}  // namespace

extern "C" std::uint32_t entry();
extern "C" std::uint32_t entry() {
  const auto layout = dualbank::read_layout(chip);
  if (!layout) return 0;
  const dualbank::BootSettings settings{.chip_id = 5};
  const auto booted = dualbank::run_bootloader(chip, *layout, settings, buffer);
  if (!booted) return 0;
  return layout->extent_of(booted->decision.slot).offset;
}
