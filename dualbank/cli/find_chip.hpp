// Chips by the names that people type.
#pragma once

#include <string>

#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {

/// Throws Refused (usage) naming the nearest.
[[nodiscard]] const Chip& chip_by_name(const std::string& name);

}  // namespace dualbank::cli
