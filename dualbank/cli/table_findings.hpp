// What a bootloader takes in a partition table, and a build's tools would not; and what it reads of its own header.
#pragma once

#include <vector>

#include "dualbank/cli/findings.hpp"

namespace dualbank::cli {

/// Precondition: the table reads.
void look_at_rows(FlashView& view, std::vector<Finding>& findings);

/// The end of the flash as the bootloader's own image header says, which is what the vendor's bootloader holds the
/// table against; 0 where no bootloader is there to tell. "flash_size_in_header" is the finding.
[[nodiscard]] std::uint32_t flash_size_in_header(FlashView& view);

}  // namespace dualbank::cli
