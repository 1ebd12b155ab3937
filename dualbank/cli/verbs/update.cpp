#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/send.hpp"
#include "dualbank/cli/serial_verbs.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

bool slot_holds(Target& target, SlotIndex slot, Bytes image) {
  const Extent extent = target.view().layout().extent_of(slot);
  if (!extent.present() || image.size() > extent.size_bytes) return false;
  const auto held = target.view().read(extent.offset, static_cast<std::uint32_t>(image.size()));
  return std::equal(held.begin(), held.end(), image.begin());
}

int unchanged(Context& context, Target& target, SlotIndex slot, const ImageInfo& info) {
  context.out.result()["unchanged"] = true;
  context.out.result()["slot"] = slot_json(slot);
  context.out.result()["image"] = image_json(info, true);
  context.out.result()["changed"] = ranges_json(target.changed());
  context.out.done("unchanged: {} holds {} already and boots next", slot_name(slot), image_label(info));
  return kDone;
}

int run(Context& context) {
  if (context.on_line()) return update_over_line(context);
  catch_interrupt();
  check_operand_order(context);
  Target target(context, Access::write);
  Updater& updater = target.updater();
  note_recovery(context, updater);
  const Firmware firmware = load_for_slot(context, target.view().chip_id(),
                                          target.view().layout().extent_of(updater.status().next_update_slot));
  const ImageInfo info = check_for_update(context, target, firmware);
  const SlotIndex boots = target.view().predict().slot;
  if (!context.force() && boots != kNoSlot && slot_holds(target, boots, firmware.app)) {
    return unchanged(context, target, boots, info);
  }
  send_image(context, target, firmware, info);
  const SlotIndex slot = updater.status().update_slot;
  if (updater.switch_slot() != Status::ok) throw_stopped(context, updater);
  Json& result = context.out.result();
  result["unchanged"] = false;
  result["slot"] = slot_json(slot);
  result["image"] = image_json(info, true);
  report_change(context, target, updater.last_event());
  say_next(context, "reset", {}, "what the next reset does");
  return kDone;
}

constexpr std::array kOperands{kTargetOrLine, kImage};
constexpr std::array kOptions{
    kDryRun,
    Option{"--force", "", Takes::nothing,
           "also where the running image is not confirmed (its fallback is lost), or the "
           "image is there already"},
    Option{"--or", "IMAGE", Takes::file, "the same firmware linked for the other slot: the one that fits is taken"},
    kOverwriteDrive,
    kAllowForeign,
    kTable,
    kTrust,
    kTrustRunning,
    kRevoke,
    kAllowUnsigned,
    kLowestVersion};
constexpr std::array<std::string_view, 6> kExamples{
    "dualbank update board.flash firmware-2.0.bin",
    "dualbank update board.flash adafruit-circuitpython-10.0.uf2",
    "curl -s https://example.org/firmware.bin | dualbank update board.flash -",
    "dualbank update board.flash firmware-2.0.bin --dry-run",
    "dualbank update board.flash app-ota_0.bin --or app-ota_1.bin",
    "dualbank update serial:/dev/ttyUSB0?baud=921600 firmware-2.0.bin"};

}  // namespace

const Verb kUpdateVerb{
    "update",
    Group::write,
    "install a firmware: check it, write it to the other slot, make it boot next",
    "The image is checked as a whole before a byte is written: chip, size, checksum, SHA-256. It goes to the slot that "
    "does "
    "not run; then one small write makes it boot next. A power cut or Ctrl-C at any moment leaves a flash that boots, "
    "and "
    "the same command goes on where it stopped. Where the slot that boots holds the image already, nothing is done.\n\n"
    "The new image is on trial until confirm says that it proved itself; a bootloader with rollback drops one that is "
    "not "
    "confirmed before the next reset. update refuses while an unconfirmed image runs, because the other slot holds the "
    "only "
    "image to go back to.\n\n"
    "TARGET serial:PATH[?baud=N] is a running device: a terminal device, a pseudo terminal or a unix socket, with "
    "115200 "
    "baud unless told otherwise. Only what the device misses is sent.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
