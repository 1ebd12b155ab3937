// Your update function under power cuts: before, inside and after every flash operation, and twice in a row.
#include <algorithm>
#include <iostream>

#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/factory_flash.hpp"
#include "dualbank/sim/firmware_image.hpp"
#include "dualbank/sim/sweep.hpp"

using dualbank::Status;

namespace {

// Small images keep it quick. Yours: read them from files.
const auto old_firmware = dualbank::sim::firmware_image("1.0", 1024);
const auto new_firmware = dualbank::sim::firmware_image("2.0", 3072);

// What is tested: your own code and its order of calls. It is called after each boot.
void my_update(dualbank::Flash& flash) {
  dualbank::Updater updater{flash, {}};
  if (updater.open() != Status::ok) return;
  if (updater.status().running_slot == 1) return static_cast<void>(updater.confirm());
  if (updater.begin({.header = dualbank::Bytes{new_firmware}.first(dualbank::kImageStartBytes)}) != Status::ok) return;
  for (auto gap = updater.next_missing(); !gap.empty(); gap = updater.next_missing()) {
    const auto size = std::min(gap.length(), 500U);
    const auto piece = dualbank::Bytes{new_firmware}.subspan(gap.from, size);
    if (updater.flash(piece, gap.from) != Status::ok) return;
  }
  static_cast<void>(updater.switch_slot());
}

}  // namespace

int main() {
  const dualbank::sim::Sweep sweep{.flash = dualbank::sim::w25q32jv(),
                                   .start = dualbank::sim::factory_flash(old_firmware),
                                   .depth = 2,
                                   .thoroughness = dualbank::sim::Thoroughness::few,
                                   .boots = 2,
                                   .finally = [](const auto& boot) { return boot.version == "2.0"; }};
  const auto report =
      sweep.run(my_update, [](const auto& boot) { return boot.version == "1.0" || boot.version == "2.0"; });
  std::cout << report;
  return report ? 0 : 1;
}
