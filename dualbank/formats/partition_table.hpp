// The partition table as it stands in flash: rows of 32 bytes, an MD5 row, an end. Rules and upstream sources:
// docs/FORMAT.md, "Partition table".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/md5.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank {

inline constexpr std::uint32_t kPartitionRowBytes = 32;
inline constexpr std::uint32_t kPartitionTableRows = 96;  ///< MD5 row and end included
inline constexpr std::uint32_t kPartitionTableBytes = kPartitionTableRows * kPartitionRowBytes;  // 0xC00
inline constexpr std::uint32_t kPartitionTableSectorBytes = 0x1000;  ///< the first partition comes after these
inline constexpr std::uint32_t kMostPartitions = kPartitionTableRows - 2;
inline constexpr std::uint32_t kMostPartitionsWithoutMd5 = kPartitionTableRows - 1;
inline constexpr std::uint16_t kPartitionMagic = 0x50AA;  ///< bytes AA 50
inline constexpr std::uint16_t kMd5RowMagic = 0xEBEB;
inline constexpr std::uint32_t kMd5DigestOffset = 16;  ///< in the MD5 row; the bytes between are FF
inline constexpr std::uint32_t kPartitionLabelBytes = 16;

namespace partition_type {
inline constexpr std::uint8_t kApp = 0x00;
inline constexpr std::uint8_t kData = 0x01;
inline constexpr std::uint8_t kBootloader = 0x02;      ///< in tables since IDF 5.4
inline constexpr std::uint8_t kPartitionTable = 0x03;  ///< in tables since IDF 5.4
inline constexpr std::uint8_t kFirstCustom = 0x40;     ///< up to 0xFE: the product's own
}  // namespace partition_type

namespace app_subtype {
inline constexpr std::uint8_t kFactory = 0x00;
inline constexpr std::uint8_t kOta0 = 0x10;  ///< ota_n is kOta0 + n, n below 16
inline constexpr std::uint8_t kOta15 = 0x1F;
inline constexpr std::uint8_t kTest = 0x20;
inline constexpr std::uint8_t kTee0 = 0x30;
inline constexpr std::uint8_t kTee1 = 0x31;
}  // namespace app_subtype

namespace data_subtype {
inline constexpr std::uint8_t kOta = 0x00;  ///< otadata: the boot records
inline constexpr std::uint8_t kPhy = 0x01;
inline constexpr std::uint8_t kNvs = 0x02;
inline constexpr std::uint8_t kCoredump = 0x03;
inline constexpr std::uint8_t kNvsKeys = 0x04;
inline constexpr std::uint8_t kEfuse = 0x05;
inline constexpr std::uint8_t kUndefined = 0x06;
inline constexpr std::uint8_t kEsphttpd = 0x80;
inline constexpr std::uint8_t kFat = 0x81;
inline constexpr std::uint8_t kSpiffs = 0x82;
inline constexpr std::uint8_t kLittlefs = 0x83;
inline constexpr std::uint8_t kTeeOta = 0x90;
}  // namespace data_subtype

/// Of types bootloader and partition_table; a partition_table has no recovery.
namespace system_subtype {
inline constexpr std::uint8_t kPrimary = 0x00;
inline constexpr std::uint8_t kOta = 0x01;
inline constexpr std::uint8_t kRecovery = 0x02;
}  // namespace system_subtype

namespace partition_flag {
inline constexpr std::uint32_t kEncrypted = 1U << 0;
inline constexpr std::uint32_t kReadonly = 1U << 1;
}  // namespace partition_flag

/// One row. Nothing in it is checked: label and flags come as they stand in flash.
struct Partition {
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;
  std::uint32_t offset = 0;  ///< byte address in the flash
  std::uint32_t size_bytes = 0;
  std::array<char, kPartitionLabelBytes + 1> label{};  ///< 16 bytes at most, and a NUL
  std::uint32_t flags = 0;

