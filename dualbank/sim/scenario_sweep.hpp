// Sweeps scenarios on several threads: every cut of each, nested cuts, and lives with cuts at random.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dualbank/sim/cut_tree.hpp"
#include "dualbank/sim/scenario.hpp"

namespace dualbank::sim {

enum class SweepSize : std::uint8_t {
  quick,  ///< one cut each, about 30 tears of an operation: some seconds
  all,    ///< one cut each, every tear: what `make test` runs
  full,  ///< and random subsets of bits by the thousand, two cuts on boot records and journal, three to five at random,
         ///< a tenth of `again`: what `make sweep` runs
  again,  ///< the same cut kAgain times, at one of the first operations after the power came back
};
inline constexpr std::uint32_t kAgain = 280;  ///< a log of 4 KiB has 254 cells

struct SweepPlan {
  std::vector<Scenario> scenarios;
  SweepSize size = SweepSize::all;
  std::uint64_t seed = 1;  ///< of the random lives
  unsigned jobs = 1;
  std::size_t most_failures = 5;
};

/// A failure as it is told: an id that reproduces it, shrunk to its shortest form.
struct SweepFailure {
  std::string scenario;
  std::string path;      ///< the cuts: path_code()
  std::string problem;   ///< of the shrunk path
  std::string found_as;  ///< the path before it was shrunk
  [[nodiscard]] std::string replay_id() const { return scenario + " @ " + path; }
};

struct SweepReport {
  CutCounts counts;
  std::uint64_t scenarios = 0;
  std::uint64_t most_resent_bytes = 0;  ///< acknowledged bytes that a run had to send again, at most
  std::vector<SweepFailure> failures;
  double seconds = 0;
  bool interrupted = false;
};

/// What is done so far: shares of the work, cuts. Called from one thread, some times a second. False ends the sweep.
using SweepProgress = std::function<bool(std::uint64_t done, std::uint64_t total, std::uint64_t distinct_cuts)>;

[[nodiscard]] SweepReport sweep(const SweepPlan& plan, const SweepProgress& progress = {});

/// Reads "SCENARIO @ CUTS" and does just these cuts. On a malformed id `problem` says what is wrong with it and the
/// answer is false; else `outcome` is what goes wrong, empty when nothing does.
[[nodiscard]] bool replay(std::string_view id, std::string& outcome, std::string& problem);

}  // namespace dualbank::sim
