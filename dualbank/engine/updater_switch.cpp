// Choosing what boots: switch, roll back.
#include "dualbank/engine/trial.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank {

Status Updater::switch_slot() {
  if (const Event e = writable(); e.failed()) return answer(e);
  return switch_slot(slot_to_write());
}

Status Updater::switch_slot(SlotIndex slot) {
  const Event may = may_update();
  const bool again = may.code == Status::running_factory && slot == sectors_.active_slot();
  if (may.failed() && !again) return answer(may);
  if (slot < 0 || slot >= layout_.slot_count) {
    return answer({Status::slot_unknown, {static_cast<std::uint32_t>(slot), layout_.slot_count, 0}});
  }
  if (slot == state_.running_slot) return answer({Status::slot_is_running, {static_cast<std::uint32_t>(slot), 0, 0}});
  return answer(switch_to(slot));
}

Event Updater::switch_to(SlotIndex slot) {
  const bool updated = session_.active() && session_.terms().slot == slot;
  if (slot == slot_to_write() && held_bytes_ > 0 && !start_held_) {
    return {Status::update_incomplete, {held_bytes_, kImageStartBytes - held_bytes_, 0}};
  }
  if (updated) {
    if (const Event e = finish_update(); e.failed()) return e;
  }
  ImageBrief info;
  if (const Event e = check_written(slot, info); e.failed()) return e;
  if (updated && session_.length_declared() && info.length_bytes > session_.length_bytes()) {
    return {Status::length_mismatch, {info.length_bytes, session_.length_bytes(), 0}};
  }
  if (options_.anti_rollback && info.secure_version < options_.lowest_secure_version) {
    return {Status::image_version_too_low, {info.secure_version, options_.lowest_secure_version, 0}};
  }
  const auto named = static_cast<std::uint32_t>(slot);
  const int active = sectors_.active();
  if (stands(slot)) {
    if (const Event e = sectors_.refresh_record(active); e.failed()) return e;
    if (updated) {
      if (const Event e = end_session(); e.failed()) return e;
    }
    return {Status::already_switched, {named, sectors_.facts(active).record.seq, 0}};
  }
  if (const Event e = write_choice(slot, Reason::switched); e.failed()) return e;
  return {Status::switched, {named, sectors_.facts(sectors_.active()).record.seq, 0}};
}

Event Updater::check_written(SlotIndex slot, ImageBrief& brief) {
  const bool streamed = streamed_bytes_ != 0 && session_.active() && session_.terms().slot == slot;
  if (!streamed || !options_.streamed->done()) return check_image(slot, rules_for(slot), &brief);
  brief = {options_.streamed->info().length_bytes, options_.streamed->info().descriptor.secure_version};
  return check_allowed(slot, brief);
}

// The active record names this slot, and does what a new one would do.
bool Updater::stands(SlotIndex slot) const {
  const int active = sectors_.active();
  if (active < 0 || sectors_.active_slot() != slot || sectors_.facts(active).doomed) return false;
  const RecordTrial trial = trial_of(sectors_, active);
  const bool lasts = !trial.on_trial || sectors_.room(active) >= sectors_.cells_for_a_trial();
  return !trial.gave_up && trial.tries == 0 && lasts;
}

Event Updater::finish_update() {
  if (start_held_) {
    if (const Event e = write(held_, 0); e.failed()) return e;
    forget_held();
  }
  const Range gap = next_missing();
  if (!gap.empty()) return {Status::update_incomplete, {gap.from, gap.length(), 0}};
  return clean_session();  // behind the image, where a cut hit an erase of more than one granule
}

Event Updater::write_choice(SlotIndex slot, Reason reason) {
  int sector = 0;
  if (session_.active() && session_.terms().slot != slot) {
    if (const Event e = end_session(); e.failed()) return e;
  }
  if (session_.active()) {
    sector = session_.sector();
  } else if (const Event e = free_sector(sector); e.failed()) {
    return e;
  }
  const std::uint32_t seq = sectors_.seq_for(slot);
  if (seq == kBlankSeq) return {Status::seq_exhausted, {kHighestSeq, 0, 0}};
  const bool rolls_back = options_.policy == Policy::stock_rollback;
  const int active = sectors_.active();
  if (rolls_back && active >= 0 && !sectors_.facts(active).newer) {
    // The bootloader's first trial boot erases the new record's sector and what its journal says: tell it here too.
    const Event e = sectors_.append(active, {CellKind::note, static_cast<std::uint8_t>(slot), 0, seq, 0});
    if (e.failed() && e.code != Status::journal_full) return e;
  }
  const RecordState state = !rolls_back                  ? RecordState::undefined
                            : reason == Reason::switched ? RecordState::fresh
                                                         : RecordState::valid;
  if (const Event e = sectors_.put(sector, slot, seq, state, reason); e.failed()) return e;
  session_.close();
  received_.clear();
  forget_held();
  next_offset_ = streamed_bytes_ = 0;
  return kDone;
}

