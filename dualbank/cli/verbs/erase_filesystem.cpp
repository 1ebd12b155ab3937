#include <fmt/format.h>

#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

/// As the drive is now, where neither was said.
bool wants_extended(const Context& context, DriveState now) {
  const bool yes = context.args.has("--extended");
  const bool no = context.args.has("--no-extended");
  if (yes && no) {
    throw Refused::usage("usage", "--extended and --no-extended are opposites", "give one of them, or none");
  }
  return yes || (!no && now == DriveState::extended);
}

int run(Context& context) {
  Target target(context, Access::write);
  const Event unavailable = target.open_updater();
  const UpdaterState& state = target.opened().status();
  FlashView& view = target.view();
  const DriveState before = drive_state(view);
  const bool extended = wants_extended(context, before);
  if (extended && !context.force()) require(check_slot_for_drive(view.layout(), state));
  require(make_drive(view.flash(), view.layout(), state.running_slot, extended));

  Output& out = context.out;
  out.result()["before"] = before == DriveState::none ? Json(nullptr) : Json(drive_state_name(before));
  out.result()["drive"] = drive_json(view, state.running_slot);
  out.result()["dry_run"] = context.dry_run();
  out.result()["changed"] = ranges_json(target.changed());
  const SlotIndex lent = slot_lent_to_drive(view, state.running_slot);
  std::uint64_t size = view.layout().fat.size_bytes;
  if (lent != kNoSlot) size += view.layout().extent_of(lent).size_bytes;
  out.done("the drive {} empty and {}: {}", context.dry_run() ? "would be" : "is",
           lent == kNoSlot ? "not extended" : fmt::format("extended into {}", slot_name(lent)), size_text(size));
  if (lent != kNoSlot && !unavailable.failed())
    out.note("until it is taken back, updates of {} are refused", slot_name(lent));
  return kDone;
}

constexpr std::array kOperands{kTarget};
constexpr std::array kOptions{
    Option{"--extended", "", Takes::nothing, "over the slot that does not run, too; updates are then refused"},
    Option{"--no-extended", "", Takes::nothing, "over its own partition only, so that updates are possible"},
    Option{
        "--force", "", Takes::nothing,
        "extend it although the other slot is needed: it boots next, is being updated, or is the fallback of a trial"},
    kDryRun, kTable};
constexpr std::array<std::string_view, 2> kExamples{"dualbank erase-filesystem board.flash --no-extended",
                                                    "dualbank erase-filesystem board.flash --extended --dry-run"};

}  // namespace

const Verb kEraseFilesystemVerb{
    "erase-filesystem",
    Group::write,
    "make the CIRCUITPY drive anew, empty",
    "Makes the FAT file system that CircuitPython's storage.erase_filesystem() makes, on the first data/fat partition; "
    "all files on the drive are lost. Without --extended and --no-extended the drive stays as it is, and is not "
    "extended where it had no file system.\n\n"
    "An extended drive goes on in the slot that does not run. flash, update, switch, rollback and abandon refuse then "
    "(\"storage is extended\"), as CircuitPython's dualbank does.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
