#include <algorithm>

#include "dualbank/bindings/c/dualbank.h"
#include "dualbank/formats/otadata.hpp"

extern "C" dualbank_layout dualbank_data_layout(uint32_t size_bytes, uint32_t sector_bytes) {
  const std::uint32_t sector = std::max<std::uint32_t>(sector_bytes, dualbank::kOtadataSectorBytes);
  const std::uint32_t records = 2 * sector;
  const std::uint32_t slot = size_bytes <= records ? 0 : (size_bytes / 2 - sector) & ~(sector - 1);
  dualbank_layout layout{};
  layout.slot_count = 2;
  layout.otadata = {0, records};
  layout.slots[0] = {records, slot};
  layout.slots[1] = {records + slot, slot};
  return layout;
}
