// All ways on all parts for all updates, as people read them.
#pragma once

#include <string>
#include <vector>

#include "bench/ways.hpp"

namespace dualbank::bench {

struct Row {
  const Way* way = nullptr;
  Cost cost{};
  double to_all_known = 0;  ///< total time; 0 where the limit takes none
  double to_as_it_comes = 0;
};

struct Table {
  const sim::Part* part = nullptr;
  const Update* update = nullptr;
  std::vector<Row> rows;  ///< limits, ours, peers

  [[nodiscard]] const Row& of(std::string_view way) const;
};

[[nodiscard]] std::vector<Table> measure();
[[nodiscard]] std::string as_text(const std::vector<Table>& tables);
/// For docs/PERFORMANCE.md.
[[nodiscard]] std::string as_markdown(const std::vector<Table>& tables);
/// A plot of the total times of one update on the first part.
[[nodiscard]] std::string as_svg(const std::vector<Table>& tables);

}  // namespace dualbank::bench
