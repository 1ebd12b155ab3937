// The metadata protocol, exhaustively: all states of boot records and journal that the real engine can reach from a
// start, closed under every call, every cut and every boot, until no new one appears.
//
// A state is a flash, what runs on it (or that the power is off), and what a reset may boot. From a state go:
//   power off: a boot, for each reading of bits that a cut left between 0 and 1, with the bootloader's own writes
//   running:   a reset; a fresh Updater that opens and makes one call, or some that follow each other in one session
//   both:      all cuts in these, while the history has cuts left
// All of it runs the engine on a NorFlash. What is abstract is only when two states count as the same: state_key.hpp.
// The same is not done twice: calls after an open() that left flash and Updater as another one did; cuts in an
// operation that makes the same of the same.
//
// Unsafe is a state in which a reset boots nothing, or what contract.hpp does not promise; an open() that fails or that
// leaves it to chance what boots; a call that fails, or that is refused and changes the flash; anything that the flash
// forbids.
//
// Left out, or allowed, are these, by the numbers of docs/DESIGN.md, "What cannot be promised":
//   1, 2  while a bootloader that rolls back rewrites a record in place, both images of the trial may boot
//   7     cuts that leave marginal bits while a vendor's bootloader rewrites a record: nobody sees them
//   9     calls of a factory app while no record is usable and a record's sector reads blank without being it
//   11    where the bootloader rolls back, what a cut left may come back until a call writes to its sector
//   12    with three slots under Policy::dualbank, any good slot may boot during a call, and what a cut in it left may
//         come back as in 11
// Wider than contract.hpp, and all of them images that verify: what a cut left open stays so over boots in which nobody
// opens; the running slot during a switch that needs an anchor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/sim/tears.hpp"

namespace dualbank::sim {

/// Names and meanings of the starts.
struct StateStartName {
  std::string_view name;
  std::string_view says;
};
[[nodiscard]] std::vector<StateStartName> state_starts();

struct StateSpacePlan {
  std::vector<std::string> starts{};  ///< names; empty: all
  std::vector<Policy> policies{Policy::stock, Policy::stock_rollback, Policy::dualbank};
  unsigned max_cuts = 1;  ///< in one history
  Thoroughness tears = Thoroughness::some;
  std::size_t most_unsafe = 1;             ///< of one run, then it ends
  std::uint64_t most_states = UINT64_MAX;  ///< of one run, then it ends, not closed
  /// To check the abstraction: states are the same only when all their bytes are. Sequence numbers then never end, so
  /// that it takes `most_steps`.
  bool exact = false;
  std::uint32_t most_steps = UINT32_MAX;  ///< of one history; states further away are not looked at
  bool keeps_keys = false;
  bool draws = true;  ///< tears and readings at random, too: what they leave depends on more than the abstraction keeps
  unsigned jobs = 1;  ///< runs at once
};

struct StateSpaceRun {
  std::string board;
  std::vector<std::string> starts;  ///< all that are on this board
  Policy policy = Policy::stock;
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;  ///< boots, resets, calls, and those that a cut ended
  std::uint64_t cuts = 0;         ///< of these
  std::uint64_t refused = 0;      ///< of these: calls that were refused and changed nothing
  std::uint32_t deepest = 0;      ///< steps of the longest history that was needed
  std::vector<std::uint64_t> states_by_cuts;
  bool closed = false;              ///< no new state appears
  std::vector<std::string> unsafe;  ///< the shortest histories, in words
  std::vector<std::uint64_t> keys;  ///< of the states, by the abstraction, with `keeps_keys`; some more than once
  double seconds = 0;

  /// "factory from 5 starts, stock, 1 cut: 812 states, 190234 transitions, closed, 0 unsafe".
  [[nodiscard]] std::string line(unsigned max_cuts) const;
};

struct StateSpaceReport {
  std::vector<StateSpaceRun> runs;
  bool interrupted = false;

  [[nodiscard]] bool closed_and_safe() const;
};

/// Called every few hundred states with the run so far, and at each run's end with nothing to do; never by two threads
/// at once. False ends the exploration.
using StateSpaceProgress = std::function<bool(const StateSpaceRun& now, std::uint64_t states_to_do)>;

/// Every start under every policy; starts on the same board make one run. Throws std::invalid_argument for a start that
/// there is not.
[[nodiscard]] StateSpaceReport explore_state_space(const StateSpacePlan& plan, const StateSpaceProgress& progress = {});

}  // namespace dualbank::sim
