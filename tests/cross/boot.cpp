// A bootloader: reads table and records, verifies what they name, decides, does the writes. Answers where to jump to.
#include "dualbank/engine/boot.hpp"

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
  const dualbank::BootSettings settings{.policy = dualbank::Policy::dualbank, .chip_id = 5};
  const auto decision = dualbank::predict_boot(chip, *layout, settings, buffer);
  if (!decision || dualbank::perform_boot_writes(chip, *layout, *decision) != dualbank::Status::ok) return 0;
  return layout->extent_of(decision->slot).offset;
}
