#include "dualbank/cli/slot_name.hpp"

#include <fmt/format.h>

#include "dualbank/cli/numbers.hpp"

namespace dualbank::cli {

std::string slot_name(SlotIndex slot) {
  if (is_ota_slot(slot)) return fmt::format("ota_{}", slot);
  if (slot == kFactorySlot) return "factory";
  if (slot == kTestSlot) return "test";
  return "none";
}

Json slot_json(SlotIndex slot) {
  return is_ota_slot(slot) || slot == kFactorySlot || slot == kTestSlot ? Json(slot_name(slot)) : Json(nullptr);
}

std::optional<SlotIndex> parse_slot_name(std::string_view text) {
  if (text == "factory") return kFactorySlot;
  if (text == "test") return kTestSlot;
  if (text.starts_with("ota_")) text.remove_prefix(4);
  const auto number = parse_number(text);
  if (!number || *number >= static_cast<std::uint32_t>(kMaxSlots)) return std::nullopt;
  return static_cast<SlotIndex>(*number);
}

}  // namespace dualbank::cli
