// The calls of a scenario, made through the real Updater, and what somebody else writes in between.
#include <algorithm>

#include "dualbank/sim/device.hpp"
#include "dualbank/sim/device_images.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint8_t kMostStartsOver = 12;
constexpr std::uint8_t kMostGuardedBoots = 2;

bool interferes(Call call) { return call >= Call::vendor_switch; }

}  // namespace

Places Device::places_of(std::uint8_t roles, SlotIndex chosen_slot, SlotIndex fallback_slot) const {
  Places places{};
  if ((roles & Role::chosen) != 0) places.add(chosen_slot);
  if ((roles & Role::running) != 0) places.add(known_.running);
  if ((roles & Role::target) != 0) places.add(known_.target);
  if ((roles & Role::fallback) != 0) places.add(fallback_slot);
  return places;
}

SlotIndex Device::rollback_target() const {
  const BootRecords records = board_.records();
  const int active = active_record(records);
  const auto slot_of = [&](int i) {
    return slot_of_seq(records[static_cast<unsigned>(i)].seq, board_.layout().slot_count);
  };
  if (active >= 0 && slot_of(active) != known_.running && is_ota_slot(known_.running)) return known_.running;
  if (active >= 0 && records[static_cast<unsigned>(1 - active)].usable()) {
    const SlotIndex other = slot_of(1 - active);
    if (other != known_.running && board_.verifies(other)) return other;
  }
  for (SlotIndex slot = 0; slot < board_.layout().slot_count; ++slot) {
    if (slot != known_.running && board_.verifies(slot)) return slot;
  }
  return kNoSlot;
}

Device::Ended Device::make(Call call, Updater& updater) {
  if (known_.starts_over - began_with_ > kMostStartsOver) return wrong("the update does not come to its end");
  if (interferes(call)) {
    interfere(call);
    return Ended::reset;  // whoever wrote there, the application starts anew
  }
  const SlotIndex chosen_slot = board_.decide().slot;
  const SlotIndex fallback_slot = board_.decide_without_active().slot;
  const int active = active_record(board_.records());
  const RecordState state = active < 0 ? RecordState::undefined : board_.records()[static_cast<unsigned>(active)].state;
  const Situation situation{.on_trial = updater.status().on_trial,
                            .begins_trial = state == RecordState::fresh ||
                                            (scenario_.policy == Policy::dualbank && known_.switched_to != kNoSlot)};
  const Promise& promise = promise_of(call, scenario_.policy, situation);
  if (call == Call::switch_slot) known_.target = board_.layout().next_update_slot(known_.running);
  if (call == Call::rollback && known_.in_call == 0) known_.target = rollback_target();
  if (!Places{known_.may_boot}.has(chosen_slot) ||
      (known_.in_call == 0 && !places_of(promise.before, chosen_slot, fallback_slot).has(chosen_slot))) {
    return wrong(place_name(chosen_slot) + " would boot before " + std::string{call_name(call)});
  }
  // What a cut before this call has left open stays so until the call returns.
  may_boot(Places{places_of(promise.during, chosen_slot, fallback_slot).bits() | known_.may_boot});
  if (known_.in_call == 0) known_.in_call = 1;
  if (call == Call::reset) return Ended::reset;

  const Ended ended = act(call, updater);
  if (ended != Ended::done) return ended;
  const Places after = places_of(promise.after, chosen_slot, fallback_slot);
  may_boot(after);
  if (!board_.check("after " + std::string{call_name(call)})) return Ended::wrong;
  if (!board_.rules_kept()) return wrong(std::string{call_name(call)} + " does what the flash forbids");
  if (sends_an_image(call)) known_.switched_to = kNoSlot;
  if (call == Call::switch_slot || call == Call::rollback) {
    known_.switched_to = known_.target == known_.running ? kNoSlot : known_.target;
    known_.acknowledged = 0;
  }
  known_.in_call = 0;
  ++known_.call;
  return Ended::done;
}

Device::Ended Device::act(Call call, Updater& updater) {
  switch (call) {
    case Call::pause:
      return pause(updater);
    case Call::abandon:
      known_.acknowledged = 0;
      return updater.status().update_active ? judge(updater.abandon(), "abandon()", updater) : Ended::done;
    case Call::switch_slot:
      return do_switch(updater);
    case Call::confirm:
      if (const Ended ended = judge(updater.confirm(), "confirm()", updater); ended != Ended::done) return ended;
      if (scenario_.board->guarded && board_.lowest_version() != board_.secure_version(known_.running)) {
        return wrong("the counter does not follow what is confirmed");
      }
      return Ended::done;
    case Call::boot_guard: {
      const Status status = updater.boot_guard(kMostGuardedBoots);
      if (status == Status::power_lost) return Ended::power_lost;
      const SlotIndex next = board_.decide().slot;  // open() may have finished an earlier guard's way back
      if (next != known_.running) known_.switched_to = next;
      return status == Status::trial_failed ? Ended::reset : judge(status, "boot_guard()", updater);
    }
    case Call::rollback:
      if (known_.in_call == 1) {
        known_.in_call = 2;
        return judge(updater.rollback(), "rollback()", updater);
      }
      return judge(updater.rollback(known_.target), "rollback(slot)", updater);
    default:
      return send(call, updater);
  }
}

