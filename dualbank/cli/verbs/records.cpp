// The verbs that write boot records and nothing else: switch, confirm, rollback, abandon.
#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/foreign.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/serial_verbs.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

void require_ok(Status status, const Updater& updater) {
  if (status != Status::ok) throw Refused(updater.last_event());
}

void report(Context& context, Target& target) {
  const Event event = target.updater().last_event();
  context.out.result()["boot_slot"] = slot_json(target.view().predict().slot);
  report_change(context, target, event);
}

int run_switch(Context& context) {
  if (context.on_line()) return ask_over_line(context, SerialVerb::switch_slot);
  Target target(context, Access::write);
  Updater& updater = target.updater();
  note_recovery(context, updater);
  const SlotIndex slot = context.slot("SLOT", kUnknownSlot);
  require_slot_free_of_drive(context, target);
  require_ok(slot == kUnknownSlot ? updater.switch_slot() : updater.switch_slot(slot), updater);
  if (const SlotReport chosen = report_slot(target.view(), target.view().predict().slot); chosen.image)
    warn_of_foreign(context.out, *chosen.image);
  report(context, target);
  say_next(context, "reset", {}, "what the next reset does");
  return kDone;
}

int run_confirm(Context& context) {
  if (context.on_line()) return ask_over_line(context, SerialVerb::confirm);
  Target target(context, Access::write);
  Updater& updater = target.updater();
  note_recovery(context, updater);
  require_ok(updater.confirm(), updater);
  report(context, target);
  return kDone;
}

int run_rollback(Context& context) {
  if (context.on_line()) return ask_over_line(context, SerialVerb::rollback);
  Target target(context, Access::write);
  Updater& updater = target.updater();
  note_recovery(context, updater);
  const SlotIndex slot = context.slot("SLOT", kUnknownSlot);
  require_slot_free_of_drive(context, target);
  require_ok(slot == kUnknownSlot ? updater.rollback() : updater.rollback(slot), updater);
  report(context, target);
  say_next(context, "reset", {}, "what the next reset does");
  return kDone;
}

int run_abandon(Context& context) {
  if (context.on_line()) return ask_over_line(context, SerialVerb::abandon);
  Target target(context, Access::write);
  Updater& updater = target.updater();
  note_recovery(context, updater);
  require_slot_free_of_drive(context, target);
  require_ok(updater.abandon(), updater);
  report(context, target);
  return kDone;
}

constexpr std::array kTargetOnly{kTargetOrLine};
constexpr std::array kSwitchOperands{
    kTargetOrLine, Operand{"SLOT", Takes::slot, "the slot to boot next; otherwise the one that takes updates", false}};
constexpr std::array kRollbackOperands{
    kTargetOrLine, Operand{"SLOT", Takes::slot, "the slot to go back to; otherwise the other good one", false}};
constexpr std::array kOptions{kDryRun, kTable};
constexpr std::array kSwitchOptions{kDryRun,       kOverwriteDrive, kAllowForeign,  kTable,        kTrust,
                                    kTrustRunning, kRevoke,         kAllowUnsigned, kLowestVersion};
constexpr std::array kAbandonOptions{kDryRun, kOverwriteDrive, kTable};

constexpr std::array<std::string_view, 2> kSwitchExamples{"dualbank switch board.flash",
                                                          "dualbank switch board.flash ota_1 --dry-run"};
constexpr std::array<std::string_view, 1> kConfirmExamples{"dualbank confirm board.flash --policy stock-rollback"};
constexpr std::array<std::string_view, 2> kRollbackExamples{"dualbank rollback board.flash",
                                                            "dualbank rollback board.flash ota_0"};
constexpr std::array<std::string_view, 1> kAbandonExamples{"dualbank abandon board.flash"};

}  // namespace

const Verb kSwitchVerb{
    "switch",
    Group::write,
    "check the image in the other slot and make it boot next",
    "The image is verified as a whole, then one boot record is written. Twice is the same as once.",
    kSwitchOperands,
    kSwitchOptions,
    kSwitchExamples,
    run_switch,
};

const Verb kConfirmVerb{
    "confirm",
    Group::write,
    "keep the running image: it proved itself",
    "On a bootloader with rollback (--policy stock-rollback) an image that is not confirmed before the next reset is "
    "dropped, and the one before it boots again.",
    kTargetOnly,
    kOptions,
    kConfirmExamples,
    run_confirm,
};

const Verb kRollbackVerb{
    "rollback",
    Group::write,
    "make the other good image boot next",
    "After a switch without a reset (--running) that is the running one again; otherwise the image in the other slot, "
    "if it "
    "verifies.",
    kRollbackOperands,
    kSwitchOptions,
    kRollbackExamples,
    run_rollback,
};

const Verb kAbandonVerb{
    "abandon",
    Group::write,
    "give up the update under way",
    "What boots does not change. The slot that the update was writing needs a new update before it can boot.",
    kTargetOnly,
    kAbandonOptions,
    kAbandonExamples,
    run_abandon,
};

}  // namespace dualbank::cli
