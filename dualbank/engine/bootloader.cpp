#include "dualbank/engine/bootloader.hpp"

#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/trial.hpp"

namespace dualbank {
namespace {

/// The journal of the record that was followed.
class BootJournal {
 public:
  BootJournal(Flash& flash, BootSectors& sectors, int sector) : flash_(flash), sectors_(sectors), sector_(sector) {}

  [[nodiscard]] const SectorFacts& facts() const { return sectors_.facts(sector_); }

  Event append(const Cell& cell) {
    if (sectors_.native() == nullptr && !keeps_esp_records(flash_.geometry())) {
      return {Status::flash_geometry, {flash_.geometry().write_unit_bytes, flash_.geometry().sector_bytes(), 0}};
    }
    if (const Event e = sectors_.append(sector_, cell); e.failed()) return e;
    const Status synced = flash_.sync();
    return synced == Status::ok ? kDone : Event{synced};
  }

  Event note_boot(const BootDecision& decision, SlotIndex named) {
    const Cell& last = facts().booted;
    const bool any = facts().has_booted;
    const SlotIndex last_slot = any ? static_cast<SlotIndex>(last.a) : named;
    const auto reason = static_cast<std::uint16_t>(decision.reason);
    const std::uint16_t last_reason = any ? last.b : static_cast<std::uint16_t>(BootReason::active_record);
    if (decision.slot == last_slot && reason == last_reason) return kDone;
    const std::uint32_t number = any ? last.d + 1 : 1;
    if (number > kMostBootedCells || sectors_.room(sector_) < kRoomToNoteABoot) return kDone;
    const Event e = append({.kind = CellKind::booted,
                            .a = static_cast<std::uint8_t>(decision.slot),
                            .b = reason,
                            .c = facts().record.seq,
                            .d = number});
    return e.code == Status::journal_full ? kDone : e;
  }

 private:
  Flash& flash_;
  BootSectors& sectors_;
  int sector_;
};

// Under our policy.
Result<BootOutcome> run_ours(Flash& flash, const Layout& layout, const BootSettings& settings, MutableBytes buffer) {
  BootSectors sectors;
  BootInputs inputs;
  if (const Event e = look_before_boot(flash, layout, settings, sectors, inputs); e.failed()) return e;
  Result<BootDecision> decided = decide_verified(flash, layout, settings, inputs, buffer);
  if (!decided) return decided.error();
  BootOutcome out{*decided, kDone};
  const int followed = out.decision.followed;
  if (followed < 0 || out.decision.slot == kNoSlot || sectors.facts(followed).newer) return out;

  BootJournal journal{flash, sectors, followed};
  if (out.decision.trial_boot > 0) {
    out.journal = journal.append({.kind = CellKind::tried, .a = out.decision.trial_boot});
    if (out.journal.failed()) {
      inputs.trials[static_cast<unsigned>(followed)].gave_up = true;
      decided = decide_verified(flash, layout, settings, inputs, buffer);
      if (!decided) return decided.error();
      out.decision = *decided;
      return out;
    }
  } else if (out.decision.trial_over && !journal.facts().gave_up) {
    out.journal = journal.append({.kind = CellKind::gave_up});
  }
  if (!out.journal.failed()) {
    const SlotIndex named = slot_of_seq(journal.facts().record.seq, layout.slot_count);
    out.journal = journal.note_boot(out.decision, named);
  }
  return out;
}

}  // namespace

Result<BootOutcome> run_bootloader(Flash& flash, const Layout& layout, const BootSettings& settings,
                                   MutableBytes buffer) {
  if (settings.policy == Policy::dualbank) return run_ours(flash, layout, settings, buffer);
  BootSettings ours = settings;  // not always a copy: settings known when it is built shorten the code
  ours.policy = Policy::dualbank;
  return run_ours(flash, layout, ours, buffer);
}

}  // namespace dualbank