Device::Ended Device::pause(Updater& updater) {
  const Status status = updater.pause();
  // Nothing is lost, and nothing can be noted any more.
  if (status == Status::journal_full && board_.many_cuts) return Ended::done;
  return judge(status, "pause()", updater);
}

Device::Ended Device::do_switch(Updater& updater) {
  const bool named = updater.status().boot_slot == known_.target && board_.verifies(known_.target);
  if (!named && known_.acknowledged != 0) {
    if (const Ended ended = check_acknowledged(updater); ended != Ended::done) return ended;
  }
  if (!named && updater.status().update_active) {
    const Range gap = updater.next_missing();
    if (!gap.empty()) {  // others wrote, or the power went before the last mark
      known_.in_call = 2;
      if (const Ended ended = send(Call::flash, updater); ended != Ended::done) return ended;
    }
  }
  const Ended switched = judge(updater.switch_slot(), "switch_slot()", updater);
  std::uint8_t& held = known_.holds[static_cast<unsigned>(known_.target)];
  if (switched != Ended::done || held != 0) return switched;
  // The last of it was sent before a cut, and nobody was told that all is there.
  const Bytes holds = board_.contents_of(known_.target).first(image().size());
  if (!std::equal(holds.begin(), holds.end(), image().begin())) return wrong("the slot does not hold what was sent");
  held = static_cast<std::uint8_t>(known_.image + 1);
  return switched;
}

Device::Ended Device::check_acknowledged(const Updater& updater) {
  if (!known_.trusts_session || board_.many_cuts) return Ended::done;
  const std::uint32_t granule = updater.status().update_granule_bytes;
  const auto length = static_cast<std::uint32_t>(image().size());
  for (std::uint32_t g = 0; granule != 0 && g < 64 && g * granule < length; ++g) {
    if ((known_.acknowledged >> g & 1U) == 0) continue;
    const std::uint32_t end = std::min(length, (g + 1) * granule);
    if (updater.next_missing(g * granule).from < end) {
      return wrong("granule " + std::to_string(g) + " was acknowledged and is asked for again");
    }
  }
  if (granule == 0 && known_.acknowledged != 0) return wrong("an update with acknowledged sectors is forgotten");
  return Ended::done;
}

Device::Ended Device::send_piece(Updater& updater, std::uint32_t from, std::uint32_t to) {
  const Bytes piece = Bytes{image()}.subspan(from, to - from);
  known_.sent_bytes = known_.sent_bytes + (to - from);
  const Ended ended = judge(updater.flash(piece, from), "flash()", updater);
  if (ended != Ended::done) return ended;
  const SlotIndex slot = updater.status().update_slot;
  if (slot >= 0) known_.holds[static_cast<unsigned>(slot)] = 0;
  const std::uint32_t granule = updater.status().update_granule_bytes;
  const auto length = static_cast<std::uint32_t>(image().size());
  for (std::uint32_t g = 0; granule != 0 && g < 64 && g * granule < length; ++g) {
    const std::uint32_t end = std::min(length, (g + 1) * granule);
    if (updater.next_missing(g * granule).from >= end) known_.acknowledged |= std::uint64_t{1} << g;
  }
  return Ended::done;
}

