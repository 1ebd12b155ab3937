// The flash that a board boots from, where its port has one that can be reached.
#pragma once

#include "dualbank/bindings/c/dualbank.h"

#ifdef ESP_PLATFORM
#define DUALBANK_HAS_OWN_FLASH 1
// Fills in the flash, and the options as this board's bootloader wants them.
void dualbank_own_flash(dualbank_flash* flash, dualbank_options* options);
#else
#define DUALBANK_HAS_OWN_FLASH 0
#endif
