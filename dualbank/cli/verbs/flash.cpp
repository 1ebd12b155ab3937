#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/send.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kChunkBytes = 64 * 1024;

/// Bytes as they are, at an offset of the image.
void send_piece(Context& context, Target& target, std::uint32_t offset) {
  const std::vector<std::byte> file = read_file(context.args.operand("IMAGE").value());
  if (file.size() > 0xFFFF'FFFF - offset) {
    throw Refused(Event{Status::beyond_slot, {static_cast<std::uint32_t>(file.size()), offset, 0}});
  }
  Updater& updater = target.updater();
  const Bytes bytes = file;
  for (std::size_t at = 0; at < bytes.size(); at += kChunkBytes) {
    const Bytes piece = bytes.subspan(at, std::min<std::size_t>(kChunkBytes, bytes.size() - at));
    if (updater.flash(piece, offset + static_cast<std::uint32_t>(at)) != Status::ok) throw_stopped(context, updater);
  }
}

int run(Context& context) {
  catch_interrupt();
  check_operand_order(context);
  Target target(context, Access::write);
  Updater& updater = target.updater();
  note_recovery(context, updater);
  if (context.args.has("--offset")) {
    require_slot_free_of_drive(context, target);
    send_piece(context, target, context.number("--offset", 0));
  } else {
    const Firmware firmware = load_firmware(context.args.operand("IMAGE").value(), target.view().chip_id());
    const ImageInfo info = check_for_update(context, target, firmware);
    send_image(context, target, firmware, info);
  }
  const Event event = updater.last_event();
  const auto missing = missing_ranges(updater);
  const bool complete = updater.status().update_active && updater.length_known() && missing.empty();
  context.out.result()["update"] = update_json(updater);
  context.out.result()["complete"] = complete;
  report_change(context, target, event);
  if (complete) {
    say_next(context, "switch", {},
             fmt::format("{} holds the whole image and does not boot yet", slot_name(updater.status().update_slot)));
  } else {
    say_next(context, "missing", {}, "what is still to be sent");
  }
  return kDone;
}

constexpr std::array kOperands{kTarget, kImage};
constexpr std::array kOptions{
    Option{"--offset", "N", Takes::number, "write the file's bytes as they are at byte N of the image, in any order"},
    kDryRun,
    Option{"--force", "", Takes::nothing, "also where the running image is not confirmed (its fallback is lost)"},
    kOverwriteDrive,
    kAllowForeign,
    kTable,
    kTrust,
    kTrustRunning,
    kRevoke,
    kAllowUnsigned,
    kLowestVersion};
constexpr std::array<std::string_view, 2> kExamples{"dualbank flash board.flash firmware-2.0.bin",
                                                    "dualbank flash board.flash part7.bin --offset 0x70000"};

}  // namespace

const Verb kFlashVerb{
    "flash",
    Group::write,
    "write an image, or a piece of one, to the other slot; does not switch",
    "update is what you usually want: it also switches. With --offset, pieces may come in any order and twice; the "
    "first "
    "288 bytes of the image, at offset 0, start the update. missing lists what is still to be sent.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
