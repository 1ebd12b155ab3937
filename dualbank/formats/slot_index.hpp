// How a slot (app partition) is named in code: a small number.
#pragma once

#include <cstdint>

namespace dualbank {

/// 0..15 are ota_0..ota_15; below 0 are the app partitions that are no OTA slots, and the two ways of having none.
using SlotIndex = std::int8_t;

inline constexpr SlotIndex kMaxSlots = 16;
inline constexpr SlotIndex kFactorySlot = -1;
inline constexpr SlotIndex kTestSlot = -2;
inline constexpr SlotIndex kNoSlot = -99;        ///< nothing boots
inline constexpr SlotIndex kUnknownSlot = -100;  ///< not said by the caller

[[nodiscard]] constexpr bool is_ota_slot(SlotIndex slot) { return slot >= 0 && slot < kMaxSlots; }

}  // namespace dualbank
