#include "dualbank/engine/board_boot.hpp"

#include "dualbank/engine/image_loader.hpp"

namespace dualbank {

Result<std::uint32_t> boot(BootBoard& board, Flash& flash, const BootParts& parts) {
  const Result<BootOutcome> outcome = run_bootloader(flash, parts.layout, parts.settings, parts.buffer);
  if (!outcome) return outcome.error();
  const BootDecision& decision = outcome->decision;
  if (decision.slot == kNoSlot) {
    board.recovering();
    Recovery recovery{flash, parts.layout, parts.settings, parts.buffer};
    while (!recovery.reset_asked()) board.write(recovery.take(board.read()));
    return Status::stopped;
  }
  board.starting(*outcome);
  write_boot_handover({decision.slot, decision.reason, decision.trial_boot, outcome->journal}, parts.handover);
  const Extent slot = parts.layout.extent_of(decision.slot);
  if (parts.settings.guard == nullptr) return load_image(flash, slot, parts.settings.memory);
  return parts.settings.guard->load(flash, slot, parts.settings.memory, parts.buffer);
}

}  // namespace dualbank
