// A partition table from its CSV form.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dualbank/formats/partition_table.hpp"

namespace dualbank::cli {

/// Throws Refused naming the line.
[[nodiscard]] std::vector<Partition> partitions_of_csv(std::string_view csv);

/// Where the last partition ends.
[[nodiscard]] std::uint64_t end_of(std::span<const Partition> partitions);

}  // namespace dualbank::cli
