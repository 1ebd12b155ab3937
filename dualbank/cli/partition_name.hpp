// Types and subtypes of partitions as the CSV form names them.
#pragma once

#include <string>

#include "dualbank/formats/partition_table.hpp"

namespace dualbank::cli {

/// "app", "data"; hexadecimal where there is no name.
[[nodiscard]] std::string partition_type_name(const Partition& partition);
/// "ota_0", "nvs"; hexadecimal where there is no name.
[[nodiscard]] std::string partition_subtype_name(const Partition& partition);

}  // namespace dualbank::cli
