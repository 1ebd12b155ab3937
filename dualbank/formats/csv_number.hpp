// Numbers as they stand in a partition table's CSV: 4096, 0x1000, 4K, -1M, 0b1, 0o17, 1_000.
#pragma once

#include <cstdint>
#include <span>

namespace dualbank {

enum class CsvNumberForm : std::uint8_t { number, not_a_number, too_large };

struct CsvNumber {
  CsvNumberForm form = CsvNumberForm::not_a_number;
  bool negative = false;        ///< never for 0
  std::uint32_t magnitude = 0;  ///< without the sign; of no meaning when too large
};

/// As in Python source (a leading 0 before other digits is no number, an underscore between digits is fine), with any
/// number of K (1024) and M (1048576) behind, upper or lower case: "1MK" is 1 GiB. Blanks around the digits do not
/// count.
[[nodiscard]] CsvNumber parse_csv_number(std::span<const char> text);

/// The text without blanks (space, tab, vertical tab, form feed) at both ends.
[[nodiscard]] std::span<const char> without_blanks(std::span<const char> text);

}  // namespace dualbank
