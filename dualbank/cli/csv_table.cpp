#include "dualbank/cli/csv_table.hpp"

#include <algorithm>

#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/partition_csv.hpp"

namespace dualbank::cli {

std::vector<Partition> partitions_of_csv(std::string_view csv) {
  std::vector<Partition> partitions(kMostPartitions);
  const auto count = parse_partition_csv({csv.data(), csv.size()}, partitions);
  if (!count) throw Refused(count.error());
  partitions.resize(*count);
  return partitions;
}

std::uint64_t end_of(std::span<const Partition> partitions) {
  std::uint64_t end = 0;
  for (const Partition& p : partitions) end = std::max(end, std::uint64_t{p.offset} + p.size_bytes);
  return end;
}

}  // namespace dualbank::cli
