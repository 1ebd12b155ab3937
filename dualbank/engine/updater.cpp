// Opening: what runs, what boots, and what a power cut left. The other verbs are in updater_begin.cpp,
// updater_flash.cpp, updater_switch.cpp and updater_trial.cpp.
#include "dualbank/engine/updater.hpp"

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/trial.hpp"

namespace dualbank {
namespace {

constexpr std::size_t kOwnBufferBytes = 256;

}  // namespace

Status Updater::answer(const Event& event) {
  event_ = event;
  if (open_) note_state();
  return event.failed() ? event.code : Status::ok;
}

Event Updater::writable() const {
  if (!open_) return {Status::not_open};
  return options_.read_only ? Event{Status::read_only} : kDone;
}

Event Updater::pulse(std::uint32_t done_bytes, std::uint32_t total_bytes) const {
  if (options_.between_units == nullptr) return kDone;
  const bool go_on = options_.between_units(options_.between_units_context, done_bytes, total_bytes);
  return go_on ? kDone : Event{Status::stopped, {done_bytes, total_bytes, 0}};
}

ImageRules Updater::rules_for(SlotIndex slot) const {
  const Extent extent = layout_.extent_of(slot);
  ImageRules rules = ImageRules::strict(chip_id_, extent.size_bytes, extent.offset);
  if (options_.allow_foreign) rules.need_hash = rules.need_descriptor = false;
  return rules;
}

Status Updater::open() {
  open_ = false;
  held_bytes_ = 0;
  start_held_ = false;
  session_.close();
  received_.clear();
  length_.reset();
  streamed_bytes_ = 0;
  state_ = {};
  const Event e = open_flash();
  open_ = !e.failed();
  next_offset_ = open_ && session_.active() ? next_missing().from : 0;
  return answer(e);
}

Event Updater::open_flash() {
  const bool native = options_.native != nullptr && keeps_native_records(flash_->geometry());
  if (!keeps_esp_records(flash_->geometry()) && !native) {
    std::array<std::byte, 1> probe;  // a port that could not open says why
    if (const Event e = read_flash(*flash_, 0, probe); e.failed()) return e;
    return {Status::flash_geometry, {flash_->geometry().write_unit_bytes, flash_->geometry().sector_bytes(), 0}};
  }
  if (const Event e = find_layout(); e.failed()) return e;
  if (const Event e = sectors_.read(*flash_, layout_, options_.native); e.failed()) return e;
  if (const Event e = infer_running(); e.failed()) return e;
  chip_id_ = options_.chip_id != kAnyChip ? options_.chip_id : infer_chip(*flash_, layout_, state_.running_slot);
  Event found = kDone;
  if (!options_.read_only) {
    found = recover();
    if (found.failed()) return found;
    if (const Event e = raise_version(false); e.failed()) return e;
  }
  if (const Event e = load_session(); e.failed()) return e;
  note_state();
  return found != kDone ? found : what_stands();
}

Event Updater::find_layout() {
  if (options_.layout != nullptr) {
    layout_ = *options_.layout;
    if (const Event e = check_layout(flash_->geometry(), layout_); e.failed()) return e;
  } else {
    const Result<Layout> layout = read_layout(*flash_, options_.table_offset);
    if (!layout) return layout.error();
    layout_ = *layout;
  }
  if (const Event e = layout_.updatable(); e.failed()) return e;
  const std::uint32_t needed = 2 * native_sector_bytes(flash_->geometry());
  if (layout_.otadata.size_bytes >= needed) return kDone;
  return {Status::layout_otadata_too_small, {layout_.otadata.size_bytes, needed, 0}};
}

Event Updater::what_stands() const {
  const auto running = static_cast<std::uint32_t>(state_.running_slot);
  const int active = sectors_.active();
  const bool uncounted = options_.policy == Policy::dualbank && active >= 0 &&
                         sectors_.active_slot() != state_.running_slot && trial_of(sectors_, active).gave_up;
  if (const int failed = uncounted ? active : failed_trial(sectors_, state_.running_slot); failed >= 0) {
    const SectorFacts& facts = sectors_.facts(failed);
    return {Status::trial_failed_back, {facts.intent.a, facts.tries, running}};
  }
  return {Status::opened,
          {running, static_cast<std::uint32_t>(state_.boot_slot), static_cast<std::uint32_t>(state_.next_update_slot)}};
}

Event Updater::infer_running() {
  if (options_.running_slot != kUnknownSlot) {
    const bool known = options_.running_slot == kNoSlot || layout_.extent_of(options_.running_slot).present();
    state_.running_slot = options_.running_slot;
    return known ? kDone
                 : Event{Status::slot_unknown,
                         {static_cast<std::uint32_t>(options_.running_slot), layout_.slot_count, 0}};
  }
  std::array<std::byte, kOwnBufferBytes> own;
  BootSettings settings{options_.policy, options_.chip_id, options_.anti_rollback, options_.lowest_secure_version};
  settings.native = options_.native;
  if (options_.policy == Policy::dualbank) {
    settings.guard = options_.guard;
    settings.versions = options_.versions;
  }
  BootInputs inputs;
  if (const Event e = look_before_boot(*flash_, layout_, settings, sectors_, inputs); e.failed()) return e;
  if (settings.policy == Policy::stock_rollback) {
    // What runs now is what the last reset chose: a NEW record has not been booted yet, a PENDING_VERIFY one has.
    for (BootRecord& record : inputs.records) {
      if (record.state == RecordState::fresh) record.state = RecordState::invalid;
    }
    settings.policy = Policy::stock;
  } else if (settings.policy == Policy::dualbank) {
    // The same: an image whose trial has no boot yet does not run, and the last one that it got it runs.
    for (std::uint32_t i = 0; i < inputs.trials.size(); ++i) {
      if (!inputs.trials[i].on_trial) continue;
      const SectorFacts& facts = sectors_.facts(static_cast<int>(i));
      if (facts.tries == 0) inputs.records[i].state = RecordState::invalid;
      inputs.trials[i] = {true, facts.gave_up, 0};
    }
  }
  const Result<BootDecision> decision = decide_verified(*flash_, layout_, settings, inputs, work_buffer(own));
  if (!decision) return decision.error();
  state_.running_slot = decision->slot;
  return kDone;
}

// Where the record of the running image on trial is; -1: it is on none.
int Updater::trial_sector() const {
  const int a = sectors_.active();
  if (a < 0) return -1;
  const bool rolls_back = options_.policy == Policy::stock_rollback;
  if (sectors_.active_slot() != state_.running_slot) {
    // The vendor's calls can choose another slot meanwhile. The bootloader drops this one all the same. Where
    // rollback() did, the trial is over.
    if (sectors_.facts(a).ours()) return -1;
    const BootRecord& other = sectors_.facts(1 - a).record;
    const bool named = other.usable() && slot_of_seq(other.seq, layout_.slot_count) == state_.running_slot;
    return rolls_back && named && other.state == RecordState::pending_verify ? 1 - a : -1;
  }
  const SectorFacts& facts = sectors_.facts(a);
  if (facts.record.state == RecordState::valid) return -1;
  if (rolls_back && facts.record.state == RecordState::pending_verify) return a;
  return dualbank::on_trial(facts) ? a : -1;
}

void Updater::note_state() {
  state_.boot_slot = sectors_.active_slot();
  state_.next_update_slot = layout_.next_update_slot(state_.running_slot);
  state_.on_trial = running_on_trial();
  state_.trial_boots = state_.on_trial ? sectors_.facts(trial_sector()).tries : std::uint8_t{0};
  state_.update_active = session_.active();
  state_.update_slot = session_.active() ? session_.terms().slot : kNoSlot;
  state_.update_length_bytes = session_.active() ? session_.length_bytes() : kUnknownLength;
  state_.update_granule_bytes = session_.active() ? session_.granule_bytes() : 0;
}

Event Updater::recover() {
  const int active = sectors_.active();
  const bool trial = options_.policy == Policy::stock_rollback && active >= 0 &&
                     sectors_.facts(active).record.state == RecordState::pending_verify;
  if (trial) return kDone;
  for (const int sector : {0, 1}) {  // an intent or a confirmation that does not count now must not count tomorrow
    if (const Event e = sectors_.bury_torn_cell(sector); e.failed()) return e;
  }
  Event found = kDone;
  for (const int sector : {active == 1 ? 1 : 0, active == 1 ? 0 : 1}) {  // first the one that all rests on
    if (!sectors_.facts(sector).unfinished()) continue;
    const Event e = recover_intent(sector);
    if (e.failed()) return e;
    if (e != kDone && found.code != Status::finished_switch) found = e;
  }
  if (found != kDone) return found;
  if (active < 0) return kDone;
  if (sectors_.facts(active).doomed) return recover_doomed_active(active);
  if (sectors_.facts(active).record_doubtful) return recover_doubtful_active(active);
  const int other = 1 - active;
  if (!sectors_.facts(other).doomed) return kDone;
  if (const Event e = sectors_.wipe(other); e.failed()) return e;
  return {Status::buried_record, {static_cast<std::uint32_t>(other), 0, 0}};
}

Event Updater::recover_intent(int sector) {
  const Cell intent = sectors_.facts(sector).intent;
  // Neither firm nor gone: it boots only where nothing else does, and the next update's anchor overrules it.
  if (failed_trial(sectors_, state_.running_slot) == sector) return kDone;
  const auto slot = static_cast<SlotIndex>(intent.a);
  const bool anchors = intent.b == static_cast<std::uint16_t>(Reason::anchor);
  const int active = sectors_.active();
  const bool rules = active == sector;
  const bool higher = active < 0 || intent.c > sectors_.facts(active).record.seq;
  const bool newest = higher && (!anchors || slot == state_.running_slot);  // another slot runs: it was booted since
  const bool whole = sectors_.facts(sector).ours() && sectors_.facts(sector).record.usable();
  bool wanted = rules || newest || whole;  // one that is whole and does not rule is worth keeping: to go back to
  if (newest && !rules && !anchors) {
    wanted = !check_image(slot, rules_for(slot)).failed();
  }
  if (wanted) {
    const Event e = sectors_.finish(sector);
    const Status said =
        intent.b == static_cast<std::uint16_t>(Reason::switched) ? Status::finished_switch : Status::repaired_record;
    if (!e.failed()) return {said, {intent.a, intent.c, 0}};
    const bool hopeless = e.code == Status::flash_not_erased || e.code == Status::journal_full;
    if (!hopeless || rules || active < 0) return e;
  } else if (active < 0) {
    return kDone;  // nothing else to boot from: the next update starts with an anchor
  }
  if (const Event e = sectors_.refresh_record(active); e.failed()) return e;
  if (const Event e = sectors_.wipe(sector); e.failed()) return e;
  return {Status::buried_record, {static_cast<std::uint32_t>(sector), 0, 0}};
}

Event Updater::recover_doomed_active(int sector) {
  const SlotIndex slot = sectors_.active_slot();
  if (slot != state_.running_slot) return kDone;  // begin() and rollback() anchor first
  const int other = 1 - sector;
  const BootRecord& record = sectors_.facts(other).record;
  const SlotIndex named = slot_of_seq(record.seq, layout_.slot_count);
  const bool other_boots = record.usable() && !check_image(named, rules_for(named)).failed();
  const int target = other_boots ? sector : other;
  const std::uint32_t seq = sectors_.seq_for(slot);
  if (const Event e = sectors_.put(target, slot, seq, RecordState::valid, Reason::anchor); e.failed()) return e;
  return {Status::repaired_record, {static_cast<std::uint32_t>(slot), seq, 0}};
}

// Native form: what was the last cell when the power went may be gone tomorrow.
Event Updater::recover_doubtful_active(int sector) {
  const Event e = sectors_.refresh_record(sector);
  if (e.code == Status::journal_full) return recover_doomed_active(sector);
  if (e.failed()) return e;
  return {Status::repaired_record,
          {static_cast<std::uint32_t>(sectors_.active_slot()), sectors_.facts(sector).record.seq, 0}};
}

Event Updater::load_session() {
  for (int sector = 0; sector < 2; ++sector) {
    if (sector == sectors_.active() || !sectors_.facts(sector).has_session) continue;
    const auto slot = static_cast<SlotIndex>(sectors_.facts(sector).session.a);
    // None begins on a slot that boots next: such a one is older than the record, and its marks speak of other bytes.
    if (slot == state_.running_slot || slot == sectors_.active_slot()) continue;
    if (const Event e = session_.load(*flash_, sectors_, sector, layout_, received_); e.failed()) return e;
    if (!session_.active()) continue;
    if (!options_.read_only && !session_.can_go_on()) return end_session();
    drop_what_cannot_be_kept();
    const Event learned = learn_length();
    if (learned.code != Status::image_too_long) return learned;
    return options_.read_only ? kDone : end_session();  // segments that no slot holds: it can never be finished
  }
  return kDone;
}

// Bytes that the slot held already are kept over an erase in the workspace only: without one they are sent again.
void Updater::drop_what_cannot_be_kept() {
  if (options_.workspace.size() >= session_.granule_bytes()) return;
  for (std::uint32_t g = 0; g < session_.granules(); ++g) {
    if (!session_.fresh(g)) received_.remove(session_.range_of(g));
  }
}

Event Updater::check_image(SlotIndex slot, const ImageRules& rules, ImageBrief* brief) {
  std::array<std::byte, kOwnBufferBytes> own;
  ImageBrief image;
  const Event e = check_slot(*flash_, layout_.extent_of(slot), rules, work_buffer(own), &image);
  if (e.failed()) return name_slots(e, layout_);
  if (brief != nullptr) *brief = image;
  return check_allowed(slot, image);
}

CanRollBack Updater::can_rollback() const {
  const int a = sectors_.active();
  if (a < 0) return CanRollBack::no;
  const RecordState state = sectors_.facts(a).record.state;
  const bool trial_state = options_.policy == Policy::dualbank
                               ? dualbank::on_trial(sectors_.facts(a))
                               : state == RecordState::fresh || state == RecordState::pending_verify;
  if (options_.policy == Policy::stock) return trial_state ? CanRollBack::unknown : CanRollBack::no;
  return trial_state && sectors_.facts(1 - a).record.usable() ? CanRollBack::yes : CanRollBack::no;
}

}  // namespace dualbank
