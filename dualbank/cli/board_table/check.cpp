#include "dualbank/cli/board_table/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/partition_csv.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"

namespace dualbank::cli::board_table {
namespace {

[[noreturn]] void fail(unsigned line, std::string what) { throw TableError(line, std::move(what)); }

std::string text_of(const Event& event) {
  std::array<char, 400> text{};
  return explain_what(event, text);
}

/// Names are found with upper and lower case alike, so they must differ in more than that.
std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The rows on the lines where they stand, so that the errors of the CSV name those.
std::string csv_of(const LayoutEntry& layout) {
  std::string csv;
  unsigned line = 1;
  for (const LayoutRow& row : layout.rows) {
    csv.append(row.line - line, '\n');
    csv += row.csv;
    line = row.line;
  }
  return csv;
}

std::vector<Partition> partitions_of(const LayoutEntry& layout) {
  const std::string csv = csv_of(layout);
  std::vector<Partition> partitions(kMostPartitions);
  const auto count =
      parse_partition_csv({csv.data(), csv.size()}, partitions, {.flash_size_bytes = layout.flash_bytes});
  if (!count) {
    const unsigned line = count.error().values[0];
    std::string what = text_of(count.error());
    const std::string where = fmt::format("CSV line {}: ", line);
    if (what.starts_with(where)) what.erase(0, where.size());
    fail(line, fmt::format("layout {}: {}", layout.name, what));
  }
  partitions.resize(*count);
  return partitions;
}

Layout read_from_flash(const LayoutEntry& entry, std::span<const Partition> partitions) {
  std::vector<std::byte> bytes(entry.flash_bytes, std::byte{0xFF});
  const auto place = MutableBytes(bytes).subspan(kDefaultTableOffset).first<kPartitionTableBytes>();
  ports::RamFlash flash(bytes);
  const Event written = write_partition_table(partitions, place);
  const auto layout = written.failed() ? Result<Layout>(written) : read_layout(flash, kDefaultTableOffset);
  if (!layout) fail(entry.line, fmt::format("layout {}: {}", entry.name, text_of(layout.error())));
  return *layout;
}

const LayoutEntry* find_layout(const Table& table, const std::string& name) {
  for (const LayoutEntry& layout : table.layouts) {
    if (layout.name == name) return &layout;
  }
  return nullptr;
}

void check_chip(const BoardEntry& board) {
  const Chip* chip = find_chip_by_name({board.chip.data(), board.chip.size()});
  if (chip == nullptr || chip->name != board.chip || !is_vendor_chip(chip->id)) {
    fail(board.line, fmt::format("board {}: there is no chip '{}'", board.id, board.chip));
  }
}

void check_layouts_of(const BoardEntry& board, const Table& table) {
  const LayoutEntry* layout = find_layout(table, board.layout);
  if (layout == nullptr) fail(board.line, fmt::format("board {}: there is no layout '{}'", board.id, board.layout));
  if (layout->slot_count < 2) {
    fail(board.line, fmt::format("board {}: layout {} has no second slot", board.id, board.layout));
  }
  if (layout->flash_bytes > board.flash_bytes) {
    fail(board.line, fmt::format("board {}: layout {} is larger than its flash", board.id, board.layout));
  }
  if (board.releases.last == table.releases.back()) {
    if (!board.later_layout.empty()) {
      fail(board.line, fmt::format("board {}: there is no release after {}: put - for the later layout", board.id,
                                   board.releases.last));
    }
    return;
  }
  const LayoutEntry* later = find_layout(table, board.later_layout);
  if (later == nullptr || later->slot_count >= 2) {
    fail(board.line, fmt::format("board {}: '{}' is no layout with one slot: say which it has after {}", board.id,
                                 board.later_layout.empty() ? "-" : board.later_layout, board.releases.last));
  }
}

std::vector<std::string> names_of(const BoardEntry& board) {
  std::vector<std::string> names{lower(board.id)};
  if (lower(board.name) != names[0]) names.push_back(lower(board.name));
  for (const std::string& name : board.also) names.push_back(lower(name));
  return names;
}

}  // namespace

void check_layout_entry(Table& table) {
  LayoutEntry& entry = table.layouts.back();
  for (const LayoutEntry& other : std::span(table.layouts).first(table.layouts.size() - 1)) {
    if (lower(other.name) == lower(entry.name)) {
      fail(entry.line, fmt::format("layout {} is there already: line {}", entry.name, other.line));
    }
  }
  if (entry.rows.empty()) fail(entry.line, fmt::format("layout {} has no partitions", entry.name));
  const Layout layout = read_from_flash(entry, partitions_of(entry));
  entry.slot_count = layout.slot_count;
  entry.has_factory = layout.factory.present();
  if (layout.slot_count == 0 && !entry.has_factory) {
    fail(entry.line, fmt::format("layout {} has no app partition", entry.name));
  }
  if (layout.slot_count > 0 && !layout.otadata.present()) {
    fail(entry.line, fmt::format("layout {} has OTA slots, but no otadata to say which boots", entry.name));
  }
  if (const Event e = layout.updatable(); layout.slot_count >= 2 && e.failed()) {
    fail(entry.line, fmt::format("layout {}: {}", entry.name, text_of(e)));
  }
  if (layout.slot_count < 2 && entry.why.empty()) {
    fail(entry.line, fmt::format("layout {} has no second slot, and no why:", entry.name));
  }
  if (layout.slot_count >= 2 && !entry.why.empty()) {
    fail(entry.line, fmt::format("layout {} has two slots: why: is for layouts without a second", entry.name));
  }
}

void check_board_entry(const Table& table) {
  const BoardEntry& board = table.boards.back();
  const auto names = names_of(board);
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const BoardEntry& other : table.boards) {
      const auto taken = &other == &board ? std::vector(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i))
                                          : names_of(other);
      if (std::find(taken.begin(), taken.end(), names[i]) != taken.end()) {
        fail(board.line, fmt::format("board {}: '{}' is a board already: line {}", board.id, names[i], other.line));
      }
    }
  }
  check_chip(board);
  check_layouts_of(board, table);
}

}  // namespace dualbank::cli::board_table
