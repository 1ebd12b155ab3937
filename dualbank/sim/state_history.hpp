// How a state of the exploration was reached, step by step, and how that is told.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dualbank/sim/board.hpp"
#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {

inline constexpr std::uint8_t kNoCut = 0xFF;

/// How marginal bits read at a boot.
enum class MarginalReading : std::uint8_t { programmed, erased, drawn, drawn_again };

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

/// All histories of one exploration, as a tree: each step knows the one before.
class StateHistory {
 public:
  StateHistory(const Board& board, std::span<const StateStart* const> starts, Policy policy)
      : board_(board), starts_(starts), policy_(policy) {}

  std::uint32_t add(const StateStep& step) {
    steps_.push_back(step);
    return static_cast<std::uint32_t>(steps_.size() - 1);
  }
  [[nodiscard]] const StateStep& operator[](std::uint32_t index) const { return steps_[index]; }
  /// From the start to `last`, in words.
  [[nodiscard]] std::string told_to(const StateStep& last) const;

 private:
  [[nodiscard]] std::string told(const StateStep& step) const;
  [[nodiscard]] std::string told_cut(const StateStep& step) const;

  const Board& board_;
  std::span<const StateStart* const> starts_;
  Policy policy_;
  std::vector<StateStep> steps_;
};

}  // namespace dualbank::sim
