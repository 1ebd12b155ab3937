// What every application of this board begins with.
#pragma once

#include "dualbank/engine/boot_handover.hpp"

namespace board {

/// What the bootloader said of this boot.
const dualbank::BootHandover& handover();
/// "application: 2.0 in ota_1, trial_boot, trial boot 1"
void say_application();

}  // namespace board