  /// Precondition: at least 32 bytes. Does not look at the magic.
  [[nodiscard]] static Partition parse(Bytes bytes32);
  /// Writes all 32 bytes, magic included. Precondition: at least 32 bytes.
  void store(MutableBytes bytes32) const;
  /// The label up to its first NUL; bytes, not checked to be text.
  [[nodiscard]] std::span<const char> label_text() const;
  [[nodiscard]] constexpr bool is(std::uint8_t wanted_type, std::uint8_t wanted_subtype) const {
    return type == wanted_type && subtype == wanted_subtype;
  }
  /// Some ota_n.
  [[nodiscard]] constexpr bool is_ota_slot() const {
    return type == partition_type::kApp && subtype >= app_subtype::kOta0 && subtype <= app_subtype::kOta15;
  }

  friend bool operator==(const Partition&, const Partition&) = default;
};

/// What a row of the table is.
enum class TableRow : std::uint8_t {
  partition,  ///< see `partition()`
  md5,        ///< the MD5 of the rows before it, and it is right
  end,        ///< the table is complete and sound as far as the bootloader looks
  failed,     ///< see `error()`; the bootloader resets for ever
};

/// Reads a table row by row, in order, as the vendor's second-stage bootloader does; needs no memory but itself. It
/// does not look at alignment, overlap, duplicates, labels or order.
///
/// One difference: a partition after the MD5 row fails here (table_rows_after_md5). The bootloader takes such a table,
/// leaves out its last partition, and an app does not see any of them.
///
///   PartitionTableParser parser{table_offset, flash_size_bytes};
///   for (;;) { read 32 bytes; switch (parser.feed(row)) { ... } }   // ends: `end` or `failed` within 96 rows
class PartitionTableParser {
 public:
  /// `table_offset` only serves the error's text. `flash_size_bytes` 0: unknown, partitions are not held against it.
  constexpr PartitionTableParser(std::uint32_t table_offset, std::uint32_t flash_size_bytes)
      : table_offset_(table_offset), flash_size_bytes_(flash_size_bytes) {}

  /// The next row. Precondition: at least 32 bytes, of which the first 32 count. After `end` or `failed` the answer
  /// stays.
  ///
  /// Errors; rows count from 0: table_missing (row 0 is neither partition nor MD5 row), table_bad_row,
  /// table_beyond_flash (an end of 4 GiB or more is shown as FFFFFFFF), table_second_md5, table_md5_mismatch,
  /// table_rows_after_md5, table_no_end (row 95 is not the end).
  [[nodiscard]] TableRow feed(Bytes row32);

  /// Valid after feed() answered `partition`, until the next feed().
  [[nodiscard]] constexpr const Partition& partition() const { return partition_; }
  /// Partitions so far.
  [[nodiscard]] constexpr std::uint32_t partition_count() const { return row_ - (has_md5_ ? 1U : 0U); }
  /// Without the MD5 row a bootloader works, but apps built since IDF 5.0 see no partitions.
  [[nodiscard]] constexpr bool has_md5() const { return has_md5_; }
  [[nodiscard]] constexpr const Event& error() const { return error_; }

 private:
  TableRow fail(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0);
  TableRow take_partition(Bytes row32);
  TableRow take_md5(Bytes row32);

  std::uint32_t table_offset_;
  std::uint32_t flash_size_bytes_;
  std::uint32_t row_ = 0;
  bool has_md5_ = false;
  bool ended_ = false;
  Event error_{};
  Partition partition_{};
  Md5 md5_{};
};

/// Makes the table's 0xC00 bytes: the rows in the order given, the MD5 row, FF up to the end. Checks nothing but the
/// count. Error: table_too_long (more than 94 partitions, 95 without MD5); `out` is then untouched.
[[nodiscard]] Event write_partition_table(std::span<const Partition> partitions,
                                          std::span<std::byte, kPartitionTableBytes> out, bool with_md5 = true);

}  // namespace dualbank
