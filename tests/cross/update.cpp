// An application that updates itself: everything that an updater can do, without sentences.
#include "dualbank/engine/updater.hpp"
#include "tests/cross/chip.hpp"

extern "C" {
std::uint32_t fetch(std::uint32_t offset, void* into, std::uint32_t size);
int self_test();
std::uint32_t entry();
}

namespace {

constinit cross::Chip chip;
constinit dualbank::Updater updater{chip, {}};

dualbank::Status update() {
  std::array<std::byte, 256> chunk;
  for (auto gap = updater.next_missing(); !gap.empty(); gap = updater.next_missing()) {
    const std::uint32_t size = fetch(gap.from, chunk.data(), static_cast<std::uint32_t>(chunk.size()));
    if (size == 0) return updater.pause();
    const dualbank::Status status = updater.flash(dualbank::Bytes(chunk).first(size), gap.from);
    if (status != dualbank::Status::ok) return status;
  }
  return updater.switch_slot();
}

}  // namespace

extern "C" std::uint32_t entry() {
  dualbank::Status status = updater.open();
  if (status == dualbank::Status::ok && updater.status().on_trial) {
    status = self_test() != 0 ? updater.confirm() : updater.rollback();
  }
  if (status == dualbank::Status::ok) status = update();
  return static_cast<std::uint32_t>(status);
}
