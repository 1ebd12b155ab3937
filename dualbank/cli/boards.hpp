// The boards and layouts that the command knows by name: boards.tsv.inc and layouts.tsv.inc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank::cli {

struct Board {
  std::string name;
  std::string id;
  std::string chip;
  std::uint32_t flash_bytes = 0;
  bool uf2 = false;
  std::string layout;
  std::string later;  ///< what is different in other releases; often empty
};

/// One row of a layout, as the CSV form of a partition table has it.
struct LayoutRow {
  std::string layout;
  std::string csv;
};

[[nodiscard]] std::span<const Board> all_boards();
/// The layouts' names, in the file's order.
[[nodiscard]] std::span<const std::string> all_layouts();

/// By id or by exact name, upper and lower case alike. Throws Refused (usage) naming the nearest.
[[nodiscard]] const Board& find_board(std::string_view name);
/// The layout's table as CSV. Throws Refused (usage) naming the nearest.
[[nodiscard]] std::string layout_csv(std::string_view name);
/// The size in a CircuitPython layout's name ("8MB-no-uf2"), in bytes.
[[nodiscard]] std::uint32_t layout_flash_bytes(std::string_view name);

}  // namespace dualbank::cli
