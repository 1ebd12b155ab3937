#include "dualbank/cli/extended_drive.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kBlockBytes = 512;
constexpr std::uint16_t kBootSectorEnd = 0xAA55;

}  // namespace

bool drive_is_extended(FlashView& view) {
  const Extent fat = view.layout().fat;
  if (fat.size_bytes < kBlockBytes) return false;
  const auto boot = view.read(fat.offset, kBlockBytes);
  if (load_u16(boot, 510) != kBootSectorEnd || load_u16(boot, 11) != kBlockBytes) return false;
  const std::uint32_t total = load_u16(boot, 19) != 0 ? load_u16(boot, 19) : load_u32(boot, 32);
  const std::uint32_t fat_blocks = load_u16(boot, 22) != 0 ? load_u16(boot, 22) : load_u32(boot, 36);
  const std::uint64_t taken =
      load_u16(boot, 14) + std::uint64_t{load_u8(boot, 16)} * fat_blocks + load_u16(boot, 17) / 16U;
  const std::uint32_t cluster = load_u8(boot, 13);
  if (cluster == 0 || total < taken) return false;
  const std::uint64_t clusters = (total - taken) / cluster;
  return clusters * cluster * kBlockBytes > fat.size_bytes;
}

}  // namespace dualbank::cli
