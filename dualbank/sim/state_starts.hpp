// Where the exploration of states starts: a board, what is in its slots, and its boot records.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "dualbank/sim/board.hpp"

namespace dualbank::sim {

/// The images of the exploration, by index. They fill one granule, so that a call takes few operations.
enum ImageIndex : std::uint8_t { kRunsFirst, kRanBefore, kImageA, kImageB };
[[nodiscard]] std::span<const std::vector<std::byte>> state_images();

struct RecordAtStart {
  std::uint32_t seq = kBlankSeq;  ///< kBlankSeq: the sector is erased
  RecordState state = RecordState::undefined;
  bool damaged = false;
};

struct StateStart {
  std::string_view name;
  std::string_view says;
  const BoardKind* board = nullptr;
  SlotIndex running = 0;       ///< the firmware that makes the first call
  SlotIndex before = kNoSlot;  ///< the slot of the one that ran before it
  std::array<RecordAtStart, 2> records{};
  std::uint32_t burnt_cells = 0;  ///< at the begin of both logs: how much of them is used up
};

[[nodiscard]] std::span<const StateStart> all_state_starts();
/// Puts the start on a new board.
void set_up(Board& board, const StateStart& start);

}  // namespace dualbank::sim
