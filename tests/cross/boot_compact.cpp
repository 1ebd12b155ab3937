// A bootloader of a few kilobytes for a machine that runs its code where it lies: the layout is known when it is built.
#include <array>

#include "dualbank/engine/compact_bootloader.hpp"
#include "dualbank/engine/compact_images.hpp"
#include "tests/cross/chip.hpp"

namespace {
constinit cross::Chip chip;
constinit std::array<std::byte, 256> buffer{};
constexpr dualbank::Layout kLayout{
    .slot_count = 2, .slots = {{{0x10000, 0x80000}, {0x90000, 0x80000}}}, .otadata = {0xE000, 0x2000}};
}  // namespace

extern "C" std::uint32_t entry();
extern "C" std::uint32_t entry() {
  dualbank::CompactImages<true> images{chip};
  dualbank::CompactOutcome outcome;
  const auto status = dualbank::run_compact_bootloader(chip, kLayout, 3, images, buffer, outcome);
  return status == dualbank::Status::ok && outcome.slot != dualbank::kNoSlot ? images.entry() : 0;
}
