// The board of the cut tests: the same, but for the flash.
#pragma once

#include "tests/device/guest/cut_flash.hpp"

/// Bootloader and application are linked with one address for it, in RAM that neither of them uses.
extern "C" device::CutOrder cut_order;
