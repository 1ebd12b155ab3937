#include "dualbank/formats/partition_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank {
namespace {

constexpr std::uint32_t kMiB = 0x10'0000;
constexpr std::uint32_t kTableOffset = 0x8000;
constexpr std::uint32_t kFlashBytes = 8 * kMiB;

// A table's bytes by hand: nothing here goes through the code under test.
using Raw = std::vector<std::uint8_t>;

void put_u32(Raw& raw, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) raw.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Raw raw_row(std::uint8_t type, std::uint8_t subtype, std::uint32_t offset, std::uint32_t size, std::string_view label,
            std::uint32_t flags = 0) {
  Raw raw{0xAA, 0x50, type, subtype};
  put_u32(raw, offset);
  put_u32(raw, size);
  for (std::size_t i = 0; i < 16; ++i) raw.push_back(i < label.size() ? static_cast<std::uint8_t>(label[i]) : 0);
  put_u32(raw, flags);
  return raw;
}

Raw raw_md5(std::initializer_list<std::uint8_t> digest) {
  Raw raw(16, 0xFF);
  raw[0] = raw[1] = 0xEB;
  raw.insert(raw.end(), digest);
  return raw;
}

Raw operator+(Raw a, const Raw& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Raw padded(Raw raw) {
  raw.resize(0xC00, 0xFF);
  return raw;
}

Raw erased_row() { return Raw(32, 0xFF); }

Raw circuitpython_8mb_rows() {
  return raw_row(1, 2, 0x9000, 0x5000, "nvs") + raw_row(1, 0, 0xE000, 0x2000, "otadata") +
         raw_row(0, 0x10, 0x10000, 0x200000, "ota_0") + raw_row(0, 0x11, 0x210000, 0x200000, "ota_1") +
         raw_row(0, 0, 0x410000, 0x40000, "uf2") + raw_row(1, 0x81, 0x450000, 0x3B0000, "user_fs");
}

Raw circuitpython_8mb_md5() {
  return raw_md5({0x67, 0x2A, 0x75, 0xDD, 0xEC, 0xBC, 0xEC, 0xE1, 0x13, 0x6B, 0x89, 0xCF, 0x7F, 0xCC, 0x27, 0xB7});
}

Partition partition(std::uint8_t type, std::uint8_t subtype, std::uint32_t offset, std::uint32_t size,
                    std::string_view label, std::uint32_t flags = 0) {
  Partition p{type, subtype, offset, size, {}, flags};
  std::copy(label.begin(), label.end(), p.label.begin());
  return p;
}

std::vector<Partition> circuitpython_8mb() {
  using namespace partition_type;
  return {partition(kData, data_subtype::kNvs, 0x9000, 0x5000, "nvs"),
          partition(kData, data_subtype::kOta, 0xE000, 0x2000, "otadata"),
          partition(kApp, app_subtype::kOta0, 0x10000, 0x200000, "ota_0"),
          partition(kApp, app_subtype::kOta0 + 1, 0x210000, 0x200000, "ota_1"),
          partition(kApp, app_subtype::kFactory, 0x410000, 0x40000, "uf2"),
          partition(kData, data_subtype::kFat, 0x450000, 0x3B0000, "user_fs")};
}

struct Read {
  TableRow last = TableRow::failed;
  std::vector<Partition> partitions;
  std::uint32_t rows_fed = 0;
  std::uint32_t count = 0;
  bool has_md5 = false;
  Event error{};
};

Read read_table(const Raw& raw, std::uint32_t flash_bytes = kFlashBytes) {
  PartitionTableParser parser{kTableOffset, flash_bytes};
  Read read;
  const Bytes bytes = std::as_bytes(std::span{raw});
  for (std::size_t at = 0; at + 32 <= bytes.size(); at += 32) {
    ++read.rows_fed;
    read.last = parser.feed(bytes.subspan(at, 32));
    if (read.last == TableRow::partition) read.partitions.push_back(parser.partition());
    if (read.last == TableRow::end || read.last == TableRow::failed) break;
  }
  read.count = parser.partition_count();
  read.has_md5 = parser.has_md5();
  read.error = parser.error();
  return read;
}

Event failure(const Raw& raw, std::uint32_t flash_bytes = kFlashBytes) {
  const Read read = read_table(raw, flash_bytes);
  EXPECT_EQ(read.last, TableRow::failed);
  return read.error;
}

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

TEST(Partition, ReadsEachFieldFromItsPlace) {
  const Raw raw = raw_row(0x40, 0xFE, 0x12345678, 0x9ABCDEF0, "sixteen letters!", 3);
  const Partition p = Partition::parse(std::as_bytes(std::span{raw}));
  EXPECT_EQ(p.type, 0x40);
  EXPECT_EQ(p.subtype, 0xFE);
  EXPECT_EQ(p.offset, 0x12345678U);
  EXPECT_EQ(p.size_bytes, 0x9ABCDEF0U);
  EXPECT_STREQ(p.label.data(), "sixteen letters!");
  EXPECT_EQ(p.flags, partition_flag::kEncrypted | partition_flag::kReadonly);
}

TEST(Partition, IsWrittenByteForByte) {
  std::array<std::byte, 32> bytes{};
  circuitpython_8mb()[0].store(bytes);
  const Raw expected{0xAA, 0x50, 0x01, 0x02, 0x00, 0x90, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00, 'n', 'v', 's', 0,
                     0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,   0,   0,   0};
  EXPECT_TRUE(std::ranges::equal(bytes, std::as_bytes(std::span{expected})));
}

TEST(Partition, LabelEndsAtItsFirstNulOrAfterSixteenBytes) {
  const auto text = [](const Partition& p) { return std::string(p.label_text().begin(), p.label_text().end()); };
  EXPECT_EQ(text(partition(0, 0, 0, 0, "")), "");
  EXPECT_EQ(text(partition(0, 0, 0, 0, "nvs")), "nvs");
  EXPECT_EQ(text(partition(0, 0, 0, 0, "sixteen letters!")), "sixteen letters!");
  Partition p = partition(0, 0, 0, 0, "nvs");
  p.label[5] = 'x';
  EXPECT_EQ(text(p), "nvs");
}

TEST(Partition, KnowsOtaSlotsByTypeAndSubtype) {
  EXPECT_FALSE(partition(0, 0x0F, 0, 0, "").is_ota_slot());
  EXPECT_TRUE(partition(0, 0x10, 0, 0, "").is_ota_slot());
  EXPECT_TRUE(partition(0, 0x1F, 0, 0, "").is_ota_slot());
  EXPECT_FALSE(partition(0, 0x20, 0, 0, "").is_ota_slot());
  EXPECT_FALSE(partition(1, 0x10, 0, 0, "").is_ota_slot());
  EXPECT_TRUE(partition(1, 0, 0, 0, "").is(partition_type::kData, data_subtype::kOta));
  EXPECT_FALSE(partition(0, 0, 0, 0, "").is(partition_type::kData, data_subtype::kOta));
}

TEST(PartitionTableParser, ReadsTheCircuitPythonTableOfEightMegabytes) {
  const Read read = read_table(padded(circuitpython_8mb_rows() + circuitpython_8mb_md5()));
  EXPECT_EQ(read.last, TableRow::end);
  EXPECT_EQ(read.partitions, circuitpython_8mb());
  EXPECT_EQ(read.count, 6U);
  EXPECT_EQ(read.rows_fed, 8U);
  EXPECT_TRUE(read.has_md5);
  EXPECT_FALSE(read.error.failed());
}

TEST(PartitionTableParser, ReadsTheOneRowSampleWithItsKnownMd5) {
  const Raw raw =
      raw_row(0x30, 0xEE, 0x100400, 0x300000, "first") +
      raw_md5({0x43, 0x03, 0x3F, 0x33, 0x40, 0x87, 0x57, 0x51, 0x69, 0x83, 0x9B, 0x40, 0x61, 0xB1, 0x27, 0x26});
  EXPECT_EQ(read_table(padded(raw)).last, TableRow::end);
}

TEST(PartitionTableParser, TakesATableWithoutMd5AndSaysSo) {
  const Read read = read_table(padded(circuitpython_8mb_rows()));
  EXPECT_EQ(read.last, TableRow::end);
  EXPECT_EQ(read.count, 6U);
  EXPECT_FALSE(read.has_md5);
}

TEST(PartitionTableParser, TakesATableOfNoPartitionsWithItsMd5) {
  const Raw md5_of_nothing =
      raw_md5({0xD4, 0x1D, 0x8C, 0xD9, 0x8F, 0x00, 0xB2, 0x04, 0xE9, 0x80, 0x09, 0x98, 0xEC, 0xF8, 0x42, 0x7E});
  const Read read = read_table(padded(md5_of_nothing));
  EXPECT_EQ(read.last, TableRow::end);
  EXPECT_EQ(read.count, 0U);
}

TEST(PartitionTableParser, LooksOnlyAtFourBytesOfTheEnd) {
  Raw raw = padded(circuitpython_8mb_rows());
  for (std::size_t i = 6 * 32 + 4; i < 7 * 32; ++i) raw[i] = 0x5A;
  EXPECT_EQ(read_table(raw).last, TableRow::end);
}

TEST(PartitionTableParser, DoesNotLookAtTheMd5RowsFiller) {
  Raw raw = padded(circuitpython_8mb_rows() + circuitpython_8mb_md5());
  for (std::size_t i = 6 * 32 + 2; i < 6 * 32 + 16; ++i) raw[i] = 0;
  EXPECT_EQ(read_table(raw).last, TableRow::end);
}

TEST(PartitionTableParser, DoesNotJudgeOrderOverlapOrSizes) {
  const Raw raw =
      raw_row(0, 0x10, 0x20001, 0, "same") + raw_row(0, 0x10, 0x10, 0x7FFFF0, "same") + raw_row(0xFE, 0xFF, 0, 1, "");
  EXPECT_EQ(read_table(padded(raw)).count, 3U);
}

TEST(PartitionTableParser, SaysWhenThereIsNoTable) {
  EXPECT_EQ(failure(padded({})), event(Status::table_missing, kTableOffset, 0xFFFF));
  EXPECT_EQ(failure(Raw(32, 0)), event(Status::table_missing, kTableOffset, 0));
  EXPECT_EQ(failure(Raw{0x50, 0xAA} + Raw(30, 0)), event(Status::table_missing, kTableOffset, 0x50AA));
}

TEST(PartitionTableParser, NamesTheRowThatIsNone) {
  Raw raw = padded(circuitpython_8mb_rows() + circuitpython_8mb_md5());
  raw[2 * 32] = 0xAB;
  EXPECT_EQ(failure(raw), event(Status::table_bad_row, 2, 0xAB50));
}

TEST(PartitionTableParser, TakesNoHalfEndForTheEnd) {
  for (std::size_t at = 0; at < 4; ++at) {
    Raw raw = padded(circuitpython_8mb_rows());
    raw[6 * 32 + at] = 0x7F;
    EXPECT_EQ(failure(raw).code, Status::table_bad_row) << at;
  }
}

TEST(PartitionTableParser, FindsEveryFlippedBitByTheMd5) {
  const Raw sound = padded(circuitpython_8mb_rows() + circuitpython_8mb_md5());
  for (std::size_t at = 0; at < 7 * 32; ++at) {
    const bool filler = at >= 6 * 32 + 2 && at < 6 * 32 + 16;
    if (filler) continue;
    for (unsigned bit = 0; bit < 8; ++bit) {
      Raw raw = sound;
      raw[at] = static_cast<std::uint8_t>(raw[at] ^ 1U << bit);
      EXPECT_EQ(read_table(raw).last, TableRow::failed) << at << "." << bit;
    }
  }
}

TEST(PartitionTableParser, SaysWhenTheMd5DoesNotMatch) {
  Raw raw = padded(circuitpython_8mb_rows() + circuitpython_8mb_md5());
  raw[6 * 32 + 31] ^= 1;
  EXPECT_EQ(failure(raw), event(Status::table_md5_mismatch, 6));
}

TEST(PartitionTableParser, RefusesASecondMd5Row) {
  const Raw raw = padded(circuitpython_8mb_rows() + circuitpython_8mb_md5() + circuitpython_8mb_md5());
  EXPECT_EQ(failure(raw), event(Status::table_second_md5, 7));
}

TEST(PartitionTableParser, RefusesPartitionsAfterTheMd5Row) {
  const Raw raw = circuitpython_8mb_rows() + circuitpython_8mb_md5() + raw_row(1, 1, 0x800000, 0, "phy");
  EXPECT_EQ(failure(padded(raw)), event(Status::table_rows_after_md5, 7));
}

TEST(PartitionTableParser, NamesThePartitionBeyondTheFlash) {
  const auto with = [](std::uint32_t offset, std::uint32_t size) {
    return padded(raw_row(1, 2, 0x9000, 0x5000, "nvs") + raw_row(0, 0x10, offset, size, "ota_0"));
  };
  EXPECT_EQ(read_table(with(0x10000, kFlashBytes - 0x10000)).last, TableRow::end);
  EXPECT_EQ(failure(with(0x10000, kFlashBytes - 0x10000 + 1)),
            event(Status::table_beyond_flash, 1, kFlashBytes + 1, kFlashBytes));
  EXPECT_EQ(read_table(with(kFlashBytes, 0)).last, TableRow::end);
  EXPECT_EQ(failure(with(kFlashBytes + 1, 0)), event(Status::table_beyond_flash, 1, kFlashBytes + 1, kFlashBytes));
  EXPECT_EQ(failure(with(0, kFlashBytes + 1)), event(Status::table_beyond_flash, 1, kFlashBytes + 1, kFlashBytes));
}

TEST(PartitionTableParser, IsNotFooledByAnEndThatWraps) {
  const Raw raw = padded(raw_row(0, 0x10, 0x10000, 0xFFFF'8000, "ota_0"));
  EXPECT_EQ(failure(raw), event(Status::table_beyond_flash, 0, 0xFFFF'FFFF, kFlashBytes));
  const Raw exactly = padded(raw_row(0, 0x10, 0xFFFF'F000, 0x1000, "ota_0"));
  EXPECT_EQ(failure(exactly), event(Status::table_beyond_flash, 0, 0xFFFF'FFFF, kFlashBytes));
}

TEST(PartitionTableParser, HoldsNothingAgainstAnUnknownFlashSize) {
  EXPECT_EQ(read_table(padded(raw_row(0, 0x10, 0xFFFF'0000, 0xFFFF'FFFF, "ota_0")), 0).last, TableRow::end);
}

TEST(PartitionTableParser, NeedsTheEndWithinItsRows) {
  Raw raw;
  for (std::uint32_t i = 0; i < 95; ++i) raw = raw + raw_row(1, 0x40, i * 0x1000, 0x1000, "p");
  EXPECT_EQ(read_table(raw + erased_row()).count, 95U);
  const Read read = read_table(raw + raw_row(1, 0x40, 0, 0, "p") + erased_row());
  EXPECT_EQ(read.last, TableRow::failed);
  EXPECT_EQ(read.error, event(Status::table_no_end, 96));
  EXPECT_EQ(read.rows_fed, 96U);
}

TEST(PartitionTableParser, KeepsItsAnswerAfterTheLastRow) {
  PartitionTableParser failed{kTableOffset, kFlashBytes};
  const Raw row = raw_row(1, 2, 0x9000, 0x5000, "nvs");
  const Raw end = erased_row();
  const Bytes row_bytes = std::as_bytes(std::span{row});
  const Bytes end_bytes = std::as_bytes(std::span{end});
  EXPECT_EQ(failed.feed(end_bytes), TableRow::failed);
  EXPECT_EQ(failed.feed(row_bytes), TableRow::failed);
  EXPECT_EQ(failed.error().code, Status::table_missing);

  PartitionTableParser ended{kTableOffset, kFlashBytes};
  EXPECT_EQ(ended.feed(row_bytes), TableRow::partition);
  EXPECT_EQ(ended.feed(end_bytes), TableRow::end);
  EXPECT_EQ(ended.feed(row_bytes), TableRow::end);
  EXPECT_EQ(ended.partition_count(), 1U);
}

std::array<std::byte, kPartitionTableBytes> written(std::span<const Partition> partitions, bool with_md5 = true) {
  std::array<std::byte, kPartitionTableBytes> out{};
  EXPECT_FALSE(write_partition_table(partitions, out, with_md5).failed());
  return out;
}

TEST(WritePartitionTable, MakesTheCircuitPythonTableByteForByte) {
  const Raw expected = padded(circuitpython_8mb_rows() + circuitpython_8mb_md5());
  EXPECT_TRUE(std::ranges::equal(written(circuitpython_8mb()), std::as_bytes(std::span{expected})));
}

TEST(WritePartitionTable, MakesTheOneRowSampleByteForByte) {
  const Raw expected =
      padded(raw_row(0x30, 0xEE, 0x100400, 0x300000, "first") +
             raw_md5({0x43, 0x03, 0x3F, 0x33, 0x40, 0x87, 0x57, 0x51, 0x69, 0x83, 0x9B, 0x40, 0x61, 0xB1, 0x27, 0x26}));
  const std::array one{partition(0x30, 0xEE, 0x100400, 0x300000, "first")};
  EXPECT_TRUE(std::ranges::equal(written(one), std::as_bytes(std::span{expected})));
}

TEST(WritePartitionTable, LeavesOutTheMd5WhereAsked) {
  const Raw expected = padded(circuitpython_8mb_rows());
  EXPECT_TRUE(std::ranges::equal(written(circuitpython_8mb(), false), std::as_bytes(std::span{expected})));
}

TEST(WritePartitionTable, HoldsNinetyFourPartitionsOrNinetyFiveWithoutMd5) {
  const std::vector<Partition> many(96, partition(1, 6, 0x10000, 0x1000, "p"));
  const std::span all{many};
  std::array<std::byte, kPartitionTableBytes> out{};
  EXPECT_FALSE(write_partition_table(all.first(94), out).failed());
  const auto before = out;
  EXPECT_EQ(write_partition_table(all.first(95), out), event(Status::table_too_long, 97, 96));
  EXPECT_EQ(write_partition_table(all.first(96), out, false), event(Status::table_too_long, 97, 96));
  EXPECT_EQ(out, before);
  EXPECT_FALSE(write_partition_table(all.first(95), out, false).failed());
}

TEST(WritePartitionTable, IsReadBackAsItWas) {
  for (const bool with_md5 : {true, false}) {
    for (std::size_t count : {1U, 2U, 94U}) {
      std::vector<Partition> some;
      for (std::size_t i = 0; i < count; ++i) {
        some.push_back(partition(0x40, static_cast<std::uint8_t>(i), static_cast<std::uint32_t>(i * 0x1000), 0x1000,
                                 "p" + std::to_string(i), i & 3U));
      }
      const auto bytes = written(some, with_md5);
      Raw raw;
      for (const std::byte b : bytes) raw.push_back(std::to_integer<std::uint8_t>(b));
      const Read read = read_table(raw);
      EXPECT_EQ(read.last, TableRow::end);
      EXPECT_EQ(read.partitions, some);
      EXPECT_EQ(read.has_md5, with_md5);
    }
  }
}

}  // namespace
}  // namespace dualbank
