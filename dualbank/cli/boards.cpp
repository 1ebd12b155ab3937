#include "dualbank/cli/boards.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/suggest.hpp"

namespace dualbank::cli {
namespace {

constexpr std::string_view kBoardsText =
#include "dualbank/cli/boards.tsv.inc"
    ;
constexpr std::string_view kLayoutsText =
#include "dualbank/cli/layouts.tsv.inc"
    ;

std::vector<std::string> split(std::string_view line, char by) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(by, at), line.size());
    fields.emplace_back(line.substr(at, end - at));
    at = end + 1;
  }
  return fields;
}

std::vector<std::vector<std::string>> rows_of(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : split(text, '\n')) {
    if (!line.empty() && line[0] != '#') rows.push_back(split(line, '\t'));
  }
  return rows;
}

std::vector<Board> read_boards() {
  std::vector<Board> boards;
  for (const auto& row : rows_of(kBoardsText)) {
    boards.push_back(
        {row.at(0), row.at(1), row.at(2), parse_size(row.at(3)).value(), row.at(4) == "yes", row.at(5), row.at(6)});
  }
  return boards;
}

std::vector<LayoutRow> read_layouts() {
  std::vector<LayoutRow> rows;
  for (const auto& row : rows_of(kLayoutsText)) {
    rows.push_back({row.at(0), fmt::format("{},{},{},{},{},", row.at(1), row.at(2), row.at(3), row.at(4), row.at(5))});
  }
  return rows;
}

const std::vector<LayoutRow>& layout_rows() {
  static const std::vector<LayoutRow> rows = read_layouts();
  return rows;
}

bool same_word(std::string_view a, std::string_view b) { return a.size() == b.size() && edit_distance(a, b) == 0; }

}  // namespace

std::span<const Board> all_boards() {
  static const std::vector<Board> boards = read_boards();
  return boards;
}

std::span<const std::string> all_layouts() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const LayoutRow& row : layout_rows()) {
      if (result.empty() || result.back() != row.layout) result.push_back(row.layout);
    }
    return result;
  }();
  return names;
}

const Board& find_board(std::string_view name) {
  std::vector<std::string> words;
  for (const Board& board : all_boards()) {
    if (same_word(board.id, name) || same_word(board.name, name)) return board;
    words.push_back(board.id);
    words.push_back(board.name);
  }
  const auto near = nearest(name, words);
  throw Refused::usage("unknown_board", fmt::format("there is no board '{}'", name),
                       near.empty() ? "dualbank boards lists them all; dualbank boards WORD those with a word in them"
                                    : fmt::format("did you mean {}?", join_or(near)),
                       {{"board", std::string(name)}, {"nearest", near}});
}

std::string layout_csv(std::string_view name) {
  std::string csv;
  for (const LayoutRow& row : layout_rows()) {
    if (same_word(row.layout, name)) csv += row.csv + "\n";
  }
  if (!csv.empty()) return csv;
  auto near = nearest(name, all_layouts());
  const bool none = near.empty();
  if (none) near.assign(all_layouts().begin(), all_layouts().end());
  throw Refused::usage("unknown_layout", fmt::format("there is no layout '{}'", name),
                       none ? fmt::format("use {}, or a table of your own with --csv", join_or(near))
                            : fmt::format("did you mean {}?", join_or(near)),
                       {{"layout", std::string(name)}});
}

std::uint32_t layout_flash_bytes(std::string_view name) {
  return parse_size(name.substr(0, name.find('-'))).value_or(0);
}

}  // namespace dualbank::cli
