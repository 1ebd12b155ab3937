#include "dualbank/cli/serial_verbs.hpp"

#include <fmt/format.h>

#include <chrono>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/serial_report.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/engine/boot_decision.hpp"

namespace dualbank::cli {
namespace {

constexpr std::chrono::seconds kResetPatience{15};

void refuse_what_a_device_cannot(const Context& context) {
  refuse_options_for_files(context);
  if (context.dry_run()) {
    throw Refused::usage("not_over_line", "a device cannot be asked what it would do", "leave --dry-run out",
                         {{"option", "--dry-run"}});
  }
  if (context.args.operand("SLOT")) {
    throw Refused::usage("not_over_line", "over a serial line no slot can be named: the device chooses the other one",
                         "leave the slot out", {{"option", "SLOT"}});
  }
  if (context.args.has("--times")) {
    throw Refused::usage("not_over_line", "a device is reset once", "leave --times out", {{"option", "--times"}});
  }
}

std::string trial_text(const SerialClient& client) {
  const unsigned boot = client.device().trial_boot;
  if (!client.state().on_trial) return "";
  return boot == 0 ? ", on trial, not confirmed" : fmt::format(", on trial (boot {}), not confirmed", boot);
}

void say_update(Output& out, const SerialState& state, const std::vector<Range>& ranges) {
  if (!state.update_active) {
    out.say("next update: {}", slot_name(state.next_update_slot));
    return;
  }
  const std::uint64_t missing = total_length(ranges);
  const std::uint32_t length = state.update_length_bytes;
  if (length == 0xFFFF'FFFF || length == 0) {
    out.say("update of {}: its length is not known yet", slot_name(state.next_update_slot));
    return;
  }
  out.say("update of {}: {} of {} bytes are there ({} %), {} in {} {} missing", slot_name(state.next_update_slot),
          length - missing, length, (length - missing) * 100 / length, size_text(missing), ranges.size(),
          ranges.size() == 1 ? "piece" : "pieces");
}

/// Who runs and why; for status and for after a reset.
void say_device(Context& context, const SerialClient& client) {
  const SerialState& state = client.state();
  const std::string word = boot_reason_word(client.device());
  const auto reason = static_cast<BootReason>(client.device().boot_reason);
  const std::string why = word.empty() ? "" : fmt::format(": {}", boot_reason_text(reason));
  context.out.say("{} on {}", device_label(client.device()), context.line_target());
  if (state.recovery) {
    context.out.say("serial recovery: no slot is good{}", why);
  } else {
    context.out.say("{} runs{}{}", slot_name(state.running_slot), why, trial_text(client));
  }
  Json& result = context.out.result();
  result["device"] = device_json(client.device());
  result["recovery"] = state.recovery;
  result["running_slot"] = slot_json(state.running_slot);
  result["boot_slot"] = slot_json(state.boot_slot);
  result["reason"] = word.empty() ? Json(nullptr) : Json(word);
  result["trial"] = state.on_trial ? slot_json(state.running_slot) : Json(nullptr);
  result["trial_boot"] = client.device().trial_boot == 0 ? Json(nullptr) : Json(client.device().trial_boot);
}

}  // namespace

int status_over_line(Context& context) {
  refuse_what_a_device_cannot(context);
  SerialClient client(context);
  const SerialState state = client.state();
  say_device(context, client);
  const std::vector<Range> ranges = state.update_active ? missing_over_line(client) : std::vector<Range>{};
  if (!state.recovery) context.out.say("boots next: {}", slot_name(state.boot_slot));
  say_update(context.out, state, ranges);
  context.out.detail("{} requests answered, {} stretches of text or damaged frames dropped", state.answered,
                     state.dropped);
  Json& result = context.out.result();
  const bool known = state.update_length_bytes != 0xFFFF'FFFF;
  result["next_update_slot"] = slot_json(state.next_update_slot);
  result["update"] = state.update_active ? Json{{"slot", slot_json(state.next_update_slot)},
                                                {"length", known ? Json(state.update_length_bytes) : Json(nullptr)},
                                                {"missing", ranges_json(ranges)}}
                                         : Json(nullptr);
  result["line"] = {{"answered", state.answered}, {"dropped", state.dropped}};
  return kDone;
}

int ask_over_line(Context& context, SerialVerb verb) {
  refuse_what_a_device_cannot(context);
  SerialClient client(context);
  const Event event = client.require({.verb = verb});
  context.out.result()["device"] = device_json(client.device());
  context.out.result()["boot_slot"] = slot_json(client.state().boot_slot);
  report_event(context, event);
  if (verb == SerialVerb::switch_slot || verb == SerialVerb::rollback) {
    say_next(context, "reset", {}, "the device boots it");
  }
  return kDone;
}

int reset_over_line(Context& context) {
  refuse_what_a_device_cannot(context);
  SerialClient client(context);
  // What it has to say of it, such as a journal without room, stops no reset.
  const Event event = client.ask({.verb = SerialVerb::reset});
  if (event.failed()) context.out.note("before the reset: {}", what_text(event));
  if (!client.greet_again(kResetPatience)) {
    throw Refused("line_quiet_after_reset",
                  fmt::format("the device took the reset and did not answer for {} s after it", kResetPatience.count()),
                  fmt::format("dualbank status{} asks again; a crashing image is given up after its boots on trial",
                              context.target_word()));
  }
  say_device(context, client);
  if (client.state().on_trial) say_next(context, "confirm", {}, "keeps it; rollback goes back");
  return kDone;
}

}  // namespace dualbank::cli
