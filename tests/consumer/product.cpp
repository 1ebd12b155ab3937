// A product's own code: all that it includes must be there, and link, with no dependency of ours.
#include <array>
#include <cstddef>

#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"

namespace {
std::array<std::byte, 0x10000> memory;
}

/// 0 when a chip of zeros is refused for the right reason: it has no partition table.
int main() {
  memory.fill(std::byte{0});
  dualbank::ports::RamFlash chip{memory};
  dualbank::Updater updater{chip, {}};
  return updater.open() == dualbank::Status::table_bad_row ? 0 : static_cast<int>(updater.last_event().code);
}
