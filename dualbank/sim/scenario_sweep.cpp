#include "dualbank/sim/scenario_sweep.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

#include "dualbank/sim/device.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kShares = 6;  // of one scenario, so that the threads end together

constexpr Level kCoarse{.metadata = Thoroughness::few, .data = Thoroughness::few};
constexpr Level kQuick{.metadata = Thoroughness::some, .data = Thoroughness::few};
constexpr Level kEverywhere{.metadata = Thoroughness::every, .data = Thoroughness::every};
constexpr Level kEvenMore{.metadata = Thoroughness::most, .data = Thoroughness::most};
constexpr Level kRecords{.metadata = Thoroughness::few, .data = Thoroughness::few, .cuts_data = false};
constexpr std::uint32_t kLives = 150;  // of each share, with three, four or five cuts at random

constexpr std::uint32_t kAgainInFull = 10;

/// What one thread does at a time.
struct Work {
  Scenario scenario;
  std::vector<Level> levels{};  ///< empty: random lives, or the same cut again and again
  std::uint32_t share = 0;
  std::uint32_t lives = 0;
  std::uint32_t again = 0;
};

std::vector<Work> work_of(const SweepPlan& plan) {
  std::vector<Work> work;
  const auto add = [&](const Work& whole) {
    for (std::uint32_t share = 0; share < kShares; ++share) {
      work.push_back(whole);
      work.back().share = share;
    }
  };
  for (const Scenario& scenario : plan.scenarios) {
    const bool small = scenario.board->small;
    const bool full = plan.size == SweepSize::full;
    const bool long_images = scenario.board->image_bytes > 0x2000;
    Scenario brief = scenario;
    brief.short_images = true;
    if ((small && full) || plan.size == SweepSize::again) add({.scenario = brief, .again = kAgain});
    if (plan.size == SweepSize::again) continue;
    add({.scenario = scenario,
         .levels = {!small || (long_images && !full) ? kCoarse
                    : full                           ? kEvenMore
                    : plan.size == SweepSize::all    ? kEverywhere
                                                     : kQuick}});
    if (!full || !small) continue;
    add({.scenario = brief, .levels = {kRecords, kRecords}});
    add({.scenario = brief, .lives = kLives});
  }
  return work;
}

class Sweeping {
 public:
  explicit Sweeping(const SweepPlan& plan) : plan_(plan), work_(work_of(plan)) {}

  SweepReport run(const SweepProgress& progress) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    const unsigned jobs = std::max(1U, plan_.jobs);
    running_ = jobs;
    for (unsigned i = 0; i < jobs; ++i) threads.emplace_back([this] { labour(); });
    while (running_ > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!progress || progress(done_, work_.size(), seen_.contents.size())) continue;
      report_.interrupted = true;
      stop_ = true;
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    report_.seconds = took.count();
    report_.scenarios = plan_.scenarios.size();
    report_.counts.distinct = seen_.contents.size();
    std::sort(report_.failures.begin(), report_.failures.end(),
              [](const SweepFailure& a, const SweepFailure& b) { return a.replay_id() < b.replay_id(); });
    return std::move(report_);
  }

 private:
  void labour() {
    for (std::size_t at = next_++; at < work_.size() && !stop_; at = next_++) {
      perform(work_[at]);
      ++done_;
    }
    --running_;
  }

  void perform(const Work& work) {
    Device device{work.scenario};
    CutTree tree{device, seen_};
    tree.stop_when(&stop_);
    if (work.again > 0) {
      tree.again(work.again, work.share, kShares, plan_.size == SweepSize::full ? kAgainInFull : 1);
    } else if (work.levels.empty()) {
      tree.wander(plan_.seed * 1000 + work.share, work.lives, 3 + work.share % 3);
    } else {
      tree.sweep(work.levels, work.share, kShares);
    }
    std::vector<SweepFailure> failures;
    for (const Failure& failure : tree.failures()) {
      const CutPath shortest = tree.shrink(failure.path);
      std::string problem = tree.replay(shortest);
      if (problem.empty()) problem = failure.problem + " (the replay does not show it)";
      failures.push_back({.scenario = work.scenario.line(),
                          .path = path_code(shortest),
                          .problem = std::move(problem),
                          .found_as = path_code(failure.path)});
    }
    const std::lock_guard lock{mutex_};
    report_.counts.add(tree.counts());
    report_.most_resent_bytes = std::max(report_.most_resent_bytes, device.most_resent_bytes());
    for (SweepFailure& failure : failures) {
      const bool known = std::any_of(report_.failures.begin(), report_.failures.end(), [&](const SweepFailure& other) {
        return other.replay_id() == failure.replay_id();
      });
      if (!known) report_.failures.push_back(std::move(failure));
    }
    if (report_.failures.size() >= plan_.most_failures) stop_ = true;
  }

  const SweepPlan& plan_;
  std::vector<Work> work_;
  Seen seen_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<unsigned> running_ = 0;
  std::mutex mutex_;
  SweepReport report_;
};

}  // namespace

SweepReport sweep(const SweepPlan& plan, const SweepProgress& progress) { return Sweeping{plan}.run(progress); }

bool replay(std::string_view id, std::string& outcome, std::string& problem) {
  outcome.clear();
  const auto at = id.rfind('@');
  if (at == std::string_view::npos) {
    problem = "a replay id is a scenario, an @ and cuts, as in \"two-slots stock: flash switch @ 17p12\"";
    return false;
  }
  Scenario scenario;
  if (!parse_scenario(id.substr(0, at), scenario, problem)) return false;
  std::string_view cuts = id.substr(at + 1);
  cuts.remove_prefix(std::min(cuts.find_first_not_of(' '), cuts.size()));
  while (cuts.ends_with(' ')) cuts.remove_suffix(1);
  CutPath path;
  if (!parse_path(cuts, path)) {
    problem = "\"" + std::string{cuts} +
              "\" is no list of cuts: each is the number of an operation and b, a, pN, sN or " + "xN, joined by +";
    return false;
  }
  Device device{scenario};
  Seen seen;
  outcome = CutTree{device, seen}.replay(path);
  return true;
}

}  // namespace dualbank::sim
