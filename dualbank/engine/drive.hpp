// CircuitPython's drive: the FAT file system in the first data/fat partition. It can be *extended*: lent the slot that
// does not run, which an update would then overwrite. Rules and sources: docs/FORMAT.md, "The drive".
//
// An Updater does not look at it. Whoever shares a flash with CircuitPython asks `check_drive` before writing a slot.
#pragma once

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/fat_volume.hpp"

namespace dualbank {

struct UpdaterState;

enum class DriveState : std::uint8_t {
  none,          ///< there is no data/fat partition
  unformatted,   ///< no file system that CircuitPython mounts: its next boot makes one, extended where it can
  not_extended,  ///< the file system fits its partition
  extended,      ///< it is larger than its partition and goes on in another slot
};

/// What CircuitPython would take the drive for. Reads one block. Errors: those of the flash.
[[nodiscard]] Result<DriveState> look_at_drive(Flash& flash, const Layout& layout);

/// The slot that an extended drive goes on in while `running` runs: the next one after it. kNoSlot, where nothing runs,
/// stands for ota_0, as the first image goes there. kNoSlot with fewer than two OTA slots.
[[nodiscard]] SlotIndex slot_for_drive(const Layout& layout, SlotIndex running);

/// Whether the drive leaves the other slot to updates. Errors: storage_extended; those of the flash. Where nothing runs
/// it is ok: the first image goes into ota_0, which such a drive does not have.
[[nodiscard]] Event check_drive(Flash& flash, const Layout& layout, SlotIndex running);

/// Whether the slot that an extended drive takes is free for it. Errors: drive_one_slot; drive_slot_boots,
/// drive_slot_updating, on_trial: somebody still needs what is in it.
[[nodiscard]] Event check_slot_for_drive(const Layout& layout, const UpdaterState& state);

/// Makes an empty file system as CircuitPython does: over the data/fat partition alone, or when `extended` over it and
/// the slot that `slot_for_drive` names, one behind the other. Whatever was on the drive is gone. Writes the metadata
/// only (boot record, FAT, root directory) and erases only the sectors that these touch; the other bytes of both
/// partitions stay, so that an image in the lent slot stays until a file comes to lie there.
///
/// A power cut leaves the old boot record, none at all (`unformatted`), or the whole new file system. (Where the flash
/// cannot program a unit again, the erase of the old boot record is the one moment of which that cannot be said.)
/// Errors, refused before anything is written: no_drive, drive_one_slot, drive_size, layout_misaligned. Then those of
/// the flash.
[[nodiscard]] Event make_drive(Flash& flash, const Layout& layout, SlotIndex running, bool extended);

}  // namespace dualbank
