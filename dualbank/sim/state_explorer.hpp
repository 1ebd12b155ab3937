// One exploration of states (state_space.hpp): breadth first, first all that needs no cut, then all that needs one, and
// so on, so that the histories that are told are the shortest.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/board.hpp"
#include "dualbank/sim/digest_set.hpp"
#include "dualbank/sim/state_calls.hpp"
#include "dualbank/sim/state_space.hpp"
#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {

inline constexpr SlotIndex kPowerOff = kNoSlot;
inline constexpr std::uint8_t kNoCut = 0xFF;

/// How marginal bits read at a boot.
enum class MarginalReading : std::uint8_t { programmed, erased, drawn, drawn_again };
/// The fewest cuts by which a state was reached.
using FewestCuts = std::unordered_map<std::uint64_t, std::uint8_t>;

/// How a state came from the one before.
struct StateStep {
  enum class Kind : std::uint8_t { start, reset, boot, calls };
  std::uint32_t from = 0;
  Kind kind = Kind::start;
  MarginalReading reading = MarginalReading::programmed;
  bool had_marginal_bits = false;
  std::uint8_t script = 0;      ///< or the start
  std::uint8_t stage = kNoCut;  ///< of the script: the call that was cut; kNoCut: none
  SlotIndex slot = kNoSlot;     ///< runs afterwards
  std::uint16_t operation = 0;
  std::uint32_t steps = 0;
  Op op{};
  Tear tear{};
};

struct ReachedState {
  NorFlash::Snapshot flash;
  std::uint64_t key = 0;
  Places may_boot;
  SlotIndex running = kPowerOff;
  bool swapped = false;  ///< the two images
  std::uint32_t step = 0;
  unsigned cuts = 0;
};

/// The flash before an operation of a boot or a call.
struct StateMoment {
  NorFlash::Snapshot before;
  Op op;
  std::vector<std::byte> data;
  Places may_boot;  ///< while the bootloader writes
  SlotIndex boots = kNoSlot;
  std::uint8_t stage = 0;
};

/// Of one board under one policy.
class StateExplorer {
 public:
  /// Precondition: the starts are on the same board.
  StateExplorer(std::vector<const StateStart*> starts, Policy policy, const StateSpacePlan& plan,
                const StateSpaceProgress& progress)
      : starts_(std::move(starts)),
        policy_(policy),
        plan_(plan),
        progress_(progress),
        board_(*starts_[0]->board, policy) {
    run_.board = starts_[0]->board->name;
    for (const StateStart* start : starts_) run_.starts.emplace_back(start->name);
    run_.policy = policy;
    run_.states_by_cuts.assign(plan.max_cuts + 1, 0);
    to_do_.resize(plan.max_cuts + 1);
  }

  bool explore();
  StateSpaceRun take_run() { return std::move(run_); }

 private:
  void begin();
  void go_on_from(const ReachedState& state);
  void boot(const ReachedState& state, MarginalReading reading);
  void call(const ReachedState& state, std::uint8_t script);
  std::string open(const ReachedState& state, Updater& updater);
  std::string make(Verb verb, Updater& updater, Places& during, Places& after);
  void cut(const ReachedState& state, const std::vector<StateMoment>& moments, const std::vector<Places>& during,
           StateStep step);
  void reach(SlotIndex running, Places may_boot, unsigned cuts, StateStep step);
  void record(std::vector<StateMoment>& moments, const std::uint8_t& stage);
  [[nodiscard]] Places places_of(std::uint8_t roles, SlotIndex target) const;
  void unsafe(const StateStep& last, const std::string& problem);
  [[nodiscard]] std::string told(const StateStep& step) const;
  [[nodiscard]] std::string told_cut(const StateStep& step) const;

  std::vector<const StateStart*> starts_;
  Policy policy_;
  const StateSpacePlan& plan_;
  const StateSpaceProgress& progress_;
  Board board_;
  StateSpaceRun run_;
  std::vector<StateStep> steps_;
  std::vector<std::deque<ReachedState>> to_do_;  // by cuts that are used up
  FewestCuts seen_;                              // by key
  FewestCuts seen_exactly_;                      // spares making the key
  DigestSet torn_;                               // operations on a flash of which all tears were looked at
  SlotIndex chosen_ = kNoSlot;                   // would boot when the call began
  SlotIndex fallback_ = kNoSlot;
  SlotIndex running_ = kNoSlot;
  bool swapped_ = false;
};

}  // namespace dualbank::sim
