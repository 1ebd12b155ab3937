#include "dualbank/sim/device.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "dualbank/engine/explain.hpp"
#include "dualbank/sim/device_images.hpp"
#include "dualbank/sim/draw.hpp"
#include "dualbank/sim/firmware_image.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kRunningImageBytes = 800;

}  // namespace

Device::Device(const Scenario& scenario) : scenario_(scenario), board_(*scenario.board, scenario.policy) {
  const std::uint32_t length = scenario.short_images ? 1024 : scenario.board->image_bytes;
  std::uint64_t own = 0;  // every scenario has images of its own, so that its flash is like no other's
  for (const char c : scenario.line()) own = own * 131 + static_cast<unsigned char>(c);
  for (std::size_t i = 0; i < kVersions.size(); ++i) {
    const std::uint32_t bytes = i == kFirst || i == kOld ? kRunningImageBytes : length;
    const std::uint32_t version = scenario.board->guarded ? kSecureVersions[i] : 0;
    images_.push_back(firmware_image(kVersions[i], bytes, own, version));
    if (scenario.board->guarded) images_.back() = signed_image(std::move(images_.back()));
  }
  const std::string_view start = scenario.start;
  const SlotIndex running = start == "second" ? 1 : 0;
  board_.install(running, images_[kFirst]);
  if (scenario.board->factory) board_.install(kFactorySlot, images_[kFirst]);
  if (start.empty()) board_.put_record(0, 1, RecordState::valid);
  if (start == "updated" || start == "second" || start == "switched") {
    board_.install(static_cast<SlotIndex>(1 - running), images_[kOld]);
    start_.holds[static_cast<unsigned>(1 - running)] = kOld + 1;
  }
  if (start == "second") board_.put_record(0, 1, RecordState::valid);
  if (start == "second" || start == "updated") board_.put_record(1, 2, RecordState::valid);
  if (start == "updated") board_.put_record(0, 2U * scenario.board->slots + 1, RecordState::valid);
  if (start == "fallback" || start == "switched") {
    board_.put_record(0, 1, RecordState::undefined);
    board_.put_record(1, 2, RecordState::undefined);
  }
  if (start == "top") {
    const std::uint32_t slots = scenario.board->slots;
    board_.put_record(0, (kHighestSeq - 1) / slots * slots + 1, RecordState::valid);
  }
  board_.keep_as_start();
  start_.running = running;
  start_.holds[static_cast<unsigned>(running)] = kFirst + 1;
  start_.trusts_session = true;
  start_.switched_to = start == "switched" ? SlotIndex{1} : kNoSlot;
  if (start == "fresh" && scenario.board->factory) start_.running = kFactorySlot;
}

void Device::start() {
  board_.start();
  known_ = start_;
  may_boot(Places{}.add(board_.decide().slot));
  if (scenario_.start == "switched") may_boot(Places{}.add(1));
  // The application of a start that was switched to without a reset is the old one.
  fresh_power_ = scenario_.start == "switched";
}

Subject::Memory Device::memory() const {
  Known known = known_;
  if (board_.may_boot().bits() != 0) known.may_boot = board_.may_boot().bits();  // our bootloader adds while it runs
  Memory memory{};
  std::memcpy(memory.data(), &known, sizeof known);
  return memory;
}

void Device::remember(const Memory& memory) {
  std::memcpy(static_cast<void*>(&known_), memory.data(), sizeof known_);
  board_.problem.clear();
  board_.may_boot(Places{known_.may_boot});
  fresh_power_ = false;
}

std::size_t Device::call_at(const Memory& memory) const {
  Known known;
  std::memcpy(static_cast<void*>(&known), memory.data(), sizeof known);
  return known.call < scenario_.calls.size() ? static_cast<std::size_t>(scenario_.calls[known.call]) : kCalls;
}

Device::Ended Device::wrong(std::string problem) {
  if (board_.problem.empty()) board_.problem = std::move(problem);
  return Ended::wrong;
}

// What boots on trial, or was to, has been switched to: the update that brought it is over.
void Device::note_bootloader() {
  const BootDecision decision = board_.decide();
  const bool rewritten =
      decision.reason == BootReason::trial_first_boot || decision.reason == BootReason::trial_dropped;
  if (rewritten || decision.trial_boot > 0 || decision.trial_over) known_.acknowledged = 0;
}

bool Device::is_wrong(std::string problem) {
  static_cast<void>(wrong(std::move(problem)));
  return false;
}

void Device::reset_flash() {
  const bool programmed = reads_ == Reads::programmed_first || reads_ == Reads::programmed_twice;
  const bool first = boots_++ % 2 == 0;
  MarginalBits bits = programmed == first ? MarginalBits::programmed : MarginalBits::erased;
  if (reads_ == Reads::drawn) bits = MarginalBits::drawn;
  board_.flash.reset(bits);
}

