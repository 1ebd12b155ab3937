#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/board_table/table.hpp"

namespace dualbank::cli::board_table {
namespace {

/// As a literal of C++.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result + "\"";
}

const LayoutEntry& layout_of(const Table& table, const std::string& name) {
  return *std::find_if(table.layouts.begin(), table.layouts.end(), [&](const auto& l) { return l.name == name; });
}

std::string cpp_of_layout(const LayoutEntry& layout) {
  std::string csv;
  for (const LayoutRow& row : layout.rows) {
    std::string packed = row.csv;
    std::erase_if(packed, [](char c) { return c == ' ' || c == '\t'; });
    csv += packed + "\n";
  }
  return fmt::format("    {{{}, {}U, {}, {}, {}, {}, {}, {}U}},\n", quoted(layout.name), layout.flash_bytes,
                     quoted(layout.releases.first), quoted(layout.releases.last), quoted(layout.why),
                     quoted(layout.note), quoted(csv), layout.slot_count);
}

std::string cpp_of_board(const Table& table, const BoardEntry& board, std::size_t number) {
  return fmt::format("    {{{}, {}, {}, {}U, {}, {}, {}, {}, {}, {}, {}}},\n", quoted(board.id), quoted(board.name),
                     quoted(board.chip), board.flash_bytes, quoted(board.layout),
                     layout_of(table, board.layout).has_factory, quoted(board.releases.first),
                     quoted(board.releases.last), quoted(board.later_layout), quoted(board.note),
                     board.also.empty() ? "{}" : fmt::format("kAlso{}", number));
}

}  // namespace

std::string cpp_of(const Table& table) {
  std::string also;
  std::string boards;
  for (std::size_t i = 0; i < table.boards.size(); ++i) {
    const BoardEntry& board = table.boards[i];
    boards += cpp_of_board(table, board, i);
    if (board.also.empty()) continue;
    also += fmt::format("constexpr std::string_view kAlso{}[] = {{", i);
    for (const std::string& name : board.also) also += quoted(name) + ", ";
    also += "};\n";
  }
  std::string layouts;
  for (const LayoutEntry& layout : table.layouts) layouts += cpp_of_layout(layout);
  std::string releases;
  for (const std::string& release : table.releases) releases += quoted(release) + ", ";
  return fmt::format(
      "// Made of dualbank/cli/boards.txt by the build.\n"
      "#include \"dualbank/cli/boards.hpp\"\n\n"
      "namespace dualbank::cli {{\n"
      "namespace {{\n\n"
      "{}"
      "constexpr Board kBoards[] = {{\n{}}};\n"
      "constexpr KnownLayout kLayouts[] = {{\n{}}};\n"
      "constexpr std::string_view kReleases[] = {{{}}};\n\n"
      "}}  // namespace\n\n"
      "std::span<const Board> all_boards() {{ return kBoards; }}\n"
      "std::span<const KnownLayout> all_layouts() {{ return kLayouts; }}\n"
      "std::span<const std::string_view> all_releases() {{ return kReleases; }}\n\n"
      "}}  // namespace dualbank::cli\n",
      also, boards, layouts, releases);
}

}  // namespace dualbank::cli::board_table
