// As core_formats.cpp.
#include "dualbank/engine/flash_ops.cpp"
#include "dualbank/engine/updater.cpp"
#include "dualbank/engine/updater_allowed.cpp"
#include "dualbank/engine/updater_begin.cpp"
#include "dualbank/engine/updater_flash.cpp"
#include "dualbank/engine/updater_switch.cpp"
#include "dualbank/engine/updater_trial.cpp"
