// What an entry of boards.txt must be.
#pragma once

#include <cstdint>

#include "dualbank/cli/board_table/table.hpp"

namespace dualbank::cli::board_table {

inline constexpr std::uint32_t kSmallestFlashBytes = 1U << 20;
inline constexpr std::uint32_t kLargestFlashBytes = 128U << 20;

/// Checks the last layout against itself and those before it, and fills in what its partitions say. Throws TableError.
void check_layout_entry(Table& table);
/// Checks the last board against the layouts and the boards before it. Throws TableError.
void check_board_entry(const Table& table);

}  // namespace dualbank::cli::board_table