Status Updater::rollback() {
  if (const Event e = writable(); e.failed()) return answer(e);
  SlotIndex slot = kNoSlot;
  if (const Event e = find_rollback_target(slot); e.failed()) return answer(e);
  return rollback(slot);
}

Status Updater::rollback(SlotIndex slot) {
  if (const Event e = writable(); e.failed()) return answer(e);
  if (slot < 0 || slot >= layout_.slot_count) {
    return answer({Status::slot_unknown, {static_cast<std::uint32_t>(slot), layout_.slot_count, 0}});
  }
  return answer(roll_back_to(slot));
}

// After a switch without a reset: the running slot. Else what the other record names, else any other slot that
// verifies.
Event Updater::find_rollback_target(SlotIndex& slot) {
  const int active = sectors_.active();
  if (active >= 0 && sectors_.active_slot() != state_.running_slot && is_ota_slot(state_.running_slot)) {
    slot = running_on_trial() ? sectors_.active_slot() : state_.running_slot;
    return kDone;
  }
  const auto good = [this](SlotIndex candidate) {
    if (candidate == state_.running_slot || (session_.active() && session_.terms().slot == candidate)) return false;
    ImageRules rules = rules_for(candidate);
    rules.need_hash = rules.need_descriptor = false;
    return !check_image(candidate, rules).failed();
  };
  if (active >= 0 && sectors_.facts(1 - active).record.usable()) {
    slot = slot_of_seq(sectors_.facts(1 - active).record.seq, layout_.slot_count);
    if (good(slot)) return kDone;
  }
  for (slot = 0; slot < layout_.slot_count; ++slot) {
    if (good(slot)) return kDone;
  }
  if (session_.active()) return {Status::slot_unfinished, {static_cast<std::uint32_t>(session_.terms().slot), 0, 0}};
  return {Status::no_rollback_target, {static_cast<std::uint32_t>(state_.next_update_slot), 0, 0}};
}

Event Updater::roll_back_to(SlotIndex slot) {
  const auto named = static_cast<std::uint32_t>(slot);
  const int active = sectors_.active();
  const RecordState state = active >= 0 ? sectors_.facts(active).record.state : RecordState::undefined;
  const bool rolls_back = options_.policy == Policy::stock_rollback;
  if (active >= 0 && sectors_.active_slot() != state_.running_slot && running_on_trial()) {
    const auto running = static_cast<std::uint32_t>(state_.running_slot);
    if (slot == state_.running_slot) return {Status::on_trial, {running, 0, 0}};
    if (slot == sectors_.active_slot()) return {Status::rollback_by_reset, {running, 0, 0}};
  }
  if (slot == state_.running_slot) {
    int freed = 0;
    if (sectors_.active_slot() != slot) {
      if (const Event e = end_session(); e.failed()) return e;
      if (const Event e = free_sector(freed); e.failed()) return e;  // names the running slot, above all others
      if (sectors_.active_slot() != slot) {
        if (const Event e = sectors_.wipe(freed); e.failed()) return e;
      }
    } else if (rolls_back && sectors_.doubtful(1 - active)) {  // the record of a trial can come back
      if (const Event e = sectors_.wipe(1 - active); e.failed()) return e;
    }
    if (sectors_.active() < 0) return {Status::rolled_back, {named, 0, 0}};
    return {Status::rolled_back, {named, sectors_.facts(sectors_.active()).record.seq, 0}};
  }
  if (session_.active() && session_.terms().slot == slot) return {Status::slot_unfinished, {named, 0, 0}};
  ImageRules rules = rules_for(slot);
  rules.need_hash = rules.need_descriptor = false;  // it may have been put there by other tools, and has booted
  if (const Event e = check_image(slot, rules); e.failed()) return e;
  const bool pending =
      rolls_back && state == RecordState::pending_verify && sectors_.active_slot() == state_.running_slot;
  if (pending && sectors_.facts(1 - active).record.usable() &&
      slot_of_seq(sectors_.facts(1 - active).record.seq, layout_.slot_count) == slot) {
    return {Status::rollback_by_reset, {static_cast<std::uint32_t>(state_.running_slot), 0, 0}};
  }
  if (const Event e = write_choice(slot, Reason::rollback); e.failed()) return e;
  return {Status::rolled_back, {named, sectors_.facts(sectors_.active()).record.seq, 0}};
}

}  // namespace dualbank
