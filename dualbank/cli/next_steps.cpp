#include "dualbank/cli/next_steps.hpp"

#include <fmt/format.h>

#include <vector>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

struct Place {
  std::string name;
  Extent extent;
};

std::vector<Place> writable_places(const Layout& layout) {
  std::vector<Place> places{{"otadata", layout.otadata}};
  for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(layout.slot_count); ++slot) {
    places.push_back({slot_name(slot), layout.extent_of(slot)});
  }
  return places;
}

bool touches(const Extent& extent, const std::vector<Range>& ranges) {
  for (const Range& range : ranges) {
    if (range.from < extent.offset + extent.size_bytes && range.to > extent.offset) return true;
  }
  return false;
}

/// One command for each changed place, and the one that writes them all.
std::vector<std::string> commands_back(const Context& context, Target& target) {
  std::vector<std::string> commands;
  const auto changed = target.changed();
  std::string write = fmt::format("esptool --chip {} write-flash", chip_name(target.view().chip_id()));
  for (const Place& place : writable_places(target.view().layout())) {
    if (!touches(place.extent, changed)) continue;
    commands.push_back(
        fmt::format("dualbank extract{} {} --whole -o {}.bin", context.target_word(), place.name, place.name));
    write += fmt::format(" {:#x} {}.bin", place.extent.offset, place.name);
  }
  if (!commands.empty()) commands.push_back(write);
  return commands;
}

}  // namespace

void report_change(Context& context, Target& target, const Event& event) {
  Output& out = context.out;
  Json& result = out.result();
  const auto changed = target.changed();
  result["event"] = event_json(event);
  result["dry_run"] = context.dry_run();
  result["changed"] = ranges_json(changed);
  out.done("{}{}", context.dry_run() ? "would do: " : "", what_text(event));
  for (const Range& range : changed) out.detail("changed: {:#x} to {:#x}", range.from, range.to);
  if (context.dry_run() || changed.empty() || !target.view().has_bootloader()) return;
  const auto commands = commands_back(context, target);
  result["bring_back"] = commands;
  out.note("to bring this to the board:");
  for (const std::string& command : commands) out.note("  {}", command);
}

void say_next(Context& context, std::string_view verb, std::string_view rest, std::string_view why) {
  if (context.dry_run()) return;
  std::string command = fmt::format("dualbank {}{}", verb, context.target_word());
  if (!rest.empty()) command += fmt::format(" {}", rest);
  context.out.result()["next"] = command;
  context.out.note("next: {}{}", command, why.empty() ? "" : fmt::format("   ({})", why));
}

void note_recovery(Context& context, const Updater& updater) {
  const Event& event = updater.last_event();
  if (event.code == Status::finished_switch || event.code == Status::repaired_record ||
      event.code == Status::buried_record) {
    context.out.note("after a power cut: {}", what_text(event));
  }
}

}  // namespace dualbank::cli
