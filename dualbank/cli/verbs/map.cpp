#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/dump.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/flash_map.hpp"
#include "dualbank/cli/in_use.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kGaps = 4096;

const SlotReport* report_of(const MapInput& input, SlotIndex slot) {
  for (const SlotReport& report : input.slots) {
    if (slot != kNoSlot && report.slot == slot) return &report;
  }
  return nullptr;
}

std::string region_words(const MapInput& input, const Region& region, SlotIndex boots, SlotIndex running,
                         bool running_said) {
  if (region.slot != kNoSlot && region.slot == input.lent_to_drive) return "<- the CIRCUITPY drive goes on here";
  const SlotReport* report = report_of(input, region.slot);
  if (report == nullptr) return {};
  std::string text = slot_state(*report);
  if (report->image) {
    text = image_label(*report->image);
    if (report->image->length_bytes != kUnknownLength)
      text += ", " + used_text(report->image->length_bytes, region.extent.size_bytes);
    if (!report->valid()) text += ", " + slot_state(*report);
  }
  if (running_said && region.slot == running) text += "  <- runs now";
  if (region.slot == boots) text += "  <- boots next";
  if (region.slot == input.updated)
    text += fmt::format("  <- update under way, {} missing", size_text(total_length(input.missing)));
  return text;
}

void say_legend(Output& out, const MapInput& input, const FlashMap& map, SlotIndex boots, SlotIndex running,
                bool running_said) {
  for (const Region& region : input.regions) {
    const std::string line = fmt::format("{} {:<12} {:>#9x} {:>10}  {}", cell_text(Cell::image, &region, out.style),
                                         region.name, region.extent.offset, size_text(region.extent.size_bytes),
                                         region_words(input, region, boots, running, running_said));
    out.say("  {}", line.substr(0, line.find_last_not_of(' ') + 1));
  }
  const Region plain{.name = "", .letter = 'x', .sgr = "0"};
  const auto sign = [&](Cell cell) { return cell_text(cell, &plain, out.style); };
  const bool blocks = out.style.color && out.style.unicode;
  const bool part = std::find(map.cells.begin(), map.cells.end(), Cell::unknown) != map.cells.end();
  out.say("  one sign is {}; {}{} {} erased{}{}", size_text(map.cell_bytes),
          blocks ? fmt::format("{} good image, ", sign(Cell::image)) : "a letter or digit:",
          blocks ? fmt::format("{} data,", sign(Cell::data)) : " data,", sign(Cell::empty),
          input.updated == kNoSlot ? "" : fmt::format(", {} still to be sent", sign(Cell::missing)),
          part ? ", ? not in the dump" : "");
}

Json regions_json(const MapInput& input, const FlashMap& map) {
  Json list = Json::array();
  for (std::size_t i = 0; i < input.regions.size(); ++i) {
    const Region& region = input.regions[i];
    std::array<std::uint64_t, 5> cells{};
    for (std::size_t cell = 0; cell < map.cells.size(); ++cell) {
      if (map.region_of[cell] == static_cast<int>(i)) ++cells[static_cast<std::size_t>(map.cells[cell])];
    }
    list.push_back({{"name", region.name},
                    {"offset", region.extent.offset},
                    {"size", region.extent.size_bytes},
                    {"slot", slot_json(region.slot)},
                    {"cells",
                     {{"empty", cells[0]},
                      {"data", cells[1]},
                      {"image", cells[2]},
                      {"missing", cells[3]},
                      {"unknown", cells[4]}}}});
  }
  return list;
}

/// The picture itself: the columns of a row; for each cell its region (-1: none) and a sign for what it holds: e empty,
/// d data, i image, m missing, ? unknown.
Json grid_json(const FlashMap& map) {
  std::string holds;
  for (const Cell cell : map.cells) holds += "edim?"[static_cast<std::size_t>(cell)];
  return {{"columns", map.columns}, {"regions", map.region_of}, {"holds", holds}};
}

/// The whole file: a map shows all of it.
Dump load(Context& context) {
  const std::string path = context.target();
  if (is_being_written(path)) context.out.note("{} is in use: what follows may be half written", path);
  Dump dump(context, read_file(path));
  const auto size = static_cast<std::uint32_t>(dump.file().size());
  if (size == 0) throw Refused(Event{Status::file_too_short, {size, kPartitionTableSectorBytes}});
  require(dump.whole_sectors());
  if (!dump.is_flash() && size % kPartitionTableSectorBytes != 0)
    throw Refused(Event{Status::file_not_sectors, {size, kPartitionTableSectorBytes}});
  return dump;
}

int run(Context& context) {
  Output& out = context.out;
  const Dump dump = load(context);
  const auto flash = dump.flash();
  FlashView view(*flash, dump.table_offset(), context.policy, flash->known());
  static_cast<void>(view.layout());
  std::vector<Range> gaps(kGaps);
  Updater updater(*flash, {.gaps = gaps,
                           .running_slot = context.running,
                           .policy = context.policy,
                           .table_offset = dump.table_offset(),
                           .read_only = true});
  const bool updatable = updater.open() == Status::ok;
  const UpdaterState state = updater.status();
  MapInput input{.regions = regions_of(view), .slots = report_slots(view)};
  if (updatable && state.update_active) {
    input.updated = state.update_slot;
    input.missing = missing_ranges(updater);
  }
  input.lent_to_drive = slot_lent_to_drive(view, state.running_slot);
  const FlashMap map = draw_map(view, input, out.style.width);
  const auto next = view.prediction(context.policy);
  const SlotIndex boots = next ? next->slot : kNoSlot;
  const bool running_said = context.running != kUnknownSlot;
  Json& result = out.result();
  result["size"] = view.size_bytes();
  result["cell"] = map.cell_bytes;
  result["boot_slot"] = slot_json(boots);
  result["running_slot"] = slot_json(state.running_slot);
  result["drive"] = drive_json(view, state.running_slot);
  result["regions"] = regions_json(input, map);
  result["grid"] = grid_json(map);
  if (out.json) return kDone;
  for (const std::string& line : map_lines(map, input, out.style)) out.say("{}", line);
  say_legend(out, input, map, boots, state.running_slot, running_said);
  return kDone;
}

constexpr std::array kOperands{kTarget};
constexpr std::array kOptions{kTable, kAt, kLayoutOfDump};
constexpr std::array<std::string_view, 2> kExamples{"dualbank map board.flash",
                                                    "dualbank map board.flash --color always | less -R"};

}  // namespace

const Verb kMapVerb{
    "map",
    Group::look,
    "draw the flash: partitions, how full the slots are, what boots next",
    "Coloured blocks on a terminal that has them; letters and digits otherwise, the digit of a slot being its number.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
