#include "dualbank/sim/factory_flash.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <string>

#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/partition_table.hpp"

namespace dualbank::sim {

std::vector<std::byte> factory_flash(Bytes image, std::uint32_t slot_bytes) {
  constexpr std::uint32_t kRecords = 0xE000;
  constexpr std::uint32_t kFirstSlot = 0x1'0000;
  if (slot_bytes == 0 || slot_bytes % kFirstSlot != 0 || image.size() > slot_bytes) {
    throw std::invalid_argument("factory_flash: a slot of " + std::to_string(slot_bytes) + " bytes for an image of " +
                                std::to_string(image.size()));
  }
  const std::array rows{
      Partition{partition_type::kData, data_subtype::kOta, kRecords, kOtadataBytes},
      Partition{partition_type::kApp, app_subtype::kOta0, kFirstSlot, slot_bytes},
      Partition{partition_type::kApp, app_subtype::kOta0 + 1, kFirstSlot + slot_bytes, slot_bytes},
  };
  std::array<std::byte, kPartitionTableBytes> table{};
  static_cast<void>(write_partition_table(rows, table));
  std::vector<std::byte> flash(kFirstSlot + 2 * slot_bytes, std::byte{0xFF});
  std::copy(table.begin(), table.end(), flash.begin() + kDefaultTableOffset);
  std::copy(image.begin(), image.end(), flash.begin() + kFirstSlot);
  return flash;
}

}  // namespace dualbank::sim
