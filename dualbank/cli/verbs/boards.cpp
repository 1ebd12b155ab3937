#include "dualbank/cli/boards.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool holds(const Board& board, const std::string& word) {
  const std::string text = lower(board.name + " " + board.id + " " + board.chip + " " + board.layout);
  return text.find(lower(word)) != std::string::npos;
}

int run(Context& context) {
  Output& out = context.out;
  Json list = Json::array();
  for (const Board& board : all_boards()) {
    const auto& words = context.args.rest();
    if (!std::all_of(words.begin(), words.end(), [&](const auto& word) { return holds(board, word); })) continue;
    list.push_back({{"id", board.id},
                    {"name", board.name},
                    {"chip", board.chip},
                    {"flash", board.flash_bytes},
                    {"uf2", board.uf2},
                    {"layout", board.layout},
                    {"later", board.later.empty() ? Json(nullptr) : Json(board.later)}});
    out.say("{:<44} {:<8} {:>6}  {:<11} {}", board.id, board.chip, size_text(board.flash_bytes), board.layout,
            board.name);
    if (!board.later.empty() && out.verbose) out.say("{:44} {}", "", board.later);
  }
  if (list.empty()) out.note("no board has all of these words in it");
  out.result()["boards"] = std::move(list);
  return kDone;
}

constexpr std::array kOperands{
    Operand{"WORD", Takes::text, "only boards with this word in their name, id, chip or layout", false, true}};
constexpr std::array<std::string_view, 2> kExamples{"dualbank boards", "dualbank boards adafruit s3"};

}  // namespace

const Verb kBoardsVerb{
    "boards",
    Group::files,
    "list the boards that new knows: id, chip, flash, layout, name",
    "These are the boards whose CircuitPython has the module dualbank. What is different in other releases is shown "
    "with -v.",
    kOperands,
    {},
    kExamples,
    run,
};

}  // namespace dualbank::cli
