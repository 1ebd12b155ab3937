#include "dualbank/sim/state_space.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "dualbank/sim/state_explorer.hpp"

namespace dualbank::sim {
namespace {

using Group = std::vector<const StateStart*>;  // on one board, so that they
                                               // share most of their states

std::vector<Group> groups_of(std::vector<std::string> names) {
  const auto starts = all_state_starts();
  if (names.empty()) {
    for (const StateStart& start : starts) names.emplace_back(start.name);
  }
  std::vector<Group> groups;
  for (const std::string& name : names) {
    const auto start = std::find_if(starts.begin(), starts.end(), [&](const StateStart& s) { return s.name == name; });
    if (start == starts.end()) throw std::invalid_argument("explore_state_space: no start is called " + name);
    const auto on_it = [&](const Group& group) { return group[0]->board == start->board; };
    const auto group = std::find_if(groups.begin(), groups.end(), on_it);
    if (group == groups.end()) {
      groups.push_back({&*start});
    } else {
      group->push_back(&*start);
    }
  }
  return groups;
}

}  // namespace

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
  const std::vector<Group> groups = groups_of(plan.starts);
  const std::size_t runs = groups.size() * plan.policies.size();
  StateSpaceReport report;
  report.runs.resize(runs);
  std::mutex mutex;
  std::atomic<bool> interrupted{false};
  std::atomic<std::size_t> next{0};
  const StateSpaceProgress one_at_a_time = [&](const StateSpaceRun& now, std::uint64_t states_to_do) {
    const std::lock_guard lock{mutex};
    if (progress && !interrupted && !progress(now, states_to_do)) interrupted = true;
    return !interrupted;
  };
  const auto work = [&] {
    for (std::size_t i = next++; i < runs && !interrupted; i = next++) {
      StateExplorer explorer{groups[i / plan.policies.size()], plan.policies[i % plan.policies.size()], plan,
                             one_at_a_time};
      explorer.explore();
      report.runs[i] = explorer.take_run();
    }
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < plan.jobs && i < runs; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  report.interrupted = interrupted;
  std::erase_if(report.runs, [](const StateSpaceRun& run) { return run.board.empty(); });  // not begun
  return report;
}

}  // namespace dualbank::sim
