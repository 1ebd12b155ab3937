// The smallest change of the boot records after which a wanted slot boots.
#pragma once

#include <optional>
#include <vector>

#include "dualbank/cli/dump.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank::cli {

/// One step: a sector of 4 KiB is erased; then its first bytes are programmed, or none.
struct RepairStep {
  std::uint32_t address = 0;
  bool erases = true;  ///< false: the sector's place is erased already, and only programmed
  std::vector<std::byte> bytes{};
  std::uint32_t offset = 0;        ///< of `bytes` in the sector
  std::uint32_t commit_bytes = 0;  ///< of `bytes`, the last ones, which are programmed by themselves at the end
};

struct RepairPlan {
  std::vector<RepairStep> steps;  ///< in this order; none: it boots already
  BootDecision before{};
  BootDecision after{};
};

/// Does the steps on a flash. Errors: those of the flash.
[[nodiscard]] Event perform_repair(Flash& flash, const RepairPlan& plan);

/// Tries candidates, from the smallest on, each on a copy of the dump. A candidate is taken when the slot boots, under
/// `policy`, after all of its steps, when it still boots after dualbank has opened the flash, and when what boots
/// between the steps is what booted before or the slot. Nothing when no candidate does that. Throws Refused where the
/// records or the image are not known.
[[nodiscard]] std::optional<RepairPlan> plan_repair(const Dump& dump, Policy policy, SlotIndex wanted);

/// Adds the MD5 row that the table lacks, as a step of its own. Throws Refused: table_md5_there, table_full.
void add_md5_row(FlashView& view, RepairPlan& plan);

}  // namespace dualbank::cli
