// Slots as people write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dualbank/cli/json.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank::cli {

/// "ota_0", "factory", "test"; "none" for kNoSlot.
[[nodiscard]] std::string slot_name(SlotIndex slot);
/// The name, or null for no slot.
[[nodiscard]] Json slot_json(SlotIndex slot);
/// "ota_1", "1", "factory", "test"; nothing for any other word.
[[nodiscard]] std::optional<SlotIndex> parse_slot_name(std::string_view text);

}  // namespace dualbank::cli