std::string Device::run(Reads reads) {
  reads_ = reads;
  boots_ = 0;
  began_with_ = known_.starts_over;
  nervous_ = reads == Reads::erased_twice || reads == Reads::programmed_twice;
  if (board_.flash.has_marginal_bits()) {  // whatever they read as
    for (const MarginalBits bits : {MarginalBits::programmed, MarginalBits::erased}) {
      board_.flash.reset(bits);
      if (!board_.check("when the power comes back")) return board_.problem;
    }
  }
  for (std::uint32_t lives = 0; lives < 100; ++lives) {
    SlotIndex slot = known_.running;
    if (!fresh_power_) {
      reset_flash();
      note_bootloader();
      slot = board_.boot();
      known_.may_boot = board_.may_boot().bits();
      if (!board_.flash.power_on()) return {};
      if (!board_.problem.empty()) return board_.problem;
    }
    fresh_power_ = false;
    if (lives > 0 && was_here(nullptr)) return {};
    switch (live(slot)) {
      case Ended::power_lost:
      case Ended::known:
        return {};
      case Ended::wrong:
        return board_.problem;
      case Ended::reset:
        continue;
      case Ended::done:
        return finish();
    }
  }
  return "the device resets for ever";
}

Device::Ended Device::judge(Status status, std::string_view what, const Updater& updater) {
  if (!board_.problem.empty()) return Ended::wrong;
  if (status == Status::ok) return Ended::done;
  if (status == Status::power_lost) return Ended::power_lost;
  std::array<char, 200> text{};
  return wrong(std::string{what} + " answers: " + explain(updater.last_event(), text));
}

Device::Ended Device::live(SlotIndex slot) {
  Options options = board_.options(slot);
  options.gaps = gaps_;
  static_assert(std::is_trivially_destructible_v<Updater>);
  alignas(Updater) std::array<std::byte, sizeof(Updater)> memory{};  // so that padding is the same in all lives
  Updater& updater = *new (memory.data()) Updater{board_.flash, options};
  const Ended opened = judge(updater.open(), "open()", updater);
  if (opened != Ended::done) return opened;
  if (!board_.rules_kept()) return wrong("open() does what the flash forbids");
  const int active = active_record(board_.records());
  const SlotIndex named =
      active < 0 ? kNoSlot
                 : slot_of_seq(board_.records()[static_cast<unsigned>(active)].seq, board_.layout().slot_count);
  if (updater.status().boot_slot != named) return wrong("status() does not say what the records name");
  if (!find_position(slot, updater)) return Ended::wrong;
  if (nervous_) {
    nervous_ = false;
    return Ended::reset;
  }
  while (known_.call < scenario_.calls.size()) {
    const Call call = scenario_.calls[known_.call];
    const Ended ended = make(call, updater);
    if (ended != Ended::done) return ended;
    if (was_here(&updater)) return Ended::known;
  }
  return Ended::done;
}

// Bits that read differently at each boot are not known by what they read as.
bool Device::was_here(const Updater* updater) const {
  if (lived_ == nullptr || board_.flash.has_marginal_bits()) return false;
  std::uint64_t state = mix(board_.flash.digest(), updater != nullptr ? 1 : 0);
  for (const std::uint64_t word : memory()) state = mix(state, word);
  const auto add = [&state](const void* object, std::size_t size_bytes) {
    const auto* at = static_cast<const std::byte*>(object);
    for (std::uint64_t word = 0; size_bytes >= sizeof word; size_bytes -= sizeof word, at += sizeof word) {
      std::memcpy(&word, at, sizeof word);
      state = mix(state, word);
    }
  };
  if (updater != nullptr) {
    static_assert(sizeof(Updater) % sizeof state == 0 && sizeof gaps_ % sizeof state == 0);
    add(updater, sizeof *updater);
    add(gaps_.data(), sizeof gaps_);
  }
  return !lived_->insert(state);
}

// An update that a rollback bootloader dropped begins again.
void Device::start_over() {
  const auto& calls = scenario_.calls;
  std::uint8_t at = std::min<std::uint8_t>(known_.call, static_cast<std::uint8_t>(calls.size() - 1));
  while (at > 0 && !sends_an_image(calls[at])) --at;
  known_.call = at;
  known_.in_call = 0;
  known_.acknowledged = 0;
  known_.sent_bytes = 0;
  known_.switched_to = kNoSlot;
  if (known_.starts_over < 255) ++known_.starts_over;
}

