#include "dualbank/sim/state_calls.hpp"

#include <algorithm>

#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kPartBytes = 320;  // more than an image's start, less than the image

constexpr auto kScripts = std::to_array<Script>({
    {"open", {}},
    {"flash A", {Verb::flash_a}},
    {"flash B", {Verb::flash_b}},
    {"flash A without begin", {Verb::flash_plain}},
    {"flash a part of A", {Verb::flash_part}},
    {"switch", {Verb::switch_slot}},
    {"confirm", {Verb::confirm}},
    {"rollback", {Verb::rollback}},
    {"abandon", {Verb::abandon}},
    {"boot_guard", {Verb::boot_guard}},
    {"flash A, switch", {Verb::flash_a, Verb::switch_slot}},
    {"flash A, rollback", {Verb::flash_a, Verb::rollback}},
    {"flash A, abandon", {Verb::flash_a, Verb::abandon}},
    {"flash A, flash B", {Verb::flash_a, Verb::flash_b}},
    {"flash a part of A, pause", {Verb::flash_part, Verb::pause}},
    {"flash a part of A, pause, flash A", {Verb::flash_part, Verb::pause, Verb::finish_a}},
    {"flash a part of A, flash A", {Verb::flash_part, Verb::finish_a}},
    {"flash a part of A, flash B", {Verb::flash_part, Verb::flash_b}},
    {"flash a part of A, abandon", {Verb::flash_part, Verb::abandon}},
    {"flash a part of A, rollback", {Verb::flash_part, Verb::rollback}},
    {"flash a part of A, confirm", {Verb::flash_part, Verb::confirm}},
    {"switch, flash A", {Verb::switch_slot, Verb::flash_a}},
    {"switch, flash B", {Verb::switch_slot, Verb::flash_b}},
    {"switch, rollback", {Verb::switch_slot, Verb::rollback}},
    {"switch, switch", {Verb::switch_slot, Verb::switch_slot}},
    {"switch, confirm", {Verb::switch_slot, Verb::confirm}},
    {"rollback, flash A", {Verb::rollback, Verb::flash_a}},
    {"rollback, switch", {Verb::rollback, Verb::switch_slot}},
    {"rollback, rollback", {Verb::rollback, Verb::rollback}},
    {"confirm, flash A", {Verb::confirm, Verb::flash_a}},
    {"confirm, rollback", {Verb::confirm, Verb::rollback}},
    {"confirm, confirm", {Verb::confirm, Verb::confirm}},
    {"abandon, flash A", {Verb::abandon, Verb::flash_a}},
    {"abandon, switch", {Verb::abandon, Verb::switch_slot}},
    {"switch, rollback, flash A", {Verb::switch_slot, Verb::rollback, Verb::flash_a}},
});

constexpr bool is_image_error(Status status) {
  return status >= Status::image_no_magic && status <= Status::image_empty_slot;
}

}  // namespace

std::span<const Script> scripts() { return kScripts; }

bool goes_on(const Script& script, const Script& before) {
  const auto calls = [](const Script& s) {
    return std::find(s.verbs.begin(), s.verbs.end(), Verb::none) - s.verbs.begin();
  };
  const auto end = calls(before);
  return calls(script) == end + 1 && std::equal(before.verbs.begin(), before.verbs.begin() + end, script.verbs.begin());
}

Call call_of(Verb verb) {
  switch (verb) {
    case Verb::switch_slot:
      return Call::switch_slot;
    case Verb::confirm:
      return Call::confirm;
    case Verb::rollback:
      return Call::rollback;
    case Verb::abandon:
      return Call::abandon;
    case Verb::boot_guard:
      return Call::boot_guard;
    case Verb::none:
    case Verb::pause:
      return Call::pause;
    default:
      return Call::flash;
  }
}

std::string_view verb_name(Verb verb) {
  constexpr std::array<std::string_view, 12> kNames{"open",
                                                    "flash A",
                                                    "flash B",
                                                    "flash A without begin",
                                                    "flash a part of A",
                                                    "flash A",
                                                    "switch",
                                                    "confirm",
                                                    "rollback",
                                                    "abandon",
                                                    "pause",
                                                    "boot_guard"};
  return kNames[static_cast<std::size_t>(verb)];
}

Bytes image_of(Verb verb, bool swapped) {
  return state_images()[(verb == Verb::flash_b) != swapped ? kImageB : kImageA];
}

Status perform(Verb verb, bool swapped, Updater& updater) {
  const Bytes image = image_of(verb, swapped);
  const UpdateRequest request{.header = image.first(kImageStartBytes)};
  switch (verb) {
    case Verb::none:
      return Status::ok;
    case Verb::flash_a:
    case Verb::flash_b:
      if (const Status status = updater.begin(request); status != Status::ok) return status;
      return updater.flash(image, 0);
    case Verb::flash_plain:
      return updater.flash(image, 0);
    case Verb::flash_part:
      if (const Status status = updater.begin(request); status != Status::ok) return status;
      return updater.flash(image.first(kPartBytes), 0);
    case Verb::finish_a:
      return updater.flash(image.subspan(kPartBytes), kPartBytes);
    case Verb::switch_slot:
      return updater.switch_slot();
    case Verb::confirm:
      return updater.confirm();
    case Verb::rollback:
      return updater.rollback();
    case Verb::abandon:
      return updater.abandon();
    case Verb::pause:
      return updater.pause();
    case Verb::boot_guard:
      return updater.boot_guard();
  }
  return Status::ok;
}

bool may_answer(Verb verb, Status status) {
  if (status == Status::ok) return true;
  switch (verb) {
    case Verb::switch_slot:
      return status == Status::on_trial || status == Status::running_factory || status == Status::update_incomplete ||
             status == Status::slot_unfinished || is_image_error(status);
    case Verb::confirm:
      return status == Status::not_confirmable;
    case Verb::rollback:
      return status == Status::no_rollback_target || status == Status::slot_unfinished || is_image_error(status);
    case Verb::abandon:
      return status == Status::no_update;
    case Verb::boot_guard:
      return status == Status::trial_failed || status == Status::no_rollback_target ||
             status == Status::slot_unfinished;
    case Verb::none:
    case Verb::pause:
      return false;
    default:
      return status == Status::on_trial || status == Status::running_factory;
  }
}

}  // namespace dualbank::sim
