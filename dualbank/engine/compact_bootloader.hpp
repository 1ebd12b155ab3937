// What run_bootloader does, in less than a third of its code, for bootloaders that have a few kilobytes: the same
// choice, and the same writes in the same order. The tests hold the two together, over every state that an update can
// leave.
#pragma once

#include <cstdint>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/image_check.hpp"
#include "dualbank/engine/layout.hpp"

namespace dualbank {

struct CompactOutcome {
  SlotIndex slot = kNoSlot;  ///< start this one; kNoSlot: nothing boots
  BootReason reason = BootReason::nothing_boots;
  std::uint8_t trial_boot = 0;  ///< which boot on trial of `slot` this is, from 1; 0: none
  /// ok, or what could not be remembered: errors of the flash, journal_full. Never a reason not to start `slot`.
  Status journal = Status::ok;
};

/// Reads the records and their journals, decides under Policy::dualbank, has the images checked that it would start,
/// and appends to the journal of the record that was followed: all as of run_bootloader, whose comment says what and
/// why. What it leaves out: other policies, native records, the vendor's anti-rollback, and the values of errors. Whose
/// images boot, and which versions, is for `images` to say. An image that is passed over is checked once.
///
/// `most_tries`: boots on trial that an image gets; 0 means 1. `buffer`: handed on to `images`.
/// Preconditions: keeps_esp_records(geometry); `layout` is this flash's.
/// Errors: those of the flash, when reading: nothing is decided then. Reset and try again.
[[nodiscard]] Status run_compact_bootloader(Flash& flash, const Layout& layout, std::uint8_t most_tries,
                                            ImageCheck& images, MutableBytes buffer, CompactOutcome& outcome);

}  // namespace dualbank
