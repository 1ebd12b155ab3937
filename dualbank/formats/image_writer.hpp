// Makes an app image of an ELF file or of raw bytes, for any chip. Rules and upstream sources: docs/FORMAT.md, "App
// image".
#pragma once

#include <cstdint>

#include "dualbank/formats/app_descriptor.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

/// What to make an image of. Either `elf` or `payload` has bytes; with both, `elf` counts.
struct ImageRecipe {
  std::uint16_t chip_id = kAnyChip;   ///< one of all_chips()
  Bytes elf{};                        ///< a whole ELF file
  Bytes payload{};                    ///< raw bytes, loaded as one segment ...
  std::uint32_t payload_address = 0;  ///< ... to here
  std::uint32_t entry_address = 0;    ///< for a payload; 0: its first byte. An ELF file has its own
  /// Used where the input brings no descriptor: one does when a segment begins with its magic, as apps built with
  /// ESP-IDF do. The hash of the ELF file is filled in either way.
  AppDescriptor descriptor{};
  std::uint8_t spi_mode = 2;                 ///< DIO; an app's is not used at boot
  std::uint8_t spi_speed_and_size = 0x20;    ///< clk/2, 4 MiB; not used at boot either
  std::uint16_t min_chip_revision = 0;       ///< major * 100 + minor
  std::uint16_t max_chip_revision = 0xFFFF;  ///< no limit
  /// Where the image will stand in flash. Only counts modulo the MMU page: 0 is right for partitions at 64 KiB
  /// boundaries.
  /// Where it runs in place: the slot that it is linked for, and what room that has.
  std::uint32_t flash_offset = 0;
  std::uint32_t slot_bytes = kUnknownLength;
};

/// What `write_image` will do with a recipe.
struct ImagePlan {
  std::uint32_t length_bytes = 0;
  std::uint32_t segment_count = 0;
  std::uint32_t padding_bytes = 0;     ///< in segments that only fill up to a page offset, headers included
  bool descriptor_from_input = false;  ///< then `ImageRecipe::descriptor` is not used
  AppDescriptor descriptor{};          ///< as it will stand in the image, but for the ELF file's hash
};

/// Lays an image out without writing it.
///
/// The layout: the segment with the descriptor first, so that it stands at 0x20; then what is mapped from flash, by
/// address, each at its page offset with a padding segment (load address 0) before it where needed; then what is copied
/// to RAM. Parts of an ELF file that touch, or share an MMU page, become one segment, gaps filled with zeros; starts
/// are rounded down and ends up to whole words. A descriptor that the input does not bring becomes a segment of its
/// own: in a free page of the mapped data where the input maps too little for the vendor's bootloader (data and code
/// each once), else as padding.
/// Of an image that runs in place everything is mapped, by its load addresses: the descriptor, then the rest as one
/// segment that begins right behind it, zeros up to the first byte. No padding segments.
///
/// Errors: bad_argument (the chip id is in no table), make_nothing, those of ElfFile::parse, elf_wrong_machine,
/// make_bad_range, make_overlap, make_descriptor_misplaced, make_too_many_segments; make_outside_slot (runs in place),
/// image_too_long (for `slot_bytes`).
[[nodiscard]] Result<ImagePlan> plan_image(const ImageRecipe& recipe);

/// Bytes that `write_image` needs. Errors: those of plan_image.
[[nodiscard]] Result<std::uint32_t> image_bytes_needed(const ImageRecipe& recipe);

/// Writes the image, checksum and SHA-256 included, and returns its length. `out` must not overlap the input.
/// Errors: those of plan_image, make_no_room; nothing is then written.
[[nodiscard]] Result<std::uint32_t> write_image(const ImageRecipe& recipe, MutableBytes out);

}  // namespace dualbank
