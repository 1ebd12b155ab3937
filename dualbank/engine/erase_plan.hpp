// Which erase frees a granule of a slot at the least cost: its own sectors, or a larger unit with its neighbours.
#pragma once

#include <cstdint>

#include "dualbank/engine/received.hpp"
#include "dualbank/engine/session.hpp"

namespace dualbank {

/// What is known of an update's bytes beside those that the slot holds.
enum class Likeness : std::uint8_t {
  unknown,    ///< judged by what has come so far
  similar,    ///< many sectors hold the right bytes already: none is erased before its own bytes have come
  different,  ///< hardly any does
};

struct EraseBounds {
  std::uint32_t needed_to = 0;   ///< the update is known to bring all bytes of the slot up to here
  std::uint16_t longest_ms = 0;  ///< as of Options
  bool sectors_alone = false;    ///< no neighbour is to be erased
};

/// The range of the slot that one step erases to free `granule`, at least the granule. It is one erase unit when that
/// costs no more than the sectors in it that the update is going to need; nothing in it is done, fresh or received.
/// Where Geometry::erase_ms does not tell, a larger unit is taken to cost as much as four sectors.
[[nodiscard]] Range plan_erase(const Geometry& geometry, const Session& session, const Received& received,
                               std::uint32_t granule, const EraseBounds& bounds);

}  // namespace dualbank
