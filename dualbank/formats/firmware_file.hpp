// What kind of file somebody gave, and where the app is in it. Rules and upstream sources: docs/FORMAT.md, "Firmware
// files".
#pragma once

#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

inline constexpr std::uint32_t kUsualTableOffset = 0x8000;

enum class FirmwareKind : std::uint8_t {
  unknown,
  app_image,        ///< what goes into a slot as it is
  joined,           ///< bootloader, partition table and app at their flash addresses, ends somewhere behind the app
  whole_flash,      ///< as `joined`, but it reaches to the end of the last partition: a dump or a flash file
  bootloader_only,  ///< begins with a bootloader's image and has no partition table
  partition_table,
  uf2,
  elf,
};

/// "app image", "joined file", ...
[[nodiscard]] const char* kind_name(FirmwareKind kind);

/// Looks at magics and at the partition table, not at checksums of images: a damaged app keeps its kind.
/// On ESP32-S3, -C3 and -C6 a joined file begins with the bootloader's E9, on the others with FF: both are told apart
/// from an app image, whose descriptor stands at 0x20.
[[nodiscard]] FirmwareKind recognise_firmware(Bytes file, std::uint32_t table_offset = kUsualTableOffset);

struct FirmwareView {
  FirmwareKind kind = FirmwareKind::unknown;
  /// The app: ends with the image as its headers tell, or with the signature sector behind it, else with its partition,
  /// at the latest with the file. Nothing says that it is sound, so it still wants to be verified. Empty for UF2, where
  /// it comes in pieces: see Uf2Reader.
  Bytes app{};
  std::uint32_t app_offset = 0;      ///< of `app` in the file
  std::uint16_t chip_id = kAnyChip;  ///< as the app's header says, kAnyChip when it has none
  /// A Secure Boot V2 signature sector follows the image, and is the end of `app`.
  bool has_signature = false;
};

/// Finds the app in a file. In a joined file it is what stands in ota_0; where that is blank or the file ends before
/// it, in factory, then in the other app partitions in table order. A partition that holds anything at all is taken, so
/// that a damaged app is found, and found damaged.
///
/// Errors: image_too_short (under 288 bytes, and nothing known), file_unknown, file_is_partition_table, file_is_elf,
/// image_is_bootloader, table_missing and the others of PartitionTableParser (a bootloader is there, its table is
/// not or is damaged), file_no_app, file_ends_before_app.
[[nodiscard]] Result<FirmwareView> find_app(Bytes file, std::uint32_t table_offset = kUsualTableOffset);

}  // namespace dualbank