bool Device::find_position(SlotIndex slot, const Updater& updater) {
  const auto& calls = scenario_.calls;
  const SlotIndex expected = known_.running;
  const bool choosing = known_.call < calls.size() && known_.in_call != 0 &&
                        (calls[known_.call] == Call::switch_slot || calls[known_.call] == Call::rollback);
  if (choosing && slot == known_.target && slot != expected) {
    // The power went while it was choosing, and what it chose runs: as good as returned, and reset.
    known_.switched_to = slot;
    known_.in_call = 0;
    ++known_.call;
    may_boot(Places{}.add(board_.decide().slot));
    if (scenario_.policy == Policy::stock_rollback)
      may_boot(Places{}.add(board_.decide_without_active().slot).add(board_.decide().slot));
  }
  if (slot == known_.switched_to) {
    known_.running = slot;
    known_.switched_to = kNoSlot;
    if (known_.call < calls.size() && calls[known_.call] == Call::reset) ++known_.call;
    known_.in_call = 0;
    return true;
  }
  return slot == expected ? find_position_of_the_same(updater) : find_position_of_another(slot, updater);
}

// The application that made the last call runs again.
bool Device::find_position_of_the_same(const Updater& updater) {
  const auto& calls = scenario_.calls;
  const bool resetting = known_.call < calls.size() && calls[known_.call] == Call::reset && known_.in_call != 0;
  if (resetting && known_.switched_to == kNoSlot) {
    known_.in_call = 0;
    ++known_.call;
    return true;
  }
  if (known_.switched_to == kNoSlot || (known_.in_call != 0 && !resetting)) return true;
  // Acknowledged, and lost: to the rewriting of a rollback bootloader, or to cuts that used up the boots on trial.
  const bool given_up = updater.last_event().code == Status::trial_failed_back;
  if (updater.status().boot_slot == known_.switched_to && !given_up) return true;
  if (scenario_.policy == Policy::stock) return is_wrong("a switch that was acknowledged is lost");
  end_trial();
  return true;
}

// The call in which the power went may have chosen it, or a trial was dropped.
bool Device::find_position_of_another(SlotIndex slot, const Updater& updater) {
  const auto& calls = scenario_.calls;
  if (scenario_.policy == Policy::stock && (known_.may_boot & (known_.may_boot - 1)) == 0) {
    return is_wrong(place_name(slot) + " runs instead of " + place_name(known_.running));
  }
  known_.running = slot;
  if (scenario_.policy == Policy::stock) {
    const bool guarded = calls[std::min<std::size_t>(known_.call, calls.size() - 1)] == Call::boot_guard;
    known_.switched_to = kNoSlot;
    known_.in_call = 0;
    if (!guarded) start_over();
    return true;
  }
  if (slot == known_.target && updater.status().on_trial) {
    // A switch that seemed dropped, and was not: its image is on trial.
    std::uint8_t at = known_.call;
    while (at < calls.size() && calls[at] != Call::reset) ++at;
    known_.call = static_cast<std::uint8_t>(at + 1);
    known_.in_call = 0;
    known_.switched_to = kNoSlot;
    return true;
  }
  end_trial();
  return true;
}

// The image before runs again: as the scenario has it, or the update begins anew.
void Device::end_trial() {
  const auto& calls = scenario_.calls;
  const auto next = std::find_if(calls.begin() + known_.call, calls.end(), [](Call c) { return c != Call::reset; });
  if (next != calls.end() && *next == Call::confirm) return start_over();
  known_.switched_to = kNoSlot;
  known_.in_call = 0;
  while (known_.call < calls.size() && calls[known_.call] == Call::reset) ++known_.call;
}

std::string Device::finish() {
  if (!board_.rules_kept()) return "something did what the flash forbids";
  const SlotIndex expected = known_.switched_to != kNoSlot ? known_.switched_to : known_.running;
  for (int boots = 0; boots < 2; ++boots) {
    reset_flash();
    const SlotIndex slot = board_.boot();
    known_.may_boot = board_.may_boot().bits();
    if (!board_.flash.power_on()) return {};
    if (!board_.problem.empty()) return board_.problem;
    const bool trial_ends = scenario_.policy != Policy::stock && slot != expected;
    if (slot != expected && !trial_ends)
      return "in the end " + place_name(slot) + " boots, not " + place_name(expected);
    if (slot < 0) continue;
    const std::uint8_t held = known_.holds[static_cast<unsigned>(slot)];
    if (held == 0) return "in the end " + place_name(slot) + " boots, which nobody has filled";
    const std::vector<std::byte>& wanted = images_[held - 1U];
    const Bytes contents = board_.contents_of(slot).first(wanted.size());
    if (!std::equal(contents.begin(), contents.end(), wanted.begin())) return "in the end the wrong image boots";
  }
  return {};
}

}  // namespace dualbank::sim
