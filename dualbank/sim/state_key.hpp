// When two states of the exploration count as the same: a number for what the engine and the bootloader can see of a
// flash, without what they do not look at.
//
// Left out, and why that is believed harmless:
//   absolute sequence numbers   they are compared, and taken modulo the slots: order, slot, distances up to twice the
//                               slots, seq 0 and nearness to the top are kept
//   burnt cells                 passed over for ever; kept is whether the last cell is one, because that one is
//                               programmed again, and how many cells are free when they are few
//   notes                       nobody reads them
//   which bytes are torn        a record or cell that is not sound is not sound whatever its bytes; kept is whether the
//                               intended record can still be programmed over it
//   which bits are marginal     kept is what everything reads as now, with all of them programmed, and with all erased
//   half written slots          an image that does not verify is none; kept is what journal's marks and pieces fit it
//   which image                 only those that are sent are told apart, and these only from each other: a state in
//                               which they have changed places is the same, and the calls change them, too
//   why a record was written    once it is firm only whether it began a trial
//   ended sessions              with an intent or a doomed cell behind it a session never counts again
// The test holds this against an exploration by all bytes.
#pragma once

#include <cstdint>
#include <string>

#include "dualbank/sim/board.hpp"

namespace dualbank::sim {

/// The abstract state of a flash, as bytes that are equal when it is.
struct StateKey {
  std::string bytes;
  bool swapped = false;  ///< with image B in the place of A
};
[[nodiscard]] StateKey state_key(const Board& board);

/// 64 bits of bytes that are equal when a key is.
[[nodiscard]] std::uint64_t hash_of_key(std::string_view key);

}  // namespace dualbank::sim
