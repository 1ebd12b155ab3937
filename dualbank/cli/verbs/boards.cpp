#include "dualbank/cli/boards.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/csv_table.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

Json board_json(const Board& board) {
  return {{"id", board.id},
          {"name", board.name},
          {"also", std::vector<std::string>(board.also.begin(), board.also.end())},
          {"chip", board.chip},
          {"flash", board.flash_bytes},
          {"uf2", board.uf2},
          {"layout", board.layout},
          {"first_release", board.first_release},
          {"last_release", board.last_release},
          {"later_layout", text_or_null(board.later_layout)},
          {"why_not_later", text_or_null(why_not_later(board))},
          {"note", text_or_null(board.note)}};
}

Json layout_json(const KnownLayout& layout) {
  Json partitions = Json::array();
  for (const Partition& p : partitions_of_csv(layout.csv)) {
    partitions.push_back({{"name", printable(p.label_text())},
                          {"type", p.type},
                          {"subtype", p.subtype},
                          {"offset", p.offset},
                          {"size", p.size_bytes}});
  }
  return {{"name", layout.name},
          {"flash", layout.flash_bytes},
          {"slots", layout.slot_count},
          {"first_release", layout.first_release},
          {"last_release", layout.last_release},
          {"why_one_slot", text_or_null(layout.why_one_slot)},
          {"note", text_or_null(layout.note)},
          {"partitions", std::move(partitions)}};
}

void say_board(Output& out, const Board& board) {
  out.say("{:<44} {:<8} {:>6}  {:<11} {:<8} {}", board.id, board.chip, size_text(board.flash_bytes), board.layout,
          releases_text(board.first_release, board.last_release), board.name);
  if (!out.verbose) return;
  for (const std::string_view also : board.also) out.say("{:44} also: {}", "", also);
  if (const std::string why = why_not_later(board); !why.empty()) out.say("{:44} {}", "", why);
  if (!board.note.empty()) out.say("{:44} note: {}", "", board.note);
}

/// Without -v: once for all boards that lost it for the same reason.
void note_later(Output& out, const std::vector<const Board*>& listed) {
  std::vector<std::string> said;
  for (const Board* board : listed) {
    const std::string why = why_not_later(*board);
    if (why.empty() || std::find(said.begin(), said.end(), why) != said.end()) continue;
    said.push_back(why);
    out.note("{}: {}", board->layout, why);
  }
}

int run_layouts(Context& context) {
  Output& out = context.out;
  for (const KnownLayout& layout : all_layouts()) {
    const std::string slots = layout.slot_count == 0   ? "no slot"
                              : layout.slot_count == 1 ? "1 slot"
                                                       : fmt::format("{} slots", layout.slot_count);
    out.say("{:<32} {:>6}  {:<7}  {}", layout.name, size_text(layout.flash_bytes), slots,
            releases_text(layout.first_release, layout.last_release));
    if (!layout.why_one_slot.empty()) out.say("    {}", layout.why_one_slot);
    if (!layout.note.empty()) out.say("    note: {}", layout.note);
    out.result()["layouts"].push_back(layout_json(layout));
  }
  return kDone;
}

int run(Context& context) {
  if (context.args.has("--layouts")) return run_layouts(context);
  Output& out = context.out;
  std::vector<const Board*> listed;
  out.result()["boards"] = Json::array();
  for (const Board& board : all_boards()) {
    if (!board_has(board, context.args.rest())) continue;
    listed.push_back(&board);
    out.result()["boards"].push_back(board_json(board));
    say_board(out, board);
  }
  if (listed.empty()) out.note("no board has all of these words in it; dualbank boards lists all of them");
  if (!out.verbose) note_later(out, listed);
  return kDone;
}

constexpr std::array kOperands{
    Operand{"WORD", Takes::text, "only boards with this word in their name, id, chip or layout", false, true}};
constexpr std::array kOptions{
    Option{"--layouts", "", Takes::nothing, "list the layouts instead: flash, slots, releases, why no second slot"}};
constexpr std::array<std::string_view, 3> kExamples{"dualbank boards", "dualbank boards adafruit s3",
                                                    "dualbank boards --layouts"};

}  // namespace

const Verb kBoardsVerb{
    "boards",
    Group::files,
    "list the boards that new knows: id, chip, flash, layout, releases, name",
    "These are the boards whose CircuitPython has the module dualbank, and the releases in which it has it, of 9.0 to "
    "10.2. Later releases of the boards with 4 MiB have a layout with one slot, and no dualbank. -v shows for each "
    "board what is different in other releases, and what is doubtful.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
