// One exploration of states (state_space.hpp): breadth first, first all that needs no cut, then all that needs one, and
// so on, so that the histories that are told are the shortest.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/board.hpp"
#include "dualbank/sim/digest_set.hpp"
#include "dualbank/sim/state_calls.hpp"
#include "dualbank/sim/state_history.hpp"
#include "dualbank/sim/state_key.hpp"
#include "dualbank/sim/state_seen.hpp"
#include "dualbank/sim/state_space.hpp"
#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {

inline constexpr SlotIndex kPowerOff = kNoSlot;

struct ReachedState {
  NorFlash::Snapshot flash;
  std::uint64_t key = 0;
  Places may_boot;
  SlotIndex running = kPowerOff;
  std::uint32_t step = 0;
  unsigned cuts = 0;
};

/// The flash before an operation of a boot or a call.
struct StateMoment {
  NorFlash::Snapshot before;
  Op op;
  std::vector<std::byte> data;
  Places may_boot;          ///< while the bootloader writes
  bool is_on_free = false;  ///< what it changes is erased
  SlotIndex boots = kNoSlot;
};

/// The firmware between two calls.
struct StateSession {
  Updater& updater;
  Updater saved;  ///< what it was like then
  NorFlash::Snapshot flash;
  Places may_boot;
  StateStep step;
  unsigned cuts = 0;
};

/// Of one board under one policy.
class StateExplorer {
 public:
  /// Precondition: the starts are on the same board.
  StateExplorer(std::vector<const StateStart*> starts, Policy policy, const StateSpacePlan& plan,
                const StateSpaceProgress& progress);

  void explore();
  StateSpaceRun take_run() { return std::move(run_); }

 private:
  void begin();
  void go_on_from(const ReachedState& state);
  void boot(const ReachedState& state, MarginalReading reading);
  void run(const ReachedState& state);
  void call_next(const StateSession& session, std::uint8_t after_script, std::uint8_t stage);
  std::string open(const ReachedState& state, Updater& updater);
  std::string make(Verb verb, Updater& updater, Places& during, Places& after);
  void record(bool calls);
  void cut(Places may_boot, unsigned cuts, StateStep step);
  void reach(SlotIndex running, Places may_boot, unsigned cuts, StateStep step);
  [[nodiscard]] bool opened_before(Places may_boot, unsigned cuts);
  [[nodiscard]] std::uint64_t exact_digest(bool runs) const;
  [[nodiscard]] std::uint64_t situation_of(const StateMoment& moment, std::uint64_t& key_after);
  [[nodiscard]] NorFlash::Snapshot shared_snapshot(bool runs);
  [[nodiscard]] bool is_left_open() const;
  [[nodiscard]] bool looks_blank() const;
  [[nodiscard]] SlotIndex without_trial();
  [[nodiscard]] Places places_of(std::uint8_t roles, SlotIndex target) const;
  void unsafe(const StateStep& last, const std::string& problem);

  std::vector<const StateStart*> starts_;
  Policy policy_;
  const StateSpacePlan& plan_;
  const StateSpaceProgress& progress_;
  Board board_;
  StateKeys keys_{board_};
  StateHistory history_{board_, starts_, policy_};
  StateSpaceRun run_;
  std::vector<std::deque<ReachedState>> to_do_;  // by cuts that are used up
  FewestCuts seen_;                              // by key
  FewestCuts seen_exactly_;                      // spares making the key
  FewestCuts opened_;                            // what open() leaves, with what the Updater knows then
  DigestSet torn_;                               // operations of which all tears were looked at
  std::unordered_map<std::uint64_t, std::shared_ptr<const NorFlash::Snapshot::Sector>> sectors_;
  std::size_t most_sectors_ = 4096;
  std::vector<StateMoment> moments_;  // of the boot or call that is being made
  SlotIndex chosen_ = kNoSlot;        // would boot when the call began
  SlotIndex fallback_ = kNoSlot;
  SlotIndex running_ = kNoSlot;
  bool swapped_ = false;
};

}  // namespace dualbank::sim
