#include "dualbank/sim/state_explorer.hpp"

#include <algorithm>
#include <chrono>

#include "dualbank/sim/draw.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kProgressEvery = 256;

constexpr std::array kReadings{MarginalReading::programmed, MarginalReading::erased, MarginalReading::drawn,
                               MarginalReading::drawn_again};

}  // namespace

StateExplorer::StateExplorer(std::vector<const StateStart*> starts, Policy policy, const StateSpacePlan& plan,
                             const StateSpaceProgress& progress)
    : starts_(std::move(starts)),
      policy_(policy),
      plan_(plan),
      progress_(progress),
      board_(*starts_[0]->board, policy) {
  run_.board = starts_[0]->board->name;
  for (const StateStart* start : starts_) run_.starts.emplace_back(start->name);
  run_.policy = policy;
  run_.states_by_cuts.assign(plan.max_cuts + 1, 0);
  to_do_.resize(plan.max_cuts + 1);
}

void StateExplorer::explore() {
  const auto began = std::chrono::steady_clock::now();
  const auto go_on = [&] {
    run_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    std::uint64_t left = 0;
    for (const auto& level : to_do_) left += level.size();
    return !progress_ || progress_(run_, left);
  };
  begin();
  bool ended = false;
  for (auto& level : to_do_) {
    while (!level.empty() && !ended) {
      const ReachedState state = std::move(level.front());
      level.pop_front();
      if (seen_.at(state.key) < state.cuts) continue;  // reached with fewer since
      ++run_.states;
      ++run_.states_by_cuts[state.cuts];
      go_on_from(state);
      ended = run_.unsafe.size() >= plan_.most_unsafe || run_.states >= plan_.most_states ||
              (run_.states % kProgressEvery == 0 && !go_on());
    }
  }
  run_.closed = !ended && plan_.most_steps == UINT32_MAX && !plan_.exact;
  for (auto& level : to_do_) level.clear();
  static_cast<void>(go_on());
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

// Of all bytes, and where something runs of how marginal bits read now: a digest of the flash leaves that out.
std::uint64_t StateExplorer::exact_digest(bool runs) const {
  std::uint64_t digest = board_.flash.digest();
  if (!runs || !board_.flash.has_marginal_bits()) return digest;
  const Bytes now = board_.flash.contents();
  const std::uint32_t sector = board_.flash.geometry().sector_bytes();
  for (std::uint32_t from = 0; from < now.size(); from += sector) {
    if (!board_.flash.has_marginal_bits(from, sector)) continue;
    for (std::uint32_t at = from; at < from + sector; at += 4) digest = mix(digest, load_u32(now, at));
  }
  return digest;
}

// Many states differ in one sector only.
NorFlash::Snapshot StateExplorer::shared_snapshot(bool runs) {
  NorFlash::Snapshot flash = board_.flash.snapshot();
  const std::uint32_t size = board_.flash.geometry().sector_bytes();
  for (std::uint32_t i = 0; i < flash.sectors.size(); ++i) {
    if (runs && board_.flash.has_marginal_bits(i * size, size)) continue;  // its digest does not tell how it reads
    flash.sectors[i] = sectors_.try_emplace(board_.flash.digest(i * size, size), flash.sectors[i]).first->second;
  }
  if (sectors_.size() > most_sectors_) {
    std::erase_if(sectors_, [](const auto& sector) { return sector.second.use_count() == 1; });
    most_sectors_ = std::max<std::size_t>(4096, 2 * sectors_.size());
  }
  return flash;
}

// The state that the board is in now.
void StateExplorer::reach(SlotIndex running, Places may_boot, unsigned cuts, StateStep step) {
  ++run_.transitions;
  const bool runs = running != kPowerOff;
  const std::uint64_t world = mix(static_cast<std::uint8_t>(running), may_boot.bits());
  const std::uint64_t exact = mix(world, exact_digest(runs));
  if (!seen_exactly_.improve(exact, cuts) || step.steps > plan_.most_steps) return;
  const bool wanted = !plan_.exact || plan_.keeps_keys;
  const std::uint64_t abstract = wanted ? mix(world, keys_.make(runs).hash) : 0;
  const std::uint64_t key = plan_.exact ? exact : abstract;
  if (!seen_.improve(key, cuts)) return;
  if (plan_.keeps_keys) run_.keys.push_back(abstract);
  run_.deepest = std::max(run_.deepest, step.steps);
  to_do_[cuts].push_back({shared_snapshot(runs), key, may_boot, running, history_.add(step), cuts});
}

void StateExplorer::go_on_from(const ReachedState& state) {
  board_.flash.restore(state.flash);
  if (state.running != kPowerOff) return run(state);
  const bool drifts = board_.flash.has_marginal_bits();
  for (const MarginalReading reading : kReadings) {
    const bool drawn = reading == MarginalReading::drawn || reading == MarginalReading::drawn_again;
    if (!drawn || (drifts && plan_.draws)) boot(state, reading);
    if (!drifts) break;
  }
}

// Every operation from now on, with the flash before it.
void StateExplorer::record(bool calls) {
  moments_.clear();
  board_.flash.witness([this, calls](const Op& op, Bytes data) {
    const Bytes place = board_.flash.contents().subspan(op.address, op.size_bytes);
    moments_.push_back({.before = board_.flash.snapshot(),
                        .op = op,
                        .data = {data.begin(), data.end()},
                        .may_boot = board_.may_boot(),
                        .is_on_free = all_equal(place, std::byte{0xFF}),
                        .boots = calls ? board_.decide().slot : kNoSlot});
  });
}

void StateExplorer::boot(const ReachedState& state, MarginalReading reading) {
  board_.flash.restore(state.flash);
  StateStep step{.from = state.step,
                 .kind = StateStep::Kind::boot,
                 .reading = reading,
                 .had_marginal_bits = board_.flash.has_marginal_bits(),
                 .steps = history_[state.step].steps + 1};
  if (reading == MarginalReading::drawn_again) board_.flash.reset();
  board_.flash.reset(reading == MarginalReading::programmed ? MarginalBits::programmed
                     : reading == MarginalReading::erased   ? MarginalBits::erased
                                                            : MarginalBits::drawn);
  Places may_boot = state.may_boot;
  const BootDecision decision = board_.decide();
  if (decision.trial_boot > 0 || decision.write_count > 1) may_boot.add(without_trial());
  board_.may_boot(may_boot);
  board_.problem.clear();
  record(false);
  step.slot = board_.boot();
  board_.flash.witness({});
  may_boot = board_.may_boot();
  board_.may_boot(Places{});
  if (step.slot == kNoSlot) return unsafe(step, board_.problem);
  if (is_left_open()) may_boot = Places{may_boot.bits() | state.may_boot.bits()};
  reach(step.slot, may_boot, state.cuts, step);
  cut({}, state.cuts, step);
}

// Where the flash is the same before and after an operation, as far as anybody sees, its tears leave the same.
// `key_after` becomes that of the flash before it, which the board holds then.
std::uint64_t StateExplorer::situation_of(const StateMoment& moment, std::uint64_t& key_after) {
  board_.flash.restore(moment.before);
  const Op& op = moment.op;
  const std::uint64_t before = plan_.exact ? board_.flash.digest() : keys_.make(false).hash;
  Hash situation;
  situation.add(before, key_after, op.kind, op.size_bytes);
  key_after = before;
  const std::uint32_t in_records = op.address - board_.layout().otadata.offset;
  const bool is_record_or_log = board_.is_metadata(op.address);
  const std::uint32_t in_sector = in_records % kOtadataSectorBytes;
  const bool is_cell = op.kind == OpKind::program && op.size_bytes == kCellBytes && in_sector >= kLogOffset;
  if (plan_.exact || !is_record_or_log || !is_cell) {
    situation.add(op.address);
    if (!plan_.exact && is_record_or_log) return situation.value();  // the intent says which record it is
    for (const std::byte byte : moment.data) situation.add(byte);
    return situation.value();
  }
  // Which cell it is: an end of the log, or one that is programmed again.
  const Bytes cells = board_.flash.contents().subspan(op.address, 2 * kCellBytes);
  Cell data;
  const CellForm form = Cell::parse(moment.data, data);
  situation.add(in_records / kOtadataSectorBytes, all_equal(cells.first(kCellBytes), std::byte{0xFF}),
                all_equal(cells.last(kCellBytes), std::byte{0xFF}), form, data.kind);
  return situation.value();
}

void StateExplorer::cut(Places may_boot, unsigned cuts, StateStep step) {
  if (cuts >= plan_.max_cuts || moments_.empty()) return;
  const bool boots = step.kind == StateStep::Kind::boot;
  if (boots) step.stage = 0;
  std::uint64_t key_after = plan_.exact ? board_.flash.digest() : keys_.make(false).hash;
  for (std::size_t i = moments_.size(); i-- > 0;) {
    const StateMoment& moment = moments_[i];
    const Places places = boots ? moment.may_boot : may_boot;
    const std::uint64_t situation = situation_of(moment, key_after);
    if (!torn_.insert(mix(situation, mix(places.bits(), boots)))) continue;
    step.operation = static_cast<std::uint16_t>(i);
    step.op = moment.op;
    for (const Tear& tear : tears_of(moment.op, board_.flash.geometry(), plan_.tears)) {
      board_.flash.restore(moment.before);
      if (boots && tear.marginal && policy_ != Policy::dualbank) continue;  // see the header
      if (!plan_.draws && tear.kind == Tear::Kind::bits) continue;
      board_.flash.tear(moment.op, moment.data, tear);
      step.tear = tear;
      ++run_.cuts;
      reach(kPowerOff, places, cuts + 1, step);
    }
  }
}

void StateExplorer::unsafe(const StateStep& last, const std::string& problem) {
  ++run_.transitions;
  if (run_.unsafe.size() < plan_.most_unsafe) run_.unsafe.push_back(history_.told_to(last) + " -> " + problem);
}

}  // namespace dualbank::sim
