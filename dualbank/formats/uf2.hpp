// UF2: firmware in blocks of 512 bytes, each with its address, as a USB drive takes it. Rules and upstream sources:
// docs/FORMAT.md, "UF2".
#pragma once

#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

inline constexpr std::uint32_t kUf2BlockBytes = 512;
inline constexpr std::uint32_t kUf2Magic = 0x0A32'4655;  ///< "UF2\n"
inline constexpr std::uint32_t kUf2SecondMagic = 0x9E5D'5157;
inline constexpr std::uint32_t kUf2EndMagic = 0x0AB1'6F30;  ///< the block's last four bytes
inline constexpr std::uint32_t kUf2MostPayloadBytes = 476;
inline constexpr std::uint32_t kUf2Md5Bytes = 24;              ///< at the end of the payload's room, with kMd5
inline constexpr std::uint32_t kUf2WrittenPayloadBytes = 256;  ///< of the files made here, as of nearly all others

namespace uf2_flag {
inline constexpr std::uint32_t kNotMainFlash = 0x0000'0001;  ///< a comment: to be skipped
inline constexpr std::uint32_t kFileContainer =
    0x0000'1000;                                       ///< a file for the drive, not for the flash: to be skipped
inline constexpr std::uint32_t kFamily = 0x0000'2000;  ///< the family field says for which chip
inline constexpr std::uint32_t kMd5 = 0x0000'4000;     ///< an MD5 of a flash region stands behind the payload
}  // namespace uf2_flag

/// CircuitPython builds its UF2 files for ESP32-P4 with the family of ESP32-C6, so this number alone tells neither.
inline constexpr std::uint32_t kUf2FamilyOfC6AndP4 = 0x540D'DF62;

struct Uf2Block {
  std::uint32_t flags = 0;
  std::uint32_t address = 0;
  std::uint32_t number = 0;  ///< 0 ... count - 1
  std::uint32_t count = 0;
  std::uint32_t family = 0;  ///< 0 when the block names none
  Bytes payload{};           ///< within the bytes parsed

  [[nodiscard]] constexpr bool for_flash() const {
    return (flags & (uf2_flag::kNotMainFlash | uf2_flag::kFileContainer)) == 0;
  }

  /// Precondition: at least 512 bytes. `position` is the block's place in its file, for the error's text.
  /// Errors: uf2_bad_block (one of the three magics), uf2_bad_payload (0 or more than 476 bytes; 452 with an MD5).
  [[nodiscard]] static Result<Uf2Block> parse(Bytes bytes512, std::uint32_t position = 0);
};

/// A piece of a firmware.
struct Uf2Piece {
  std::uint32_t offset = 0;  ///< from the start of the slot
  Bytes payload{};           ///< within the file; empty: there is no more
};

/// The app in a UF2 file, piece by piece in file order, without gaps. The whole file is looked at before the first
/// piece is given, so a damaged file does no half work.
///
/// Addresses in UF2 files for CircuitPython's bootloader count from the slot's start. Files of the vendor's tool hold
/// absolute flash addresses, and may hold bootloader, partition table and app one after the other, each with its own
/// block numbers: of such a file the part with the app descriptor is the app. Either way offsets given here count from
/// the app's start.
///
/// The last payload is usually filled up with zeros: `total_bytes()` may be more than the image's length, which only
/// the image itself tells.
class Uf2Reader {
 public:
  constexpr Uf2Reader() = default;

  /// `chip_id` is the board's; kAnyChip accepts every family. A file that names no family is accepted.
  /// Blocks that are not for the flash are skipped.
  ///
  /// Errors: uf2_bad_size (not whole blocks, or empty), uf2_bad_block, uf2_bad_payload, uf2_mixed_families,
  /// uf2_unknown_family, uf2_wrong_chip, uf2_misaligned (address or payload no multiple of 4; the last payload may be),
  /// uf2_missing_block (left out, out of order, or the file ends early), uf2_gap, uf2_overlap, uf2_no_firmware.
  ///
  /// A family shared by two chips (kUf2FamilyOfC6AndP4) is accepted on both: the image's own chip id decides there.
  [[nodiscard]] static Result<Uf2Reader> open(Bytes file, std::uint16_t chip_id = kAnyChip);

  [[nodiscard]] Uf2Piece next();
  void rewind() { position_ = start_; }
  [[nodiscard]] std::uint32_t total_bytes() const { return total_bytes_; }
  /// 0 when the file names none.
  [[nodiscard]] std::uint32_t family() const { return family_; }
  /// Where the file itself says that the app goes: 0 from the slot's start, or an absolute flash address.
  [[nodiscard]] std::uint32_t file_address() const { return base_; }

 private:
  Bytes file_{};
  std::size_t start_ = 0;  ///< of the app's first block
  std::size_t end_ = 0;
  std::size_t position_ = 0;
  std::uint32_t base_ = 0;
  std::uint32_t total_bytes_ = 0;
  std::uint32_t family_ = 0;
};

/// The chip of a family; kAnyChip for an unknown one, and ESP32-C6 for kUf2FamilyOfC6AndP4.
[[nodiscard]] std::uint16_t chip_of_uf2_family(std::uint32_t family);

/// How many bytes `write_uf2` makes of an image: 512 for each 256 begun. 0 when that is 4 GiB or more.
[[nodiscard]] std::uint32_t uf2_bytes_needed(std::uint32_t image_bytes);

/// Writes a UF2 file as CircuitPython publishes it: payloads of 256 bytes, the last filled up with zeros, addresses
/// from `address` on (0: the slot's start). `family` 0 names none. Returns the bytes written. Errors: make_nothing (an
/// empty image), make_no_room; nothing is then written.
[[nodiscard]] Result<std::uint32_t> write_uf2(Bytes image, std::uint32_t family, MutableBytes out,
                                              std::uint32_t address = 0);

}  // namespace dualbank
