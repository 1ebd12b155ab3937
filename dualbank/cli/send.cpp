#include "dualbank/cli/send.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/foreign.hpp"
#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/progress.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kChunkBytes = 64 * 1024;

}  // namespace

ImageInfo check_for_update(Context& context, Target& target, const Firmware& firmware) {
  require_slot_free_of_drive(context, target);
  const Extent slot = target.view().layout().extent_of(target.updater().status().next_update_slot);
  ImageRules rules = ImageRules::strict(target.view().chip_id(), slot.size_bytes, slot.offset);
  if (context.args.has("--allow-foreign")) {
    rules.need_hash = false;
    rules.need_descriptor = false;
  }
  const auto info = judge_image(firmware.app, rules);
  if (!info) throw Refused(name_slots(info.error(), target.view().layout()));
  if (const Event e = target.trust().check(firmware.app, *info); e.failed()) throw Refused(e);
  warn_of_foreign(context.out, *info);
  return *info;
}

void throw_stopped(Context& context, Updater& updater) {
  if (updater.last_event().code != Status::stopped) throw Refused(updater.last_event());
  ignore_interrupt();
  static_cast<void>(updater.pause());
  const UpdaterState& state = updater.status();
  const std::uint64_t missing = total_length(missing_ranges(updater));
  const std::uint64_t length = state.update_active && updater.length_known() ? state.update_length_bytes : missing;
  Refused refused("interrupted", fmt::format("interrupted: {} of {} bytes are done", length - missing, length),
                  fmt::format("the same command goes on; dualbank abandon{} gives it up", context.target_word()),
                  {{"done", length - missing}, {"total", length}});
  refused.set_exit_code(kInterrupted);
  throw refused;
}

void send_image(Context& context, Target& target, const Firmware& firmware, const ImageInfo& info) {
  Updater& updater = target.updater();
  const Bytes image = firmware.app;
  const auto length = static_cast<std::uint32_t>(image.size());
  const Sha256Digest identity = sha256(image);
  if (updater.begin({.identity = identity,
                     .length_bytes = length,
                     .header = image.first(std::min<std::size_t>(length, kImageStartBytes))}) != Status::ok) {
    throw_stopped(context, updater);
  }
  const std::string name = slot_name(updater.status().update_slot);
  const std::uint64_t missing = total_length(missing_ranges(updater));
  if (updater.last_event().code == Status::update_resumed && missing < length) {
    context.out.note("going on: {} of {} bytes are in {} already", length - missing, length, name);
  }
  context.out.detail("{} ({}, {}) goes to {}", image_label(info), kind_name(firmware.kind), size_text(length), name);
  Progress progress(context.out, fmt::format("writing {}", name), length);
  std::uint64_t done = length - missing;
  for (Range gap = updater.next_missing(); !gap.empty(); gap = updater.next_missing()) {
    const std::uint32_t size = std::min(gap.length(), kChunkBytes);
    progress.show(done);
    if (updater.flash(image.subspan(gap.from, size), gap.from) != Status::ok) throw_stopped(context, updater);
    done += size;
  }
}

}  // namespace dualbank::cli
