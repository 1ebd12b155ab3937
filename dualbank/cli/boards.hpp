// The boards and layouts that the command knows by name. They stand in boards.txt; the build checks them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dualbank::cli {

struct Board {
  std::string_view id;
  std::string_view name;
  std::string_view chip;
  std::uint32_t flash_bytes = 0;
  std::string_view layout;
  bool uf2 = false;                ///< the layout has a factory partition, for the UF2 bootloader
  std::string_view first_release;  ///< of CircuitPython with dualbank for this board, of those looked at
  std::string_view last_release;
  std::string_view later_layout;  ///< that of later releases, with one slot; empty where the newest has dualbank
  std::string_view note;          ///< what is doubtful, or differs elsewhere; often empty
  std::span<const std::string_view> also{};  ///< other names and ids of it
};

struct KnownLayout {
  std::string_view name;
  std::uint32_t flash_bytes = 0;
  std::string_view first_release;  ///< of CircuitPython whose builds take it
  std::string_view last_release;
  std::string_view why_one_slot;  ///< why there is no second slot; empty where there is one
  std::string_view note;
  std::string_view csv;  ///< its table as CSV, a partition on each line
  std::uint32_t slot_count = 0;
};

/// In the file's order.
[[nodiscard]] std::span<const Board> all_boards();
[[nodiscard]] std::span<const KnownLayout> all_layouts();
/// The releases of CircuitPython that were looked at, oldest first.
[[nodiscard]] std::span<const std::string_view> all_releases();

/// By id or by exact name, upper and lower case alike. Throws Refused (usage) naming the nearest.
[[nodiscard]] const Board& find_board(std::string_view name);
/// By its name. Throws Refused (usage) naming the nearest.
[[nodiscard]] const KnownLayout& find_layout(std::string_view name);

/// True when each word is part of the board's names, id, chip or layout; upper and lower case alike.
[[nodiscard]] bool board_has(const Board& board, std::span<const std::string> words);
/// "9.0-9.2".
[[nodiscard]] std::string releases_text(std::string_view first, std::string_view last);
/// Why later releases have no dualbank for the board; empty where the newest has.
[[nodiscard]] std::string why_not_later(const Board& board);

}  // namespace dualbank::cli
