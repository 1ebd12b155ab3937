// The trial of the running image: confirm it, or count its boots and go back.
#include "dualbank/engine/trial.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank {

Status Updater::confirm() {
  if (const Event e = writable(); e.failed()) return answer(e);
  Event e = confirm_running();
  if (!e.failed()) e = raise_version(true);
  return answer(e.failed() ? e : Event{Status::confirmed, {static_cast<std::uint32_t>(state_.running_slot), 0, 0}});
}

Event Updater::confirm_running() {
  const int active = sectors_.active();
  if (active < 0) return kDone;  // found by search: never on trial
  if (sectors_.active_slot() != state_.running_slot) {
    if (!running_on_trial()) return {Status::not_confirmable};
    if (const Event e = sectors_.rely_on_record(active); e.failed()) return e;
    const std::uint32_t seq = sectors_.facts(1 - active).record.seq;  // what was chosen meanwhile stays chosen
    return sectors_.put(1 - active, state_.running_slot, seq, RecordState::valid, Reason::confirm);
  }
  const SectorFacts& facts = sectors_.facts(active);
  const RecordState state = facts.record.state;
  const bool trial_state = state == RecordState::fresh || state == RecordState::pending_verify;
  if (options_.policy == Policy::stock_rollback && trial_state) {
    // In place: until the new record stands, a cut boots the old image, as any reset before confirming does. With the
    // other sector erased first, a cut could leave none.
    return sectors_.put(active, state_.running_slot, facts.record.seq, RecordState::valid, Reason::confirm);
  }
  if (!running_on_trial() && !facts.confirmed) return kDone;
  const Event e =
      facts.confirmed ? sectors_.refresh_last_cell(active) : sectors_.append(active, {.kind = CellKind::confirmed});
  if (e.code != Status::journal_full) return e;
  if (session_.active()) return e;
  return sectors_.put(1 - active, state_.running_slot, sectors_.seq_for(state_.running_slot), RecordState::valid,
                      Reason::confirm);
}

Status Updater::boot_guard(std::uint8_t most_boots) {
  if (const Event e = writable(); e.failed()) return answer(e);
  return answer(guard(most_boots == 0 ? std::uint8_t{1} : most_boots));
}

Event Updater::guard(std::uint8_t most_boots) {
  const auto running = static_cast<std::uint32_t>(state_.running_slot);
  if (!running_on_trial()) return {Status::not_on_trial, {running, 0, 0}};
  if (options_.policy != Policy::stock) return {Status::bootloader_counts, {running, 0, 0}};
  const int active = sectors_.active();
  const RecordTrial trial = trial_of(sectors_, active);
  if (guarded_) return {Status::trial_boot, {running, trial.tries, most_boots}};
  if (trial.gave_up || trial.tries >= most_boots) return end_trial();
  const auto boot = static_cast<std::uint8_t>(trial.tries + 1);
  if (const Event e = sectors_.append(active, {.kind = CellKind::tried, .a = boot}); e.failed()) return e;
  if (const Status s = flash_->sync(); s != Status::ok) return {s};
  guarded_ = true;
  return {Status::trial_boot, {running, boot, most_boots}};
}

Event Updater::end_trial() {
  const int active = sectors_.active();
  const std::uint32_t tries = sectors_.facts(active).tries;
  SlotIndex slot = kNoSlot;
  if (const Event e = find_rollback_target(slot); e.failed()) return e;
  // First: whatever a cut leaves of the rest, the next boot takes it up here, also with a larger most_boots.
  if (!sectors_.facts(active).gave_up) {
    const Event e = sectors_.append(active, {.kind = CellKind::gave_up});
    if (e.failed() && e.code != Status::journal_full) return e;
  }
  if (const Event e = roll_back_to(slot); e.failed()) return e;
  if (const Status s = flash_->sync(); s != Status::ok) return {s};
  return {Status::trial_failed,
          {static_cast<std::uint32_t>(state_.running_slot), tries, static_cast<std::uint32_t>(slot)}};
}

}  // namespace dualbank
