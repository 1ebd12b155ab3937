// When two states of the exploration count as the same: a number for what the engine and the bootloader can see of a
// flash, without what they do not look at.
//
// Kept is, for each reading of bits that a cut left between 0 and 1 (all programmed, all erased; as they read now where
// something runs): each record, what the engine's own scan (BootSectors::read) says of each sector, the session and its
// marks where one counts, which image is in each slot; and in which parts of the sectors such bits are.
// Left out, and why that is believed harmless:
//   absolute sequence numbers   they are compared, and taken modulo the slots: order, slot, seq 0 and the distance from
//                               the top, when they are near it, are kept
//   cells that others overrule  the scan keeps the last of a kind. Kept is what it would find if all cells behind the
//                               first free one spoke, too: what an erase, cut, has left
//   burnt cells                 passed over for ever; kept is how many cells are free, when they are few
//   notes                       nobody reads them
//   which bytes are torn        a record or cell that is not sound is not sound whatever its bytes; kept is whether the
//                               intended record can still be programmed over it
//   how marginal bits read now  where nothing runs: the next boot draws them anew. Those in a slot that make no
//                               difference, programmed or erased, are none
//   half written slots          an image that does not verify is none; kept is what journal's marks and pieces fit it
//   which image                 only those that are sent are told apart, and these only from each other: a state in
//                               which they have changed places is the same, and the calls change them, too
//   why a record was written    once it is firm only whether its trial lasts; and boots are counted on trial only
//   ended sessions              a session in a sector that is not clean (SectorFacts::clean) is never loaded
// The test holds this against an exploration by all bytes.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "dualbank/sim/board.hpp"
#include "dualbank/sim/state_view.hpp"

namespace dualbank::sim {

struct StateKey {
  std::uint64_t hash = 0;
  bool swapped = false;  ///< with image B in the place of A

  friend bool operator==(const StateKey&, const StateKey&) = default;
};

/// The keys of one board. What it has seen before costs little.
class StateKeys {
 public:
  explicit StateKeys(const Board& board) : board_(board) {}

  /// `runs`: something runs, so that it matters how marginal bits read now.
  [[nodiscard]] StateKey make(bool runs);

 private:
  enum class Reading : std::uint8_t { programmed, erased, now };
  struct View {
    std::array<const SectorView*, 2> sectors{};
    std::vector<const SlotView*> slots{};
    const SlotView* factory = nullptr;
  };

  [[nodiscard]] std::uint64_t place_in_cache(const Extent& extent, Reading reading) const;
  [[nodiscard]] Bytes bytes_of(const Extent& extent, Reading reading);
  [[nodiscard]] const SectorView& sector(const Extent& extent, Reading reading);
  [[nodiscard]] const SlotView& slot(const Extent& extent, Reading reading);
  void look(Reading reading);
  void rank_seqs();
  void add_seq(Hash& hash, std::uint32_t seq) const;
  static void add_session(Hash& hash, const SectorView& sector, const SlotView& slot, bool swapped);
  [[nodiscard]] std::uint64_t hash(const View& view, bool swapped) const;
  [[nodiscard]] std::uint64_t hash(bool swapped) const;

  const Board& board_;
  std::unordered_map<std::uint64_t, SectorView> sectors_;
  std::unordered_map<std::uint64_t, SlotView> slots_;
  std::vector<std::byte> bytes_;
  std::vector<std::byte> marginal_;
  std::vector<View> views_;
  std::vector<std::uint32_t> seqs_;
};

/// Of one board, once.
[[nodiscard]] inline StateKey state_key(const Board& board, bool runs = true) { return StateKeys{board}.make(runs); }

}  // namespace dualbank::sim
