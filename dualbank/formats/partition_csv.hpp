// The partition table as CSV, as it stands in a project: read as the vendor's tool reads it, and written. Rules and
// upstream sources: docs/FORMAT.md, "Partition table as CSV".
//
//   name, type, subtype, offset, size, flags
//
// Differences from the vendor's tool. Each of these it takes, or dies of with a Python traceback; here it is an error
// that names the line, unless said otherwise:
//
//   $NAME, ${NAME}      it looks them up in the environment; here csv_variable. In comments both leave them alone.
//   type or subtype above 255 or below 0, offset or size above FFFFFFFF, offset below 0: csv_number_out_of_range
//   negative size with an end before the start (it writes nothing sensible or dies): csv_ends_before_start
//   a partition that ends beyond 4 GiB: csv_beyond_4_gib
//   a word with K or M behind ("appK" is its 0): csv_unknown_type, csv_unknown_subtype
//   digits that are not ASCII: csv_bad_number
//   UTF-16 and UTF-32 with a mark at the start: csv_not_utf8. Bytes that are no UTF-8: taken as they are, no error.
//   a binary table: it turns it into CSV; here csv_is_binary
//   more partitions than fit: csv_too_many_partitions on their line, before any other check of the table
//   a partition beyond the flash, with an empty one after it at the same offset (it looks only at one of the two):
//   csv_beyond_flash
//   lines end at LF, CR LF and CR only; blanks are space, tab, vertical tab and form feed
//   its warnings (a name that is another type's word) are not given
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/formats/partition_table.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

inline constexpr std::uint32_t kOffsetNotGiven = 0xFFFF'FFFF;

struct CsvOptions {
  std::uint32_t table_offset = 0x8000;
  std::uint32_t bootloader_offset = kOffsetNotGiven;           ///< only for rows of type bootloader
  std::uint32_t recovery_bootloader_offset = kOffsetNotGiven;  ///< only for rows bootloader/recovery
  std::uint32_t flash_size_bytes = 0;                          ///< 0: unknown, not checked
  bool secure_boot_v1 = false;                                 ///< app sizes are then multiples of 64 KiB
};

/// Fills `out` with the partitions in file order, offsets and sizes placed, everything checked that the vendor's tool
/// checks, and returns how many they are; none is no error. After an error the contents of `out` mean nothing. Needs
/// about 2 KiB of stack. 94 elements in `out` are enough for every table with an MD5 row.
///
/// Errors name the line, counted from 1, as first value. In this order: the file (csv_is_binary, csv_not_utf8,
/// csv_not_text); then each line by itself (csv_variable, csv_too_many_partitions, csv_no_type, csv_unknown_type,
/// csv_no_subtype, csv_unknown_subtype, csv_bad_number, csv_number_out_of_range, csv_no_bootloader_offset,
/// csv_bad_bootloader_offset, csv_no_size, csv_unknown_flag); then placing them (csv_out_of_order,
/// csv_ends_before_start, csv_beyond_4_gib); then each partition (csv_offset_misaligned, csv_size_misaligned,
/// csv_always_written, csv_nvs_too_small); then all of them (csv_duplicate_name, csv_overlap, csv_second_otadata,
/// csv_otadata_size, csv_beyond_flash).
[[nodiscard]] Result<std::uint32_t> parse_partition_csv(std::span<const char> text, std::span<Partition> out,
                                                        const CsvOptions& options = {});

/// Writes two lines of heading and a line for each partition, byte for byte as the vendor's tool does, and returns the
/// number of characters; no NUL. `parse_partition_csv` makes the same partitions of it where it takes them at all; a
/// bootloader's and a partition table's own offset and size are not read back but computed.
///
/// Errors, with `out` left half written: csv_name_unwritable, csv_flags_unwritable (rows count from 0), csv_no_room.
[[nodiscard]] Result<std::uint32_t> write_partition_csv(std::span<const Partition> partitions, std::span<char> out);

}  // namespace dualbank
