// The trial of an image that was switched to, as the journal behind its record tells it. Our bootloader and boot_guard
// count its boots alike.
#pragma once

#include <cstdint>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/boot_sectors.hpp"

namespace dualbank {

/// Free cells without which a boot on trial is not counted any more: its own, and then one to confirm or give up, and
/// one to erase the sector with.
inline constexpr std::uint32_t kCellsForATry = 3;

/// Free cells without which a bootloader notes no change of what it boots: two more than an update needs, as settling
/// takes one.
inline constexpr std::uint32_t kRoomToNoteABoot = kReservedCells + 2;

/// Switched to by dualbank, and not confirmed.
[[nodiscard]] inline bool on_trial(const SectorFacts& facts) {
  return facts.ours() && facts.intent.b == static_cast<std::uint16_t>(Reason::switched) && !facts.confirmed &&
         facts.record.state != RecordState::valid;
}

/// What `decide_boot` wants to know. A trial whose boots cannot be counted, because the log is full, counts as given
/// up: it would be endless.
[[nodiscard]] inline RecordTrial trial_of(const BootSectors& sectors, int sector) {
  const SectorFacts& facts = sectors.facts(sector);
  if (!on_trial(facts)) return {};
  return {true, facts.gave_up || sectors.room(sector) < kCellsForATry, facts.tries};
}

/// The sector of a record whose image was given up and does not run; -1: there is none.
[[nodiscard]] inline int failed_trial(const BootSectors& sectors, SlotIndex running) {
  for (int sector = 0; sector < 2; ++sector) {
    const SectorFacts& facts = sectors.facts(sector);
    if (on_trial(facts) && facts.gave_up && static_cast<SlotIndex>(facts.intent.a) != running) return sector;
  }
  return -1;
}

}  // namespace dualbank
