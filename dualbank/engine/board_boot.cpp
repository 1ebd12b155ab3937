#include "dualbank/engine/board_boot.hpp"

#include "dualbank/engine/compact_bootloader.hpp"
#include "dualbank/engine/compact_images.hpp"
#include "dualbank/engine/image_loader.hpp"

namespace dualbank {
namespace {

Status recover(BootBoard& board, Recovery recovery) {
  board.recovering();
  while (!recovery.reset_asked()) board.write(recovery.take(board.read()));
  return Status::stopped;
}

void start(BootBoard& board, const BootHandover& boot, MutableBytes place) {
  board.starting(boot);
  write_boot_handover(boot, place);
}

template <bool kInPlace>
Result<std::uint32_t> run_compact(BootBoard& board, Flash& flash, const CompactBootParts& parts) {
  CompactImages<kInPlace> images{flash, parts.memory};
  CompactOutcome outcome;
  const Status s = run_compact_bootloader(flash, parts.layout, parts.most_tries, images, parts.buffer, outcome);
  if (s != Status::ok) return s;
  if (outcome.slot == kNoSlot) return recover(board, {flash, parts.layout, images, images.chip_id(), parts.buffer});
  start(board, {outcome.slot, outcome.reason, outcome.trial_boot, {outcome.journal}}, parts.handover);
  return images.entry();
}

}  // namespace

Result<std::uint32_t> boot(BootBoard& board, Flash& flash, const BootParts& parts) {
  const BootSettings& settings = parts.settings;
  const Result<BootOutcome> outcome = run_bootloader(flash, parts.layout, settings, parts.buffer);
  if (!outcome) return outcome.error();
  const BootDecision& decision = outcome->decision;
  if (decision.slot == kNoSlot) {
    BootableCheck images{flash, settings};
    return recover(board, {flash, parts.layout, images, settings.chip_id, parts.buffer});
  }
  start(board, {decision.slot, decision.reason, decision.trial_boot, outcome->journal}, parts.handover);
  const Extent slot = parts.layout.extent_of(decision.slot);
  if (settings.guard == nullptr) return load_image(flash, slot, settings.memory);
  return settings.guard->load(flash, slot, settings.memory, parts.buffer);
}

Result<std::uint32_t> boot_compact(BootBoard& board, Flash& flash, const CompactBootParts& parts) {
  return run_compact<false>(board, flash, parts);
}

Result<std::uint32_t> boot_compact_in_place(BootBoard& board, Flash& flash, const CompactBootParts& parts) {
  return run_compact<true>(board, flash, parts);
}

}  // namespace dualbank
