// CircuitPython's drive, in words of the command: whether it has taken the other slot ("storage is extended").
#pragma once

#include "dualbank/cli/target.hpp"
#include "dualbank/engine/drive.hpp"

namespace dualbank::cli {

/// Throws Refused where the flash does not read. `none` also where the file does not hold the drive.
[[nodiscard]] DriveState drive_state(FlashView& view);
/// "extended", "not_extended", "unformatted"; empty for none.
[[nodiscard]] std::string_view drive_state_name(DriveState state);

/// {"state", "offset", "size", "slot"}, the slot being the one that an extended drive goes on in, else null. null where
/// there is no drive.
[[nodiscard]] Json drive_json(FlashView& view, SlotIndex running);

/// storage_extended, or an event that did not fail.
[[nodiscard]] Event drive_event(FlashView& view, SlotIndex running);

/// The slot in which an extended drive goes on; kNoSlot when it is not extended.
[[nodiscard]] SlotIndex slot_lent_to_drive(FlashView& view, SlotIndex running);

/// True where the next boot of CircuitPython would make a file system and extend it: the drive has none, its partition
/// is named user_fs as CircuitPython's is, and there is a slot to take.
[[nodiscard]] bool will_be_extended(FlashView& view);
/// The same as a sentence, and what to do about it.
[[nodiscard]] std::string will_be_extended_text(FlashView& view, SlotIndex running);
inline constexpr const char* kWillBeExtendedCure =
    "dualbank erase-filesystem FLASH --no-extended makes one that is not";
void note_will_be_extended(Context& context, FlashView& view, SlotIndex running);

/// For verbs that write the other slot or make it boot: throws Refused (storage_extended) where the drive has it,
/// unless --overwrite-drive. Tells in a note and as "drive" what stands there.
void require_slot_free_of_drive(Context& context, Target& target);

}  // namespace dualbank::cli
