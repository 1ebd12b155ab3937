#include "dualbank/sim/state_space.hpp"

#include <algorithm>
#include <stdexcept>

#include "dualbank/sim/state_explorer.hpp"

namespace dualbank::sim {

std::vector<StateStartName> state_starts() {
  std::vector<StateStartName> names;
  for (const StateStart& start : all_state_starts()) names.push_back({start.name, start.says});
  return names;
}

std::string StateSpaceRun::line(unsigned max_cuts) const {
  const std::string from =
      starts.size() == 1 ? starts[0] : board + " from " + std::to_string(starts.size()) + " starts";
  return from + ", " + std::string{policy_name(policy)} + ", " + std::to_string(max_cuts) +
         (max_cuts == 1 ? " cut: " : " cuts: ") + std::to_string(states) + " states, " + std::to_string(transitions) +
         " transitions, " + (closed ? "closed, " : "not closed, ") + std::to_string(unsafe.size()) + " unsafe";
}

bool StateSpaceReport::closed_and_safe() const {
  return !interrupted && std::all_of(runs.begin(), runs.end(),
                                     [](const StateSpaceRun& run) { return run.closed && run.unsafe.empty(); });
}

StateSpaceReport explore_state_space(const StateSpacePlan& plan, const StateSpaceProgress& progress) {
  StateSpaceReport report;
  std::vector<std::string> names = plan.starts;
  if (names.empty()) {
    for (const StateStart& start : all_state_starts()) names.emplace_back(start.name);
  }
  std::vector<std::vector<const StateStart*>> groups;  // those on one board share most of their states
  for (const std::string& name : names) {
    const auto starts = all_state_starts();
    const auto start = std::find_if(starts.begin(), starts.end(), [&](const StateStart& s) { return s.name == name; });
    if (start == starts.end()) throw std::invalid_argument("explore_state_space: no start is called " + name);
    const auto on_it = [&](const auto& group) { return group[0]->board == start->board; };
    const auto group = std::find_if(groups.begin(), groups.end(), on_it);
    if (group == groups.end()) {
      groups.push_back({&*start});
    } else {
      group->push_back(&*start);
    }
  }
  for (const auto& group : groups) {
    for (const Policy policy : plan.policies) {
      StateExplorer explorer{group, policy, plan, progress};
      report.interrupted = !explorer.explore();
      report.runs.push_back(explorer.take_run());
      if (report.interrupted) return report;
    }
  }
  return report;
}

}  // namespace dualbank::sim
