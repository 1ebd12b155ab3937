// A FAT file system as a whole: what its boot record says of its size, and a new one, as CircuitPython's formatter lays
// it out. Nothing of files. Rules and upstream sources: docs/FORMAT.md, "The drive".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

inline constexpr std::uint32_t kFatBlockBytes = 512;  ///< the only block size that CircuitPython takes
inline constexpr std::uint32_t kLeastFatBlocks = 22;  ///< a volume below this is never made

enum class FatType : std::uint8_t { none, fat12, fat16, fat32, exfat };

/// Sizes in blocks of 512 bytes.
struct FatVolume {
  FatType type = FatType::none;  ///< none: this is no file system, and the rest means nothing
  std::uint32_t total_blocks = 0;
  std::uint32_t reserved_blocks = 0;  ///< before the first FAT, the boot record included; exFAT: 0
  std::uint32_t fat_blocks = 0;       ///< of one FAT
  std::uint32_t fat_count = 0;
  std::uint32_t root_entries = 0;  ///< of 32 bytes; FAT32 and exFAT: 0
  std::uint32_t cluster_blocks = 0;
  std::uint32_t clusters = 0;

  /// What a boot record, the first block of a volume, says. `none` for everything that CircuitPython would not mount
  /// but format. Of exFAT only the boot record is looked at, not the bitmap. Precondition: 512 bytes.
  [[nodiscard]] static FatVolume parse(Bytes block);

  /// The volume that CircuitPython's formatter makes of so many blocks: FAT12 or FAT16, one FAT. `none` where it makes
  /// none (below 22 blocks, too few for 16 clusters), or FAT32 (clusters of 32 KiB are too many for FAT16: about 2
  /// GiB).
  [[nodiscard]] static FatVolume plan(std::uint32_t total_blocks);

  [[nodiscard]] constexpr bool present() const { return type != FatType::none; }
  /// Room for files: what decides whether CircuitPython takes the drive for extended.
  [[nodiscard]] constexpr std::uint32_t data_blocks() const { return clusters * cluster_blocks; }
  /// The blocks before the first cluster: boot record, FATs, root directory.
  [[nodiscard]] constexpr std::uint32_t metadata_blocks() const {
    return reserved_blocks + fat_count * fat_blocks + root_entries / (kFatBlockBytes / 32);
  }

  /// One of the metadata blocks of the empty volume, with the label CIRCUITPY. What CircuitPython's formatter writes
  /// but for two fields of the boot record: the label stands there, too, which fsck.fat wants; and the serial number is
  /// the number of blocks, as a device has no clock. Precondition: made by `plan`; index < metadata_blocks().
  void store_empty(std::uint32_t index, std::span<std::byte, kFatBlockBytes> block) const;

  friend bool operator==(const FatVolume&, const FatVolume&) = default;
};

}  // namespace dualbank
