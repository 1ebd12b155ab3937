// What our bootloader tells the application that it starts: a few bytes in RAM that a jump, and a reset, leaves alone.
// Bytes, not a structure: bootloader and application are built at different times by different compilers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank {

inline constexpr std::size_t kBootHandoverBytes = 24;

struct BootHandover {
  SlotIndex slot = kNoSlot;  ///< what runs: Options::running_slot of the Updater. kNoSlot: nobody said
  BootReason reason = BootReason::nothing_boots;
  std::uint8_t trial_boot = 0;  ///< which boot on trial this is, from 1; 0: none
  Event journal{};              ///< BootOutcome::journal: what the bootloader could not remember; ok mostly
};

/// | offset | bytes | what                                      |
/// |--------|-------|-------------------------------------------|
/// | 0      | 4     | "DBH1"                                    |
/// | 4      | 1     | slot, as a signed number (SlotIndex)      |
/// | 5      | 1     | reason (BootReason)                       |
/// | 6      | 1     | boot on trial                             |
/// | 7      | 1     | status code of `journal`                  |
/// | 8      | 12    | its three values                          |
/// | 20     | 4     | CRC-32 of the 20 bytes before it          |
///
/// Precondition: at least kBootHandoverBytes in `place`, in RAM that neither start-up code clears.
void write_boot_handover(const BootHandover& handover, MutableBytes place);

/// Reads it and wipes it, so that an older bootloader, which writes none, cannot leave the one of another boot. All as
/// default where there is none. Precondition: as above.
[[nodiscard]] BootHandover take_boot_handover(MutableBytes place);

}  // namespace dualbank
