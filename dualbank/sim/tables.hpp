// Tables that the simulator makes for docs/POWER-CUTS.md, in Markdown.
#pragma once

#include <string>

#include "dualbank/engine/boot_decision.hpp"

namespace dualbank::sim {

/// What a reset may boot before, during and after each call.
[[nodiscard]] std::string promise_table();

/// A plain update, step by step: what the step writes; and when the power goes in it, however it tears, what boots,
/// what open() then says and how many of the image's bytes are sent again.
[[nodiscard]] std::string step_table(Policy policy);

}  // namespace dualbank::sim