Device::Ended Device::send(Call call, Updater& updater) {
  const SlotIndex target_slot = board_.layout().next_update_slot(known_.running);
  if (known_.in_call == 1) {  // its first time
    known_.in_call = 2;
    std::uint8_t earlier = 0;
    for (std::uint8_t i = 0; i < known_.call; ++i) {
      if (sends_an_image(scenario_.calls[i])) ++earlier;
    }
    const std::uint8_t wanted = static_cast<std::uint8_t>(kSent + earlier % (kVersions.size() - kSent));
    const std::uint8_t held = target_slot >= 0 ? known_.holds[static_cast<unsigned>(target_slot)] : std::uint8_t{0};
    const bool continues = known_.call > 0 && scenario_.calls[known_.call - 1U] != Call::abandon &&
                           known_.in_the_middle && (call == Call::flash_plain || call == Call::flash_shuffled);
    const std::uint8_t image = call == Call::flash_same && held != 0 ? static_cast<std::uint8_t>(held - 1)
                               : continues                           ? known_.image
                                                                     : wanted;
    if (image != known_.image) known_.acknowledged = 0;
    if (!continues) known_.sent_bytes = 0;
    known_.image = image;
    known_.trusts_session = known_.trusts_session || known_.acknowledged == 0;
  }
  if (known_.acknowledged != 0) {
    if (const Ended ended = check_acknowledged(updater); ended != Ended::done) return ended;
  }
  const auto length = static_cast<std::uint32_t>(image().size());
  const std::uint32_t end = call == Call::flash_part ? length / 2 : length;
  if (call != Call::flash_plain) {
    // In any order the end of the last sector is known only when the length was said.
    const UpdateRequest request{.length_bytes = call == Call::flash_shuffled ? length : kUnknownLength,
                                .header = Bytes{image()}.first(kImageStartBytes)};
    const Ended ended = judge(updater.begin(request), "begin()", updater);
    if (ended != Ended::done) return ended;
  }
  if (call == Call::flash_shuffled) {
    constexpr std::uint32_t kPiece = 512;
    const std::uint32_t pieces = (length + kPiece - 1) / kPiece;
    for (std::uint32_t i = 0; i < pieces + pieces / 3; ++i) {
      const std::uint32_t piece = i < pieces ? (i * 7 + 3) % pieces : (i - pieces) * 3;  // then every third again
      const std::uint32_t from = piece * kPiece;
      const std::uint32_t to = std::min(length, from + kPiece);
      if (i < pieces && updater.next_missing(from).from >= to) continue;
      if (const Ended ended = send_piece(updater, from, to); ended != Ended::done) return ended;
    }
  }
  const bool whole_units = scenario_.board->native;
  const std::uint32_t most = call == Call::flash_plain ? (whole_units ? 608 : 600) : (whole_units ? 1024 : 1000);
  if (call == Call::flash_plain && !updater.status().update_active) {
    if (const Ended ended = send_piece(updater, 0, most); ended != Ended::done) return ended;
  }
  for (Range gap = updater.next_missing(); !gap.empty() && gap.from < end; gap = updater.next_missing()) {
    const std::uint32_t to = std::min({gap.from + most, gap.to, end});
    if (const Ended ended = send_piece(updater, gap.from, to); ended != Ended::done) return ended;
  }
  known_.in_the_middle = end != length;
  if (call == Call::flash && end == length && known_.trusts_session && known_.starts_over == 0 && !board_.many_cuts) {
    most_resent_bytes_ = std::max<std::uint64_t>(most_resent_bytes_, known_.sent_bytes - length);
  }
  if (end == length) known_.sent_bytes = length;
  if (end == length && target_slot >= 0) {
    known_.holds[static_cast<unsigned>(target_slot)] = static_cast<std::uint8_t>(known_.image + 1);
    const Bytes held = board_.contents_of(target_slot).first(length);
    if (!std::equal(held.begin(), held.end(), image().begin())) return wrong("the slot does not hold what was sent");
  }
  return Ended::done;
}

void Device::interfere(Call call) {
  NorFlash& chip = board_.flash;
  const Layout& layout = board_.layout();
  const SlotIndex next = layout.next_update_slot(known_.running);
  const Extent extent = layout.extent_of(next);
  const std::vector<std::byte> blank(extent.size_bytes, std::byte{0xFF});
  known_.trusts_session = false;
  known_.acknowledged = 0;
  board_.may_boot(Places{});
  if (call == Call::vendor_switch) {
    const BootRecords records = board_.records();
    const int active = active_record(records);
    const int sector = active < 0 ? 0 : 1 - active;
    const std::uint32_t above = active < 0 ? kBlankSeq : records[static_cast<unsigned>(active)].seq;
    const std::uint32_t at = layout.otadata.offset + static_cast<std::uint32_t>(sector) * kOtadataSectorBytes;
    chip.put(at, Bytes{blank}.first(kOtadataSectorBytes));
    chip.put(at, BootRecord::make(next_seq(above, next, layout.slot_count), RecordState::undefined).bytes());
    known_.switched_to = next;
  } else if (call == Call::vendor_rewrite) {
    chip.put(extent.offset, blank);
    chip.put(extent.offset, images_[kVendors]);
    known_.holds[static_cast<unsigned>(next)] = kVendors + 1;
  } else if (call == Call::vendor_scribble) {
    const std::vector<std::byte> scribble(0x1000, std::byte{0x5A});
    chip.put(extent.offset, scribble);
    known_.holds[static_cast<unsigned>(next)] = 0;
  } else {
    for (std::uint32_t at = 0; at < layout.otadata.size_bytes; at += kOtadataSectorBytes) {
      chip.put(layout.otadata.offset + at, Bytes{blank}.first(kOtadataSectorBytes));
    }
    known_.switched_to = board_.decide().slot;
    known_.running = known_.switched_to;
  }
  ++known_.call;
  known_.in_call = 0;
  may_boot(Places{}.add(board_.decide().slot));
}

}  // namespace dualbank::sim
