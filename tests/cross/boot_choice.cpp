// The choice alone: records, journals, boots on trial. What the vendor's code says of an image is taken.
#include "dualbank/engine/compact_bootloader.hpp"
#include "tests/cross/chip.hpp"

extern "C" int vendor_check(std::uint32_t address, std::uint32_t size);

namespace {
constinit cross::Chip chip;
constexpr dualbank::Layout kLayout{
    .slot_count = 2, .slots = {{{0x10000, 0x80000}, {0x90000, 0x80000}}}, .otadata = {0xE000, 0x2000}};

class Images final : public dualbank::ImageCheck {
 public:
  dualbank::Status check(const dualbank::Extent& slot, dualbank::MutableBytes) override {
    return vendor_check(slot.offset, slot.size_bytes) == 0 ? dualbank::Status::ok : dualbank::Status::image_refused;
  }
};
}  // namespace

extern "C" std::uint32_t entry();
extern "C" std::uint32_t entry() {
  Images images;
  dualbank::CompactOutcome outcome;
  const auto status = dualbank::run_compact_bootloader(chip, kLayout, 3, images, {}, outcome);
  return status == dualbank::Status::ok ? kLayout.extent_of(outcome.slot).offset : 0;
}
