#include "dualbank/sim/sweep.hpp"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "dualbank/sim/user_device.hpp"

namespace dualbank::sim {
namespace {

Thoroughness one_less(Thoroughness thoroughness) {
  if (thoroughness == Thoroughness::most) return Thoroughness::every;
  return thoroughness == Thoroughness::every ? Thoroughness::some : Thoroughness::few;
}

std::vector<Level> levels_of(const Sweep& sweep) {
  std::vector<Level> levels;
  Thoroughness metadata = sweep.thoroughness;
  for (unsigned at = 0; at < sweep.depth; ++at) {
    const bool cuts_data = at == 0 || sweep.thoroughness == Thoroughness::every;
    levels.push_back({.metadata = metadata, .data = one_less(metadata), .cuts_data = cuts_data});
    metadata = one_less(metadata);
  }
  return levels;
}

}  // namespace

CutReport Sweep::run(const Update& update, const Invariant& invariant) const {
  const auto begin = std::chrono::steady_clock::now();
  UserDevice device{*this, update, invariant};
  Seen seen;
  CutTree tree{device, seen};
  tree.stop_after(most_failures);
  tree.sweep(levels_of(*this));
  if (lives > 0) tree.wander(seed, lives, depth + 1);

  CutReport report{.counts = tree.counts()};
  for (const Failure& failure : tree.failures()) {
    const CutPath shortest = tree.shrink(failure.path);
    const std::string id = path_code(shortest);
    const bool known = std::any_of(report.failures.begin(), report.failures.end(),
                                   [&](const CutReport::Unsafe& other) { return other.replay_id == id; });
    if (!known) report.failures.push_back({id, tree.replay(shortest), path_code(failure.path)});
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return report;
}

std::string Sweep::replay(std::string_view replay_id, const Update& update, const Invariant& invariant) const {
  CutPath path;
  if (!parse_path(replay_id, path)) {
    throw std::invalid_argument("Sweep: \"" + std::string{replay_id} +
                                "\" is no list of cuts such as 17p12 or 17p12+3b");
  }
  UserDevice device{*this, update, invariant};
  Seen seen;
  return CutTree{device, seen}.replay(path);
}

std::string CutReport::to_text() const {
  std::ostringstream text;
  const auto row = [&text](const std::string& name, std::uint64_t count) {
    if (count != 0) text << "  " << std::left << std::setw(28) << name << std::right << std::setw(10) << count << "\n";
  };
  for (std::size_t i = 0; i < kTearClasses; ++i) {
    row(std::string{tear_class_name(static_cast<TearClass>(i))}, counts.by_class[i]);
  }
  for (std::size_t i = 0; i < counts.by_depth.size(); ++i) row("cut " + std::to_string(i + 1), counts.by_depth[i]);
  for (const Unsafe& failure : failures) {
    text << "UNSAFE " << (failure.replay_id.empty() ? "without any cut" : failure.replay_id) << ": " << failure.problem
         << "\n";
  }
  text << counts.distinct << " distinct cuts, " << failures.size() << " unsafe, in " << std::fixed
       << std::setprecision(1) << seconds << " s\n";
  return text.str();
}

std::ostream& operator<<(std::ostream& out, const CutReport& report) { return out << report.to_text(); }

}  // namespace dualbank::sim
