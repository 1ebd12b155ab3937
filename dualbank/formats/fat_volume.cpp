#include "dualbank/formats/fat_volume.hpp"

#include <array>

namespace dualbank {
namespace {

// Fields of a boot record, by offset.
constexpr std::size_t kBlockSize = 11;
constexpr std::size_t kClusterBlocks = 13;
constexpr std::size_t kReserved = 14;
constexpr std::size_t kFatCount = 16;
constexpr std::size_t kRootEntries = 17;
constexpr std::size_t kTotal16 = 19;
constexpr std::size_t kMedia = 21;
constexpr std::size_t kFatBlocks16 = 22;
constexpr std::size_t kTrackBlocks = 24;
constexpr std::size_t kHeads = 26;
constexpr std::size_t kHidden = 28;
constexpr std::size_t kTotal32 = 32;
constexpr std::size_t kFatBlocks32 = 36;
constexpr std::size_t kVersion32 = 42;
constexpr std::size_t kDrive = 36;
constexpr std::size_t kBootSignature = 38;
constexpr std::size_t kSerial = 39;
constexpr std::size_t kLabel = 43;
constexpr std::size_t kTypeText = 54;
constexpr std::size_t kTypeText32 = 82;
constexpr std::size_t kSignature = 510;
// exFAT
constexpr std::size_t kExTotal = 72;
constexpr std::size_t kExFatBlocks = 84;
constexpr std::size_t kExDataStart = 88;
constexpr std::size_t kExClusters = 92;
constexpr std::size_t kExVersion = 104;
constexpr std::size_t kExBlockLog2 = 108;
constexpr std::size_t kExClusterLog2 = 109;
constexpr std::size_t kExFatCount = 110;

constexpr std::uint32_t kMostFat12 = 4085;
constexpr std::uint32_t kMostFat16 = 65525;
constexpr std::uint32_t kMostFat32 = 0x0FFF'FFF5;
constexpr std::uint32_t kMostExfat = 0x7FFF'FFFD;
constexpr std::uint32_t kEntriesPerBlock = kFatBlockBytes / 32;

constexpr bool is_power_of_two(std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

// Cores without a division get none: clusters are powers of two.
constexpr std::uint32_t clusters_in(std::uint32_t blocks, std::uint32_t cluster_blocks) {
  while (cluster_blocks > 1) {
    blocks >>= 1;
    cluster_blocks >>= 1;
  }
  return blocks;
}

/// Takes `blocks` off what is left of a volume; false when there are not so many.
constexpr bool take(std::uint32_t& left, std::uint32_t blocks) {
  if (blocks > left) return false;
  left -= blocks;
  return true;
}

constexpr std::uint32_t blocks_for(std::uint32_t bytes) { return (bytes + kFatBlockBytes - 1) / kFatBlockBytes; }

template <std::size_t N>
constexpr bool has_text(Bytes bytes, std::size_t offset, const char (&text)[N]) {
  for (std::size_t i = 0; i + 1 < N; ++i) {
    if (load_u8(bytes, offset + i) != static_cast<std::uint8_t>(text[i])) return false;
  }
  return true;
}

template <std::size_t N>
constexpr void store_text(MutableBytes bytes, std::size_t offset, const char (&text)[N]) {
  for (std::size_t i = 0; i + 1 < N; ++i) store_u8(bytes, offset + i, static_cast<std::uint8_t>(text[i]));
}

/// Of one FAT. Precondition: no more clusters than the type can have.
constexpr std::uint32_t fat_blocks_for(FatType type, std::uint32_t clusters) {
  const std::uint32_t entries = clusters + 2;
  if (type == FatType::fat12) return blocks_for((entries * 3 + 1) / 2);
  return blocks_for(entries * (type == FatType::fat16 ? 2 : 4));
}

FatVolume parse_exfat(Bytes block) {
  if (!all_equal(block.subspan(kBlockSize, 53), std::byte{0})) return {};
  if (load_u16(block, kExVersion) != 0x100 || load_u8(block, kExBlockLog2) != 9) return {};
  if (load_u8(block, kExFatCount) != 1 || load_u8(block, kExClusterLog2) > 15) return {};
  if (load_u32(block, kExTotal + 4) != 0) return {};
  const FatVolume volume{.type = FatType::exfat,
                         .total_blocks = load_u32(block, kExTotal),
                         .fat_blocks = load_u32(block, kExFatBlocks),
                         .fat_count = 1,
                         .cluster_blocks = 1U << load_u8(block, kExClusterLog2),
                         .clusters = load_u32(block, kExClusters)};
  std::uint32_t left = volume.total_blocks;
  if (volume.clusters > kMostExfat || !take(left, load_u32(block, kExDataStart))) return {};
  return volume.clusters <= clusters_in(left, volume.cluster_blocks) ? volume : FatVolume{};
}

FatType type_of(std::uint32_t clusters) {
  if (clusters <= kMostFat12) return FatType::fat12;
  if (clusters <= kMostFat16) return FatType::fat16;
  return clusters <= kMostFat32 ? FatType::fat32 : FatType::none;
}

/// The formatter's first guess for the size of a cluster.
std::uint32_t usual_cluster_blocks(std::uint32_t total_blocks) {
  constexpr std::array<std::uint32_t, 6> kSteps{1, 4, 16, 64, 256, 512};
  std::uint32_t blocks = 1;
  for (const std::uint32_t step : kSteps) {
    if (total_blocks / 0x1000 >= step) blocks *= 2;
  }
  return blocks;
}

/// A layout with clusters of that size, which may turn out to have too few or too many of them.
FatVolume lay_out(std::uint32_t total_blocks, std::uint32_t cluster_blocks) {
  const std::uint32_t guess = clusters_in(total_blocks, cluster_blocks);
  const bool small = guess <= kMostFat12;
  FatVolume volume{.type = small ? FatType::fat12 : FatType::fat16,
                   .total_blocks = total_blocks,
                   .reserved_blocks = 1,
                   .fat_blocks = blocks_for(small ? (guess * 3 + 1) / 2 + 3 : guess * 2 + 4),
                   .fat_count = 1,
                   .root_entries = total_blocks <= 256 ? 64U : 512U,
                   .cluster_blocks = cluster_blocks};
  const std::uint32_t metadata = volume.metadata_blocks();
  if (total_blocks < metadata + cluster_blocks * 16) return {};
  volume.clusters = clusters_in(total_blocks - metadata, cluster_blocks);
  return volume;
}

void store_boot_record(const FatVolume& volume, MutableBytes block) {
  store_text(block, 0, "\xEB\xFE\x90MSDOS5.0");
  store_u16(block, kBlockSize, kFatBlockBytes);
  store_u8(block, kClusterBlocks, static_cast<std::uint8_t>(volume.cluster_blocks));
  store_u16(block, kReserved, static_cast<std::uint16_t>(volume.reserved_blocks));
  store_u8(block, kFatCount, static_cast<std::uint8_t>(volume.fat_count));
  store_u16(block, kRootEntries, static_cast<std::uint16_t>(volume.root_entries));
  if (volume.total_blocks < 0x10000) {
    store_u16(block, kTotal16, static_cast<std::uint16_t>(volume.total_blocks));
  } else {
    store_u32(block, kTotal32, volume.total_blocks);
  }
  store_u8(block, kMedia, 0xF8);
  store_u16(block, kFatBlocks16, static_cast<std::uint16_t>(volume.fat_blocks));
  store_u16(block, kTrackBlocks, 63);
  store_u16(block, kHeads, 255);
  store_u32(block, kHidden, 1);  // the MBR before it, which CircuitPython makes up for USB
  store_u8(block, kDrive, 0x80);
  store_u8(block, kBootSignature, 0x29);
  store_u32(block, kSerial, volume.total_blocks);
  store_text(block, kLabel, "CIRCUITPY  FAT     ");
  store_u16(block, kSignature, 0xAA55);
}

}  // namespace

FatVolume FatVolume::parse(Bytes block) {
  if (load_u16(block, kSignature) != 0xAA55) return {};
  if (has_text(block, 0,
               "\xEB\x76\x90"
               "EXFAT   "))
    return parse_exfat(block);
  const std::uint8_t jump = load_u8(block, 0);
  if (jump != 0xE9 && jump != 0xEB && jump != 0xE8) return {};
  if (!has_text(block, kTypeText, "FAT") && !has_text(block, kTypeText32, "FAT32")) return {};

  FatVolume volume{
      .total_blocks = load_u16(block, kTotal16) != 0 ? load_u16(block, kTotal16) : load_u32(block, kTotal32),
      .reserved_blocks = load_u16(block, kReserved),
      .fat_blocks = load_u16(block, kFatBlocks16) != 0 ? load_u16(block, kFatBlocks16) : load_u32(block, kFatBlocks32),
      .fat_count = load_u8(block, kFatCount),
      .root_entries = load_u16(block, kRootEntries),
      .cluster_blocks = load_u8(block, kClusterBlocks)};
  if (load_u16(block, kBlockSize) != kFatBlockBytes || volume.reserved_blocks == 0) return {};
  if (volume.fat_count != 1 && volume.fat_count != 2) return {};
  if (!is_power_of_two(volume.cluster_blocks) || volume.root_entries % kEntriesPerBlock != 0) return {};
  std::uint32_t left = volume.total_blocks;
  if (!take(left, volume.reserved_blocks) || !take(left, volume.root_entries / kEntriesPerBlock)) return {};
  for (std::uint32_t i = 0; i < volume.fat_count; ++i) {
    if (!take(left, volume.fat_blocks)) return {};
  }
  volume.clusters = clusters_in(left, volume.cluster_blocks);
  const FatType type = type_of(volume.clusters);
  if (volume.clusters == 0 || type == FatType::none) return {};
  if ((type == FatType::fat32) != (volume.root_entries == 0)) return {};
  if (type == FatType::fat32 && load_u16(block, kVersion32) != 0) return {};
  if (volume.fat_blocks < fat_blocks_for(type, volume.clusters)) return {};
  volume.type = type;
  return volume;
}

FatVolume FatVolume::plan(std::uint32_t total_blocks) {
  if (total_blocks < kLeastFatBlocks) return {};
  for (std::uint32_t cluster_blocks = usual_cluster_blocks(total_blocks); cluster_blocks <= 64; cluster_blocks *= 2) {
    const FatVolume volume = lay_out(total_blocks, cluster_blocks);
    // Too many or too few clusters for a FAT of that type: the formatter tries the next larger ones.
    if (volume.type != FatType::fat16 || type_of(volume.clusters) == FatType::fat16) return volume;
  }
  return {};
}

void FatVolume::store_empty(std::uint32_t index, std::span<std::byte, kFatBlockBytes> block) const {
  for (std::byte& b : block) b = std::byte{0};
  if (index == 0) {
    store_boot_record(*this, block);
  } else if (index == reserved_blocks) {
    store_u32(block, 0, type == FatType::fat12 ? 0x00FF'FFF8 : 0xFFFF'FFF8);  // the two entries that no cluster has
  } else if (index == reserved_blocks + fat_blocks) {
    constexpr std::uint8_t kVolumeLabel = 0x08;
    store_text(block, 0, "CIRCUITPY  ");
    store_u8(block, 11, kVolumeLabel);
  }
}

}  // namespace dualbank
