#include "dualbank/formats/partition_table.hpp"

#include <algorithm>

namespace dualbank {
namespace {

constexpr std::size_t kTypeOffset = 2;
constexpr std::size_t kSubtypeOffset = 3;
constexpr std::size_t kOffsetOffset = 4;
constexpr std::size_t kSizeOffset = 8;
constexpr std::size_t kLabelOffset = 12;
constexpr std::size_t kFlagsOffset = 28;
constexpr std::uint32_t kEndOfTable = 0xFFFF'FFFF;  // the first four bytes; the other 28 do not count
constexpr std::byte kErased{0xFF};

}  // namespace

Partition Partition::parse(Bytes bytes32) {
  Partition partition;
  partition.type = load_u8(bytes32, kTypeOffset);
  partition.subtype = load_u8(bytes32, kSubtypeOffset);
  partition.offset = load_u32(bytes32, kOffsetOffset);
  partition.size_bytes = load_u32(bytes32, kSizeOffset);
  for (std::size_t i = 0; i < kPartitionLabelBytes; ++i) {
    partition.label[i] = static_cast<char>(load_u8(bytes32, kLabelOffset + i));
  }
  partition.flags = load_u32(bytes32, kFlagsOffset);
  return partition;
}

void Partition::store(MutableBytes bytes32) const {
  store_u16(bytes32, 0, kPartitionMagic);
  store_u8(bytes32, kTypeOffset, type);
  store_u8(bytes32, kSubtypeOffset, subtype);
  store_u32(bytes32, kOffsetOffset, offset);
  store_u32(bytes32, kSizeOffset, size_bytes);
  for (std::size_t i = 0; i < kPartitionLabelBytes; ++i) {
    store_u8(bytes32, kLabelOffset + i, static_cast<std::uint8_t>(label[i]));
  }
  store_u32(bytes32, kFlagsOffset, flags);
}

std::span<const char> Partition::label_text() const {
  // Not std::find: it calls memchr with some libraries.
  std::size_t length = 0;
  while (length < kPartitionLabelBytes && label[length] != '\0') ++length;
  return std::span{label}.first(length);
}

TableRow PartitionTableParser::fail(Status code, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  error_ = {code, {a, b, c}};
  return TableRow::failed;
}

TableRow PartitionTableParser::feed(Bytes row32) {
  if (error_.failed()) return TableRow::failed;
  if (ended_) return TableRow::end;

  const std::uint16_t magic = load_u16(row32, 0);
  const bool is_end = load_u32(row32, 0) == kEndOfTable && row_ > 0;
  if (is_end) {
    ended_ = true;
    return TableRow::end;
  }
  TableRow kind = TableRow::failed;
  if (magic == kPartitionMagic) {
    kind = take_partition(row32.first(kPartitionRowBytes));
  } else if (magic == kMd5RowMagic) {
    kind = take_md5(row32.first(kPartitionRowBytes));
  } else {
    const std::uint32_t found = static_cast<std::uint32_t>(load_u8(row32, 0)) << 8 | load_u8(row32, 1);
    return row_ == 0 ? fail(Status::table_missing, table_offset_, found) : fail(Status::table_bad_row, row_, found);
  }
  if (kind == TableRow::failed) return kind;
  if (row_ + 1 == kPartitionTableRows) return fail(Status::table_no_end, kPartitionTableRows);
  ++row_;
  return kind;
}

TableRow PartitionTableParser::take_partition(Bytes row32) {
  if (has_md5_) return fail(Status::table_rows_after_md5, row_);
  partition_ = Partition::parse(row32);
  const std::uint32_t room_bytes = flash_size_bytes_ - std::min(partition_.offset, flash_size_bytes_);
  if (flash_size_bytes_ != 0 && (partition_.offset > flash_size_bytes_ || partition_.size_bytes > room_bytes)) {
    const std::uint32_t end = partition_.offset + std::min(partition_.size_bytes, ~partition_.offset);
    return fail(Status::table_beyond_flash, row_, end, flash_size_bytes_);
  }
  md5_.update(row32);
  return TableRow::partition;
}

TableRow PartitionTableParser::take_md5(Bytes row32) {
  if (has_md5_) return fail(Status::table_second_md5, row_);
  const Md5Digest digest = md5_.finish();
  const bool same = std::equal(digest.begin(), digest.end(), row32.begin() + kMd5DigestOffset);
  if (!same) return fail(Status::table_md5_mismatch, row_);
  has_md5_ = true;
  return TableRow::md5;
}

Event write_partition_table(std::span<const Partition> partitions, std::span<std::byte, kPartitionTableBytes> out,
                            bool with_md5) {
  const std::size_t most = with_md5 ? kMostPartitions : kMostPartitionsWithoutMd5;
  if (partitions.size() > most) {
    const std::size_t rows = partitions.size() + (kPartitionTableRows - most);
    return {Status::table_too_long, {static_cast<std::uint32_t>(rows), kPartitionTableRows}};
  }
  std::fill(out.begin(), out.end(), kErased);
  std::size_t end = 0;
  for (const Partition& partition : partitions) {
    partition.store(out.subspan(end, kPartitionRowBytes));
    end += kPartitionRowBytes;
  }
  if (with_md5) {
    const Md5Digest digest = md5(out.first(end));
    store_u16(out, end, kMd5RowMagic);
    std::copy(digest.begin(), digest.end(), out.subspan(end + kMd5DigestOffset).begin());
  }
  return {};
}

}  // namespace dualbank
