// Tables as they stand on a flash: anything at all, and rows that are then written as a table is.
#include "dualbank/formats/partition_table.hpp"

#include <algorithm>
#include <vector>

#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

std::vector<Partition> parse(Bytes table, std::uint32_t flash_bytes, TableRow& last) {
  std::vector<Partition> found;
  PartitionTableParser parser{0x8000, flash_bytes};
  std::array<std::byte, kPartitionRowBytes> row{};
  for (std::uint32_t rows = 0;; ++rows) {
    require(rows < kPartitionTableRows, "a table ends within 96 rows");
    const Bytes given = table.subspan(std::min<std::size_t>(rows * kPartitionRowBytes, table.size()));
    row.fill(std::byte{0xFF});
    std::ranges::copy(given.first(std::min<std::size_t>(given.size(), row.size())), row.begin());
    last = parser.feed(row);
    if (last == TableRow::partition) found.push_back(parser.partition());
    if (last != TableRow::end && last != TableRow::failed) continue;
    require(last == TableRow::end || parser.error().failed(), "what failed says why");
    require(parser.partition_count() >= found.size(), "every partition is counted");
    return found;
  }
}

}  // namespace

void partition_table(Bytes input) {
  Draw draw{input};
  const std::uint8_t how = draw.byte();
  const std::uint32_t flash_bytes = (how & 3) == 0 ? 0 : 0x20'0000U << (how & 3);
  TableRow last{};
  static_cast<void>(parse(draw.rest(), flash_bytes, last));

  std::vector<Partition> rows;
  std::array<std::byte, kPartitionRowBytes> row{};
  while (draw.rest().size() >= row.size() && rows.size() < kMostPartitions) {
    std::ranges::copy(draw.bytes(row.size()), row.begin());
    rows.push_back(Partition::parse(row));
  }
  std::array<std::byte, kPartitionTableBytes> table{};
  require(!write_partition_table(rows, table, (how & 4) == 0).failed(), "so many rows fit a table");
  const std::vector<Partition> again = parse(table, 0, last);
  if (last != TableRow::end) return;  // a partition beyond 4 GiB
  require(again.size() == rows.size(), "what was written is read");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::array<std::byte, kPartitionRowBytes> before{}, after{};
    rows[i].store(before);
    again[i].store(after);
    require(before == after, "a row is read as it was written");
  }
}

}  // namespace dualbank::fuzz
