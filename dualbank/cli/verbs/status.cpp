#include <fmt/format.h>

#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/known_layout.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/serial_verbs.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

struct Standing {
  SlotIndex running = kNoSlot;
  SlotIndex lent_to_drive = kNoSlot;
  bool running_was_said = false;
  BootDecision next{};
  const UpdaterState* state = nullptr;
};

std::string boots_next_text(const SlotReport& report, const BootDecision& next) {
  std::string text = fmt::format("boots next: {}", boot_reason_text(next.reason));
  if (report.record && next.reason == BootReason::active_record) text += fmt::format(" (seq {})", report.record->seq);
  return text;
}

std::string marks(const SlotReport& report, const Standing& now) {
  std::vector<std::string> marks;
  if (now.running_was_said && report.slot == now.running) marks.emplace_back("runs now");
  if (now.state->on_trial && report.slot == now.running) {
    const std::string boots = now.state->trial_boots == 0 ? "" : fmt::format(" (boot {})", now.state->trial_boots);
    marks.push_back(fmt::format("on trial, not confirmed{}", boots));
  }
  if (report.slot == now.next.slot) marks.push_back(boots_next_text(report, now.next));
  if (now.state->update_active && report.slot == now.state->update_slot) marks.emplace_back("update under way");
  if (report.slot == now.lent_to_drive) {
    marks.emplace_back("the CIRCUITPY drive goes on here");
  } else if (!report.valid() && !report.empty) {
    marks.push_back(what_text(report.fault));
  }
  if (report.record && (report.record->state == RecordState::aborted || report.record->state == RecordState::invalid)) {
    marks.push_back(fmt::format("its record is {}: it did not prove itself", state_name(report.record->state)));
  }
  return fmt::format("{}", fmt::join(marks, "; "));
}

void say_slot(Output& out, const SlotReport& report, const Standing& now) {
  const bool length = report.image && report.image->length_bytes != kUnknownLength;
  const std::string used =
      length ? used_text(report.image->length_bytes, report.extent.size_bytes) : size_text(report.extent.size_bytes);
  const std::string state = slot_state(report);
  const char* sgr = report.valid() ? "32" : report.empty ? "2" : "31";
  const std::string name = fmt::format("{:<7}", slot_name(report.slot));
  const std::string line =
      fmt::format("  {} {:<24} {:<15} {} {}", report.slot == now.next.slot ? out.style.paint("1", name) : name,
                  report.image ? image_label(*report.image) : "-", used,
                  out.style.paint(sgr, fmt::format("{:<8}", state)), marks(report, now));
  out.say("{}", line.substr(0, line.find_last_not_of(' ') + 1));
}

void say_update(Output& out, Updater& updater) {
  const UpdaterState& state = updater.status();
  if (!state.update_active) return;
  const auto ranges = missing_ranges(updater);
  const std::uint64_t missing = total_length(ranges);
  if (!updater.length_known()) {
    out.say("update of {}: its length is not known yet", slot_name(state.update_slot));
  } else {
    const std::uint32_t length = state.update_length_bytes;
    out.say("update of {}: {} of {} bytes are there ({} %), {} in {} {} missing", slot_name(state.update_slot),
            length - missing, length, length == 0 ? 0 : (length - missing) * 100 / length, size_text(missing),
            ranges.size(), ranges.size() == 1 ? "piece" : "pieces");
  }
}

int run(Context& context) {
  if (context.on_line()) return status_over_line(context);
  Output& out = context.out;
  Target target(context, Access::look);
  Event unavailable = target.open_updater();
  Updater& updater = target.opened();
  const UpdaterState& state = updater.status();
  const Standing now{state.running_slot, slot_lent_to_drive(target.view(), state.running_slot),
                     context.running != kUnknownSlot, target.view().predict(), &state};
  if (!unavailable.failed()) unavailable = drive_event(target.view(), state.running_slot);
  const bool available = !unavailable.failed();

  Json& result = out.result();
  result["available"] = available;
  result["reason"] = available ? Json(nullptr) : Json(what_text(unavailable));
  result["reason_code"] = available ? Json(nullptr) : event_json(unavailable)["code"];
  result["policy"] = policy_name(context.policy);
  result["running_slot"] = slot_json(state.running_slot);
  result["boot_slot"] = slot_json(now.next.slot);
  result["boot_reason"] = boot_reason_name(now.next.reason);
  result["next_update_slot"] = slot_json(state.next_update_slot);
  result["trial"] = state.on_trial ? slot_json(state.running_slot) : Json(nullptr);
  result["update"] = available ? update_json(updater) : Json(nullptr);
  result["drive"] = drive_json(target.view(), state.running_slot);
  result["slots"] = Json::array();
  for (const SlotReport& report : report_slots(target.view())) {
    result["slots"].push_back(slot_report_json(report));
    say_slot(out, report, now);
  }
  if (available) say_update(out, updater);
  if (now.next.slot == kNoSlot) out.say("nothing boots: {}", boot_reason_text(now.next.reason));
  if (!available) out.say("no update is possible: {}", what_text(unavailable));
  if (!available) {
    Refused refused = refusal(target.view(), unavailable);
    refused.name_target(context.target_word());
    if (!refused.cure().empty()) out.note("  {}", refused.cure());
  }
  note_will_be_extended(context, target.view(), state.running_slot);
  if (!now.running_was_said && state.running_slot != kNoSlot) {
    out.note("as after a reset: {} runs (--running SLOT says otherwise)", slot_name(state.running_slot));
  }
  return kDone;
}

constexpr std::array kOperands{kTargetOrLine};
constexpr std::array kOptions{kTable, kTrust, kRevoke, kAllowUnsigned, kLowestVersion};
constexpr std::array<std::string_view, 3> kExamples{"dualbank status board.flash", "dualbank status board.flash --json",
                                                    "dualbank status board.flash --running ota_0"};

}  // namespace

const Verb kStatusVerb{
    "status",
    Group::look,
    "show the slots, what runs, what boots next and why",
    "One line for each slot (app partition): the image in it, how much of the slot it fills, whether it verifies, and "
    "what "
    "will happen to it.\n\n"
    "Nothing on a flash says which slot is running. status answers as after a reset: the slot that boots next is taken "
    "as "
    "the running one, unless --running names another.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
