#include "dualbank/sim/state_explorer.hpp"

#include <algorithm>
#include <chrono>

#include "dualbank/engine/explain.hpp"
#include "dualbank/sim/contract.hpp"
#include "dualbank/sim/draw.hpp"
#include "dualbank/sim/state_key.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kProgressEvery = 256;

constexpr std::array kReadings{MarginalReading::programmed, MarginalReading::erased, MarginalReading::drawn,
                               MarginalReading::drawn_again};

/// Notes it. False when there is nothing new.
bool fewer_cuts(FewestCuts& seen, std::uint64_t key, unsigned cuts) {
  const auto [found, is_new] = seen.try_emplace(key, static_cast<std::uint8_t>(cuts));
  if (is_new) return true;
  if (found->second <= cuts) return false;
  found->second = static_cast<std::uint8_t>(cuts);
  return true;
}

}  // namespace

bool StateExplorer::explore() {
  const auto began = std::chrono::steady_clock::now();
  const auto stop_clock = [&] {
    run_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  begin();
  std::uint64_t done = 0;
  for (auto& level : to_do_) {
    while (!level.empty()) {
      if (run_.unsafe.size() >= plan_.most_unsafe || run_.states > plan_.most_states) {
        stop_clock();
        return true;
      }
      const ReachedState state = std::move(level.front());
      level.pop_front();
      if (seen_.at(state.key) < state.cuts) continue;  // reached with fewer since
      ++run_.states;
      ++run_.states_by_cuts[state.cuts];
      go_on_from(state);
      if (++done % kProgressEvery != 0 || !progress_) continue;
      stop_clock();
      std::uint64_t left = 0;
      for (const auto& rest : to_do_) left += rest.size();
      if (!progress_(run_, left)) return false;
    }
  }
  run_.closed = plan_.most_steps == UINT32_MAX && !plan_.exact;
  stop_clock();
  return true;
}

void StateExplorer::begin() {
  for (std::size_t i = 0; i < starts_.size(); ++i) {
    Board fresh{*starts_[i]->board, policy_};
    set_up(fresh, *starts_[i]);
    board_.flash.restore(fresh.flash.snapshot());
    StateStep step{};
    step.slot = starts_[i]->running;
    step.script = static_cast<std::uint8_t>(i);
    reach(step.slot, Places{}.add(board_.decide().slot), 0, step);
  }
}

// The state that the board is in now.
void StateExplorer::reach(SlotIndex running, Places may_boot, unsigned cuts, StateStep step) {
  ++run_.transitions;
  const std::uint64_t world = mix(static_cast<std::uint8_t>(running), may_boot.bits());
  const std::uint64_t exact = mix(world, board_.flash.digest());
  if (!fewer_cuts(seen_exactly_, exact, cuts) || step.steps > plan_.most_steps) return;
  const bool wanted = !plan_.exact || plan_.keeps_keys;
  const StateKey abstract = wanted ? state_key(board_) : StateKey{};
  const std::uint64_t abstract_key = mix(world, hash_of_key(abstract.bytes));
  const std::uint64_t key = plan_.exact ? exact : abstract_key;
  if (!fewer_cuts(seen_, key, cuts)) return;
  if (plan_.keeps_keys) run_.keys.push_back(abstract_key);
  run_.deepest = std::max(run_.deepest, step.steps);
  steps_.push_back(step);
  to_do_[cuts].push_back({board_.flash.snapshot(), key, may_boot, running, abstract.swapped,
                          static_cast<std::uint32_t>(steps_.size() - 1), cuts});
}

void StateExplorer::go_on_from(const ReachedState& state) {
  if (state.running == kPowerOff) {
    board_.flash.restore(state.flash);
    const bool drifts = board_.flash.has_marginal_bits();
    for (const MarginalReading reading : kReadings) {
      boot(state, reading);
      if (!drifts) break;
    }
    return;
  }
  board_.flash.restore(state.flash);
  reach(kPowerOff, state.may_boot, state.cuts,
        {.from = state.step, .kind = StateStep::Kind::reset, .steps = steps_[state.step].steps + 1});
  for (std::uint8_t script = 0; script < scripts().size(); ++script) call(state, script);
}

// Every operation from now on, with the flash before it.
void StateExplorer::record(std::vector<StateMoment>& moments, const std::uint8_t& stage) {
  board_.flash.witness([this, &moments, &stage](const Op& op, Bytes data) {
    moments.push_back({board_.flash.snapshot(),
                       op,
                       {data.begin(), data.end()},
                       board_.may_boot(),
                       stage == 0 ? kNoSlot : board_.decide().slot,
                       stage});
  });
}

void StateExplorer::boot(const ReachedState& state, MarginalReading reading) {
  board_.flash.restore(state.flash);
  StateStep step{.from = state.step,
                 .kind = StateStep::Kind::boot,
                 .reading = reading,
                 .had_marginal_bits = board_.flash.has_marginal_bits(),
                 .steps = steps_[state.step].steps + 1};
  if (reading == MarginalReading::drawn_again) board_.flash.reset();
  board_.flash.reset(reading == MarginalReading::programmed ? MarginalBits::programmed
                     : reading == MarginalReading::erased   ? MarginalBits::erased
                                                            : MarginalBits::drawn);
  board_.may_boot(state.may_boot);
  board_.problem.clear();
  std::vector<StateMoment> moments;
  constexpr std::uint8_t kStage = 0;
  record(moments, kStage);
  step.slot = board_.boot();
  board_.flash.witness({});
  const Places may_boot = board_.may_boot();
  board_.may_boot(Places{});
  if (step.slot == kNoSlot) return unsafe(step, board_.problem);
  reach(step.slot, may_boot, state.cuts, step);
  std::vector<Places> during;
  for (const StateMoment& moment : moments) during.push_back(moment.may_boot);
  cut(state, moments, during, step);
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
  fallback_ = board_.decide_without_active().slot;
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

void StateExplorer::call(const ReachedState& state, std::uint8_t script) {
  board_.flash.restore(state.flash);
  board_.flash.forget();
  StateStep step{.from = state.step,
                 .kind = StateStep::Kind::calls,
                 .script = script,
                 .slot = state.running,
                 .steps = steps_[state.step].steps + 1};
  running_ = state.running;
  swapped_ = state.swapped;
  std::vector<StateMoment> moments;
  std::uint8_t stage = 0;
  record(moments, stage);
  Updater updater{board_.flash, board_.options(state.running)};
  std::vector<Places> during{state.may_boot};
  std::string problem = open(state, updater);
  // What a cut had left open is settled now. Not so where the bootloader rolls back: a record of a trial that was being
  // erased can read as blank, and come back until a call writes to its sector.
  Places after = policy_ == Policy::stock_rollback ? state.may_boot : Places{}.add(board_.decide().slot);
  for (const Verb verb : scripts()[script].verbs) {
    if (verb == Verb::none || !problem.empty()) break;
    ++stage;
    problem = make(verb, updater, during.emplace_back(), after);
  }
  board_.flash.witness({});
  for (const StateMoment& moment : moments) {
    if (!problem.empty()) break;
    if (moment.stage != 0 && !during[moment.stage].has(moment.boots)) {
      problem = place_name(moment.boots) + " would boot in " +
                std::string{verb_name(scripts()[script].verbs[moment.stage - 1U])} + ", before it changes " +
                std::to_string(moment.op.size_bytes) + " bytes at " + std::to_string(moment.op.address);
    }
  }
  if (problem.empty() && !board_.flash.violations().empty()) problem = "the flash forbids what is done";
  if (!problem.empty()) return unsafe(step, problem);
  reach(state.running, after, state.cuts, step);
  std::erase_if(moments, [&](const StateMoment& moment) { return moment.stage < stage && stage > 1; });
  cut(state, moments, during, step);
}

void StateExplorer::cut(const ReachedState& state, const std::vector<StateMoment>& moments,
                        const std::vector<Places>& during, StateStep step) {
  if (state.cuts >= plan_.max_cuts) return;
  const bool boots = step.kind == StateStep::Kind::boot;
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const StateMoment& moment = moments[i];
    const Places may_boot = during[boots ? i : moment.stage];
    board_.flash.restore(moment.before);
    std::uint64_t situation = mix(board_.flash.digest(), mix(moment.op.address, moment.op.size_bytes));
    situation = mix(situation, mix(may_boot.bits(), boots));
    for (const std::byte byte : moment.data) situation = mix(situation, static_cast<std::uint8_t>(byte));
    if (!torn_.insert(situation)) continue;
    step.stage = moment.stage;
    step.operation = static_cast<std::uint16_t>(i);
    step.op = moment.op;
    for (const Tear& tear : tears_of(moment.op, board_.flash.geometry(), plan_.tears)) {
      if (boots && tear.marginal) continue;  // see the header
      board_.flash.restore(moment.before);
      board_.flash.tear(moment.op, moment.data, tear);
      step.tear = tear;
      ++run_.cuts;
      reach(kPowerOff, may_boot, state.cuts + 1, step);
    }
  }
}

std::string StateExplorer::told_cut(const StateStep& step) const {
  const Op& op = step.op;
  std::string text = "cut in operation " + std::to_string(step.operation) + ", ";
  text += op.kind == OpKind::erase ? "erase" : "program";
  const std::uint32_t in_records = op.address - board_.layout().otadata.offset;
  if (board_.is_metadata(op.address)) {
    text += " of record sector " + std::to_string(in_records / kOtadataSectorBytes) + " + " +
            std::to_string(in_records % kOtadataSectorBytes);
  } else {
    text += " at " + std::to_string(op.address);
  }
  return text + ", " + std::to_string(op.size_bytes) + " bytes: " + tear_code(step.tear);
}

std::string StateExplorer::told(const StateStep& step) const {
  constexpr std::array<std::string_view, 4> kWords{"programmed", "erased", "drawn", "drawn again"};
  std::string text;
  switch (step.kind) {
    case StateStep::Kind::start:
      return std::string{starts_[step.script]->name} + ", " + std::string{policy_name(policy_)} + ": " +
             std::string{starts_[step.script]->says};
    case StateStep::Kind::reset:
      return "reset";
    case StateStep::Kind::boot:
      text = "boot";
      if (step.had_marginal_bits) {
        text += ", marginal bits read as " + std::string{kWords[static_cast<std::size_t>(step.reading)]};
      }
      if (step.slot != kNoSlot) text += ": " + place_name(step.slot);
      return step.stage == kNoCut ? text : text + ", " + told_cut(step);
    case StateStep::Kind::calls:
      text = "open";
      for (std::size_t i = 0; i < 3; ++i) {
        const Verb verb = scripts()[step.script].verbs[i];
        if (verb == Verb::none || i >= step.stage) break;
        text += ", " + std::string{verb_name(verb)};
      }
      return step.stage == kNoCut ? text : text + ": " + told_cut(step);
  }
  return text;
}

void StateExplorer::unsafe(const StateStep& last, const std::string& problem) {
  ++run_.transitions;
  if (run_.unsafe.size() >= plan_.most_unsafe) return;
  std::string text = told(last) + " -> " + problem;
  for (std::uint32_t at = last.from;; at = steps_[at].from) {
    text = told(steps_[at]) + "; " + text;
    if (steps_[at].kind == StateStep::Kind::start) break;
  }
  run_.unsafe.push_back(text);
}

}  // namespace dualbank::sim
