#include <fmt/format.h>

#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/serial_verbs.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kMostResets = 1000;

Json write_json(const RecordWrite& write) {
  return {{"record", write.sector}, {"seq", write.record.seq}, {"state", state_name(write.record.state)}};
}

/// What the bootloader of the policy does. Throws Refused.
BootDecision boot(Context& context, Target& target) {
  FlashView& view = target.view();
  if (context.policy == Policy::dualbank) {
    const BootOutcome outcome = view.run_bootloader();
    if (outcome.journal.failed()) context.out.note("the boot could not be noted: {}", what_text(outcome.journal));
    return outcome.decision;
  }
  const BootDecision decision = view.predict();
  if (perform_boot_writes(view.flash(), view.layout(), decision) != Status::ok) {
    throw Refused(target.file().last_event());
  }
  return decision;
}

Json boot_once(Context& context, Target& target, std::uint32_t number, std::uint32_t times) {
  Output& out = context.out;
  const BootDecision decision = boot(context, target);
  const std::string which = times == 1 ? "" : fmt::format("reset {}: ", number);
  if (decision.slot == kNoSlot) {
    out.say("{}nothing boots: {}", which, boot_reason_text(decision.reason));
  } else {
    const auto image = target.view().verify(decision.slot);
    out.say("{}{} runs{}: {}", which, slot_name(decision.slot), image ? fmt::format(" ({})", image_label(*image)) : "",
            boot_reason_text(decision.reason));
  }
  if (decision.trial_boot > 0) out.say("{}boot {} of {} on trial", which, decision.trial_boot, kDefaultMostTries);
  Json writes = Json::array();
  for (std::uint8_t i = 0; i < decision.write_count; ++i) {
    const RecordWrite& write = decision.writes[i];
    writes.push_back(write_json(write));
    out.say("{}the bootloader {} boot record {}: seq {}, {}", which, context.dry_run() ? "would write" : "wrote",
            write.sector, write.record.seq, state_name(write.record.state));
  }
  return {{"slot", slot_json(decision.slot)},
          {"chosen", slot_json(decision.chosen)},
          {"reason", boot_reason_name(decision.reason)},
          {"reason_text", boot_reason_text(decision.reason)},
          {"trial_boot", decision.trial_boot == 0 ? Json(nullptr) : Json(decision.trial_boot)},
          {"writes", writes}};
}

/// A look as the application that runs now takes it: whether its image still has to prove itself.
bool on_trial(Context& context, Target& target, const Json& boot) {
  const auto slot = parse_slot_name(boot["slot"].get<std::string>());
  Updater updater(target.view().flash(), {.running_slot = *slot,
                                          .policy = context.policy,
                                          .table_offset = target.view().table_offset(),
                                          .read_only = true});
  return updater.open() == Status::ok && updater.status().on_trial;
}

int run(Context& context) {
  if (context.on_line()) return reset_over_line(context);
  const std::uint32_t times = context.number("--times", 1);
  if (times == 0 || times > kMostResets) {
    throw Refused::usage("bad_number", fmt::format("--times {} is not possible", times),
                         fmt::format("give 1 to {}", kMostResets));
  }
  Target target(context, Access::write);
  Json boots = Json::array();
  for (std::uint32_t i = 1; i <= times; ++i) {
    boots.push_back(boot_once(context, target, i, times));
    if (boots.back()["slot"].is_null()) break;
  }
  const bool runs = !boots.back()["slot"].is_null();
  Json& result = context.out.result();
  result["policy"] = policy_name(context.policy);
  result["running_slot"] = boots.back()["slot"];
  result["reason"] = boots.back()["reason"];
  result["dry_run"] = context.dry_run();
  result["changed"] = ranges_json(target.changed());
  if (runs && on_trial(context, target, boots.back())) say_next(context, "confirm", {}, "keeps it; rollback goes back");
  result["boots"] = std::move(boots);
  return runs ? kDone : kNo;
}

constexpr std::array kOperands{kTargetOrLine};
constexpr std::array kOptions{Option{"--times", "N", Takes::number, "reset N times, up to 1000 (default 1)"},
                              kDryRun,
                              kTable,
                              kTrust,
                              kRevoke,
                              kAllowUnsigned,
                              kLowestVersion};
constexpr std::array<std::string_view, 3> kExamples{"dualbank reset board.flash",
                                                    "dualbank reset board.flash --dry-run",
                                                    "dualbank reset board.flash --policy stock-rollback --times 2"};

}  // namespace

const Verb kResetVerb{
    "reset",
    Group::write,
    "do what the bootloader does at a reset, and say why",
    "Finds the slot that boots as the bootloader of --policy does, and performs the bootloader's writes to the boot "
    "records (policy dualbank: to their journals); no other verb does that. Exit code 3: nothing boots.\n\n"
    "With serial:PATH the device resets itself; reset waits until it is back and says what runs.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
