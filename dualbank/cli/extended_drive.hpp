// CircuitPython can lend the other slot to its CIRCUITPY drive ("storage is extended"). Nothing on the flash says so
// but the drive's file system being larger than its partition.
#pragma once

#include "dualbank/cli/flash_view.hpp"

namespace dualbank::cli {

/// True when the FAT in the first data/fat partition has more room than the partition. False where there is none.
[[nodiscard]] bool drive_is_extended(FlashView& view);

}  // namespace dualbank::cli
