// Our own bootloader: one call that says which slot to start, after it has written what must be remembered. It gives an
// image that was switched to a few boots on trial, and the old one back when none of them confirms.
#pragma once

#include <cstdint>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"

namespace dualbank {

/// `booted` cells that one record's journal takes, at most.
inline constexpr std::uint32_t kMostBootedCells = 8;

struct BootOutcome {
  BootDecision decision{};  ///< start `decision.slot`; kNoSlot: nothing boots
  /// ok, or what could not be remembered: errors of the flash; journal_full; flash_geometry, where journals cannot be
  /// written. Never a reason not to start `decision.slot`.
  Event journal{};
};

/// Reads the records and their journals, verifies, decides under Policy::dualbank (whatever `settings` say of it), and
/// appends to the journal of the record that was followed, and nowhere else:
///   tried    before an image on trial starts. Where it cannot be written the image is not started this time: a boot
///            that nobody counts could go on for ever. The next boot tries again.
///   gave_up  when the trial is over, so that it stays over.
///   booted   when slot or reason are others than at the last boot (before the first cell: than the record itself
///            says), at most kMostBootedCells times, and never in room that an update needs.
/// No record is written and nothing is erased. A record without dualbank's journal, or with a newer one's, is followed
/// and has no trial. A normal boot writes nothing. A trial ends after most_tries boots, and as many more as power cuts
/// hit the writing of a *tried* cell; sooner when its log is full.
///
/// `buffer`: as of verify_slot. Precondition: `layout` was read from this flash.
/// Errors: those of the flash, when reading: nothing is decided then. Reset and try again.
[[nodiscard]] Result<BootOutcome> run_bootloader(Flash& flash, const Layout& layout, const BootSettings& settings,
                                                 MutableBytes buffer);

}  // namespace dualbank
