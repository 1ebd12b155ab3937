// What a sweep did and found, for people and as JSON.
#pragma once

#include "dualbank/cli/output.hpp"
#include "dualbank/sim/scenario_sweep.hpp"
#include "dualbank/sim/state_space.hpp"

namespace dualbank::cli {

/// `by_call`: the calls of scenarios are known. The last line is "N distinct cuts, U unsafe, in S s".
void say_report(Output& out, const sim::SweepReport& report, bool by_call);
[[nodiscard]] Json report_json(const sim::SweepReport& report, bool by_call);

/// A line for each run, as StateSpaceRun::line says. The last line is "N states, T transitions, U unsafe, in S s".
void say_states(Output& out, const sim::StateSpaceReport& report, unsigned most_cuts);
[[nodiscard]] Json states_json(const sim::StateSpaceReport& report, unsigned most_cuts);

}  // namespace dualbank::cli
