// Which layout of boards.txt a flash has, and why some have no second slot.
#pragma once

#include "dualbank/cli/boards.hpp"
#include "dualbank/cli/flash_view.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank::cli {

/// By all rows of the flash's partition table; null where they are those of no layout.
[[nodiscard]] const KnownLayout* known_layout(FlashView& view);

/// The event as Refused has it; where a known layout has no second slot, its cure says why.
[[nodiscard]] Refused refusal(FlashView& view, const Event& event);
/// Throws that refusal when the event is an error.
void require(FlashView& view, const Event& event);

}  // namespace dualbank::cli
