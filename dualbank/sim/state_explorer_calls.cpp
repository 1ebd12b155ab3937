// What the firmware does: opens, calls, and what both may lead to.
#include <algorithm>

#include "dualbank/engine/explain.hpp"
#include "dualbank/sim/contract.hpp"
#include "dualbank/sim/draw.hpp"
#include "dualbank/sim/state_explorer.hpp"

namespace dualbank::sim {

// What boots once the trial is over, and where a vendor's bootloader drops two at once, once it has done so.
SlotIndex StateExplorer::without_trial() {
  BootSectors sectors;
  BootInputs inputs;
  if (look_before_boot(board_.flash, board_.layout(), board_.settings(), sectors, inputs).failed()) return kNoSlot;
  const bool on_trial = inputs.trials[0].on_trial || inputs.trials[1].on_trial;
  if (policy_ == Policy::dualbank && !on_trial) return board_.decide_without_active().slot;
  for (RecordTrial& trial : inputs.trials) trial.gave_up = true;
  for (BootRecord& record : inputs.records) {
    const bool trial_state = record.state == RecordState::fresh || record.state == RecordState::pending_verify;
    if (policy_ == Policy::stock_rollback && trial_state) record.state = RecordState::aborted;
  }
  std::array<std::byte, 256> buffer;
  const auto decision = decide_verified(board_.flash, board_.layout(), board_.settings(), inputs, buffer);
  return decision ? decision->slot : kNoSlot;
}

Places StateExplorer::places_of(std::uint8_t roles, SlotIndex target) const {
  Places places{};
  if ((roles & Role::chosen) != 0) places.add(chosen_);
  if ((roles & Role::running) != 0) places.add(running_);
  if ((roles & Role::target) != 0) places.add(target);
  if ((roles & Role::fallback) != 0) places.add(fallback_);
  return places;
}

std::string StateExplorer::open(const ReachedState& state, Updater& updater) {
  if (updater.open() != Status::ok) {
    std::array<char, 200> text{};
    return std::string{"open() answers: "} + explain(updater.last_event(), text);
  }
  const BootRecords records = board_.records();
  const int active = active_record(records);
  const SlotIndex named =
      active < 0 ? kNoSlot : slot_of_seq(records[static_cast<unsigned>(active)].seq, board_.layout().slot_count);
  if (updater.status().boot_slot != named) return "status() does not say what the records name";
  if (updater.status().running_slot != state.running) return "status() does not say what runs";
  const SlotIndex boots = board_.decide().slot;
  return state.may_boot.has(boots) ? "" : place_name(boots) + " would boot after open()";
}

// Makes the call, and says which places may boot while it lasts and afterwards. `after` holds what may boot before.
std::string StateExplorer::make(Verb verb, Updater& updater, Places& during, Places& after) {
  const int active = active_record(board_.records());
  chosen_ = board_.decide().slot;
  fallback_ = policy_ == Policy::dualbank ? without_trial() : board_.decide_without_active().slot;
  const RecordState record_state =
      active < 0 ? RecordState::undefined : board_.records()[static_cast<unsigned>(active)].state;
  const Situation situation{.on_trial = updater.status().on_trial, .begins_trial = record_state == RecordState::fresh};
  const Promise& promise = promise_of(call_of(verb), policy_, situation);
  SlotIndex target = updater.status().next_update_slot;
  if (updater.status().update_active) target = updater.status().update_slot;
  Places good{};
  for (SlotIndex slot = 0; slot < board_.layout().slot_count; ++slot) {
    if (board_.verifies(slot)) good.add(slot);
  }
  const std::uint64_t before = board_.flash.digest();
  const Status status = perform(verb, swapped_, updater);
  std::array<char, 200> text{};
  if (!may_answer(verb, status))
    return std::string{verb_name(verb)} + " answers: " + explain(updater.last_event(), text);
  const Places left_open = after;
  if (status != Status::ok && status != Status::trial_failed) {
    ++run_.refused;
    during = after;
    return board_.flash.digest() == before ? "" : std::string{verb_name(verb)} + " is refused and changes the flash";
  }
  const Event& event = updater.last_event();
  if (verb == Verb::rollback) {
    target = event.code == Status::rolled_back ? static_cast<SlotIndex>(event.values[0]) : fallback_;
  }
  during = places_of(promise.during, target);
  Places after_call = places_of(promise.after, target);
  // A third slot that was chosen gives way to the running one first, and so does a trial that begins anew.
  const bool third = board_.layout().slot_count > 2;
  if (third && chosen_ != target && is_ota_slot(chosen_)) during.add(running_);
  if (policy_ == Policy::dualbank && verb == Verb::switch_slot) during.add(running_);
  if (policy_ == Policy::dualbank && third) during = Places{during.bits() | good.bits()};
  if (status == Status::trial_failed) {  // where to is told
    during.add(static_cast<SlotIndex>(event.values[2]));
    after_call.add(static_cast<SlotIndex>(event.values[2]));
  }
  during = Places{during.bits() | left_open.bits()};
  after = after_call;
  if (board_.flash.digest() == before) after = Places{after.bits() | left_open.bits()};
  const SlotIndex boots = board_.decide().slot;
  if (!after.has(boots)) return place_name(boots) + " would boot after " + std::string{verb_name(verb)};
  if (call_of(verb) != Call::flash || verb == Verb::flash_part) return "";
  const Bytes image = image_of(verb, swapped_);
  const Bytes slot = board_.contents_of(updater.status().next_update_slot);
  return std::equal(image.begin(), image.end(), slot.begin()) ? "" : "the slot does not hold what was sent";
}

// Has an Updater with the same knowledge stood on a flash like this? What open() leaves in it is what another open()
// would read from the flash, but for the sectors that it has settled.
bool StateExplorer::opened_before(Places may_boot, unsigned cuts) {
  const StateKey key = keys_.make(true);
  swapped_ = key.swapped;
  if (plan_.exact) return false;
  std::uint64_t opened = mix(mix(key.hash, static_cast<std::uint8_t>(running_)), may_boot.bits());
  std::array<bool, 2> settled{};
  for (const StateMoment& moment : moments_) {
    const std::uint32_t at = moment.op.address - board_.layout().otadata.offset;
    const bool new_cell = at % kOtadataSectorBytes >= kLogOffset && moment.is_on_free;
    if (!board_.is_metadata(moment.op.address)) continue;
    if (new_cell || moment.op.kind == OpKind::erase) settled[at / kOtadataSectorBytes] = true;
  }
  opened = mix(opened, (settled[0] ? 1U : 0U) | (settled[1] ? 2U : 0U));
  return !opened_.improve(opened, cuts);
}

void StateExplorer::run(const ReachedState& state) {
  StateStep step{.from = state.step,
                 .kind = StateStep::Kind::calls,
                 .slot = state.running,
                 .steps = history_[state.step].steps + 1};
  reach(kPowerOff, state.may_boot, state.cuts,
        {.from = state.step, .kind = StateStep::Kind::reset, .steps = step.steps});
  board_.flash.forget();
  running_ = state.running;
  record(false);
  Updater updater{board_.flash, board_.options(state.running)};
  std::string problem = open(state, updater);
  board_.flash.witness({});
  if (problem.empty() && !board_.flash.violations().empty()) problem = "the flash forbids what is done";
  if (!problem.empty()) return unsafe(step, problem);
  // What a cut had left open is settled now, with two exceptions: see the header.
  const bool third = policy_ == Policy::dualbank && board_.layout().slot_count > 2;
  const bool left_open = (policy_ == Policy::stock_rollback || third) && is_left_open();
  const Places after = left_open ? state.may_boot : Places{}.add(board_.decide().slot);
  reach(state.running, after, state.cuts, step);
  const bool known = opened_before(after, state.cuts);
  const bool is_doubtful = looks_blank();
  const StateSession session{updater, updater, board_.flash.snapshot(), after, step, state.cuts};
  step.stage = 0;
  cut(state.may_boot, state.cuts, step);
  if (!known && !is_doubtful) call_next(session, 0, 1);
}

// A boot settles nothing: what reads as torn or blank now can come back, and an intent that is not firm takes place
// when somebody opens. Nor does open() where the bootloader rolls back: it does not touch a trial.
bool StateExplorer::is_left_open() const {
  const auto [offset, size_bytes] = board_.layout().otadata;
  if (board_.flash.has_marginal_bits(offset, size_bytes)) return true;
  BootSectors sectors;
  static_cast<void>(sectors.read(board_.flash, board_.layout()));
  const auto is_open = [&](int sector) { return sectors.facts(sector).unfinished() || sectors.facts(sector).doomed; };
  return is_open(0) || is_open(1);
}

// The factory app runs, no record is usable, and a sector that reads blank is not: nobody can tell, see the header.
bool StateExplorer::looks_blank() const {
  const BootRecords records = board_.records();
  if (is_ota_slot(running_) || active_record(records) >= 0) return false;
  for (std::uint32_t sector = 0; sector < records.size(); ++sector) {
    const std::uint32_t at = board_.layout().otadata.offset + sector * kOtadataSectorBytes;
    const Bytes record = board_.flash.contents().subspan(at, kBootRecordBytes);
    if (board_.flash.has_marginal_bits(at, kOtadataSectorBytes) && all_equal(record, std::byte{0xFF})) return true;
  }
  return false;
}

// All scripts that go on from this one, each with the same Updater brought back to what it was.
void StateExplorer::call_next(const StateSession& session, std::uint8_t after_script, std::uint8_t stage) {
  for (std::uint8_t script = 1; script < scripts().size(); ++script) {
    if (!goes_on(scripts()[script], scripts()[after_script])) continue;
    session.updater = session.saved;
    board_.flash.restore(session.flash);
    board_.flash.forget();
    StateStep step = session.step;
    step.script = script;
    Places during{};
    Places after = session.may_boot;
    record(true);
    const Verb verb = scripts()[script].verbs[stage - 1U];
    std::string problem = make(verb, session.updater, during, after);
    board_.flash.witness({});
    for (const StateMoment& moment : moments_) {
      if (!problem.empty() || during.has(moment.boots)) continue;
      problem = place_name(moment.boots) + " would boot in " + std::string{verb_name(verb)} + ", before it changes " +
                std::to_string(moment.op.size_bytes) + " bytes at " + std::to_string(moment.op.address);
    }
    if (problem.empty() && !board_.flash.violations().empty()) problem = "the flash forbids what is done";
    if (!problem.empty()) {
      unsafe(step, problem);
      continue;
    }
    reach(running_, after, session.cuts, step);
    const StateSession next{session.updater, session.updater, board_.flash.snapshot(), after, step, session.cuts};
    step.stage = stage;
    cut(during, session.cuts, step);
    if (stage < kMostVerbs) call_next(next, script, static_cast<std::uint8_t>(stage + 1));
  }
}

}  // namespace dualbank::sim
