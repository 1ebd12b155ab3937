// The layouts that real boards have, from CSV to the bytes in flash. Rows and digests are what the vendor's tool made
// of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dualbank/formats/partition_csv.hpp"
#include "dualbank/formats/partition_table.hpp"

namespace dualbank {
namespace {

struct LayoutRow {
  std::uint8_t type;
  std::uint8_t subtype;
  std::uint32_t offset;
  std::uint32_t size_bytes;
  const char* label;
};

struct LayoutVector {
  const char* name;
  std::uint32_t flash_mib;
  const char* csv;
  std::vector<LayoutRow> rows;
  std::array<std::uint8_t, 16> md5;
};

// clang-format off
const LayoutVector kLayouts[] = {
    {"2MB-no-ota-no-uf2",
     2,
     "nvs,data,nvs,0x9000,20K,\n"
     "app,app,factory,0x10000,1408K,\n"
     "user_fs,data,fat,0x170000,576K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {0, 0x00, 0x10000, 0x160000, "app"},
      {1, 0x81, 0x170000, 0x90000, "user_fs"}},
     {0x44, 0x4F, 0xD3, 0x1B, 0x29, 0x27, 0xD1, 0xDF, 0xAB, 0xE3, 0xA1, 0xB6, 0x99, 0x34, 0x0A, 0x3D}},
    {"4MB",
     4,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,1408K,\n"
     "ota_1,app,ota_1,0x170000,1408K,\n"
     "uf2,app,factory,0x2d0000,256K,\n"
     "user_fs,data,fat,0x310000,960K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x160000, "ota_0"},
      {0, 0x11, 0x170000, 0x160000, "ota_1"},
      {0, 0x00, 0x2D0000, 0x40000, "uf2"},
      {1, 0x81, 0x310000, 0xF0000, "user_fs"}},
     {0x30, 0x76, 0x7A, 0x68, 0xE5, 0x66, 0x83, 0xB9, 0xE7, 0x60, 0xD5, 0x1A, 0x16, 0x6A, 0x09, 0x5F}},
    {"4MB-no-uf2",
     4,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,1408K,\n"
     "ota_1,app,ota_1,0x170000,1408K,\n"
     "user_fs,data,fat,0x2d0000,1216K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x160000, "ota_0"},
      {0, 0x11, 0x170000, 0x160000, "ota_1"},
      {1, 0x81, 0x2D0000, 0x130000, "user_fs"}},
     {0xCB, 0x6A, 0x33, 0x97, 0x04, 0xD9, 0x9A, 0x29, 0x3C, 0xE8, 0xFE, 0x7F, 0xAC, 0xF0, 0xAE, 0x97}},
    {"4MB-no-ota",
     4,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2816K,\n"
     "uf2,app,factory,0x2d0000,256K,\n"
     "ffat,data,fat,0x310000,960K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x2C0000, "ota_0"},
      {0, 0x00, 0x2D0000, 0x40000, "uf2"},
      {1, 0x81, 0x310000, 0xF0000, "ffat"}},
     {0x1D, 0xC9, 0xAF, 0xB3, 0xB5, 0xBE, 0xB3, 0x10, 0x82, 0xC1, 0xB5, 0x89, 0xEE, 0xBB, 0x8D, 0x31}},
    {"4MB-no-ota-no-uf2",
     4,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2048K,\n"
     "user_fs,data,fat,0x210000,1984K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x200000, "ota_0"},
      {1, 0x81, 0x210000, 0x1F0000, "user_fs"}},
     {0x7A, 0x24, 0x53, 0x83, 0x3D, 0xD4, 0x2A, 0x08, 0xA9, 0x83, 0xBF, 0x5F, 0x4F, 0xB5, 0x13, 0x87}},
    {"8MB",
     8,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2048K,\n"
     "ota_1,app,ota_1,0x210000,2048K,\n"
     "uf2,app,factory,0x410000,256K,\n"
     "user_fs,data,fat,0x450000,3776K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x200000, "ota_0"},
      {0, 0x11, 0x210000, 0x200000, "ota_1"},
      {0, 0x00, 0x410000, 0x40000, "uf2"},
      {1, 0x81, 0x450000, 0x3B0000, "user_fs"}},
     {0x67, 0x2A, 0x75, 0xDD, 0xEC, 0xBC, 0xEC, 0xE1, 0x13, 0x6B, 0x89, 0xCF, 0x7F, 0xCC, 0x27, 0xB7}},
    {"8MB-no-uf2",
     8,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2048K,\n"
     "ota_1,app,ota_1,0x210000,2048K,\n"
     "user_fs,data,fat,0x410000,4032K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x200000, "ota_0"},
      {0, 0x11, 0x210000, 0x200000, "ota_1"},
      {1, 0x81, 0x410000, 0x3F0000, "user_fs"}},
     {0xAD, 0xDD, 0xFD, 0x5C, 0xA4, 0x40, 0xD9, 0x0A, 0xBC, 0x26, 0x08, 0x3D, 0xD3, 0xB3, 0xD5, 0xA1}},
    {"16MB",
     16,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2048K,\n"
     "ota_1,app,ota_1,0x210000,2048K,\n"
     "uf2,app,factory,0x410000,256K,\n"
     "user_fs,data,fat,0x450000,11968K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x200000, "ota_0"},
      {0, 0x11, 0x210000, 0x200000, "ota_1"},
      {0, 0x00, 0x410000, 0x40000, "uf2"},
      {1, 0x81, 0x450000, 0xBB0000, "user_fs"}},
     {0x6A, 0x28, 0xEA, 0x45, 0x8F, 0x9D, 0xB0, 0xD0, 0x59, 0x31, 0x18, 0x59, 0x18, 0xCC, 0xD9, 0x76}},
    {"16MB-no-uf2",
     16,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2048K,\n"
     "ota_1,app,ota_1,0x210000,2048K,\n"
     "user_fs,data,fat,0x410000,12224K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x200000, "ota_0"},
      {0, 0x11, 0x210000, 0x200000, "ota_1"},
      {1, 0x81, 0x410000, 0xBF0000, "user_fs"}},
     {0x6E, 0xBC, 0xAD, 0xC8, 0x65, 0x5E, 0x68, 0x8E, 0x48, 0x7A, 0x97, 0x5D, 0xC1, 0x47, 0x93, 0x1B}},
    {"32MB",
     32,
     "nvs,data,nvs,0x9000,20K,\n"
     "otadata,data,ota,0xe000,8K,\n"
     "ota_0,app,ota_0,0x10000,2048K,\n"
     "ota_1,app,ota_1,0x210000,2048K,\n"
     "uf2,app,factory,0x410000,256K,\n"
     "user_fs,data,fat,0x450000,28352K,\n",
     {{1, 0x02, 0x9000, 0x5000, "nvs"},
      {1, 0x00, 0xE000, 0x2000, "otadata"},
      {0, 0x10, 0x10000, 0x200000, "ota_0"},
      {0, 0x11, 0x210000, 0x200000, "ota_1"},
      {0, 0x00, 0x410000, 0x40000, "uf2"},
      {1, 0x81, 0x450000, 0x1BB0000, "user_fs"}},
     {0xD6, 0x5E, 0x67, 0xF7, 0x79, 0x31, 0x11, 0xDF, 0xA7, 0x44, 0x75, 0x5F, 0x7B, 0x46, 0x10, 0xB8}},
    {"MicroPython-4MiB-ota",
     4,
     "nvs,data,nvs,0x9000,0x4000,\n"
     "otadata,data,ota,0xd000,0x2000,\n"
     "phy_init,data,phy,0xf000,0x1000,\n"
     "ota_0,app,ota_0,0x10000,0x180000,\n"
     "ota_1,app,ota_1,0x190000,0x180000,\n",
     {{1, 0x02, 0x9000, 0x4000, "nvs"},
      {1, 0x00, 0xD000, 0x2000, "otadata"},
      {1, 0x01, 0xF000, 0x1000, "phy_init"},
      {0, 0x10, 0x10000, 0x180000, "ota_0"},
      {0, 0x11, 0x190000, 0x180000, "ota_1"}},
     {0x6F, 0x91, 0xAC, 0x1B, 0xB2, 0xB4, 0x9E, 0x61, 0xA1, 0xDA, 0xEF, 0xD1, 0x2D, 0xE8, 0x00, 0xA2}},
};
// clang-format on

class BoardLayout : public testing::TestWithParam<LayoutVector> {
 protected:
  static std::vector<Partition> parse(const std::string& csv, std::uint32_t flash_bytes) {
    std::vector<Partition> out(kMostPartitions);
    const auto count = parse_partition_csv(csv, out, {.flash_size_bytes = flash_bytes});
    EXPECT_EQ(count.error(), Event{}) << csv;
    out.resize(count ? *count : 0);
    return out;
  }
  static std::vector<Partition> parse() { return parse(GetParam().csv, flash_bytes()); }
  static std::uint32_t flash_bytes() { return GetParam().flash_mib << 20; }

  static std::vector<Partition> expected() {
    std::vector<Partition> rows;
    for (const LayoutRow& row : GetParam().rows) {
      Partition p{row.type, row.subtype, row.offset, row.size_bytes, {}, 0};
      const std::string label = row.label;
      std::copy(label.begin(), label.end(), p.label.begin());
      rows.push_back(p);
    }
    return rows;
  }

  static std::array<std::byte, kPartitionTableBytes> table() {
    std::array<std::byte, kPartitionTableBytes> bytes{};
    EXPECT_FALSE(write_partition_table(parse(), bytes).failed());
    return bytes;
  }
};

TEST_P(BoardLayout, IsReadFromCsvRowForRow) { EXPECT_EQ(parse(), expected()); }

TEST_P(BoardLayout, HasTheVendorsDigestInFlash) {
  const auto bytes = table();
  const std::size_t md5_row = GetParam().rows.size() * 32;
  EXPECT_EQ(bytes[md5_row], std::byte{0xEB});
  EXPECT_EQ(bytes[md5_row + 1], std::byte{0xEB});
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(std::to_integer<std::uint8_t>(bytes[md5_row + 16 + i]), GetParam().md5[i]) << i;
  }
  EXPECT_TRUE(all_equal(Bytes{bytes}.subspan(md5_row + 2, 14), std::byte{0xFF}));
  EXPECT_TRUE(all_equal(Bytes{bytes}.subspan(md5_row + 32), std::byte{0xFF}));
}

TEST_P(BoardLayout, FallsIntoPlaceWithoutOffsetsToo) {
  std::string csv;
  std::string line;
  for (const char c : std::string(GetParam().csv)) {
    line += c;
    if (c != '\n') continue;
    const std::size_t from = line.find("0x");
    csv += line.substr(0, from) + line.substr(line.find(',', from));
    line.clear();
  }
  EXPECT_EQ(parse(csv, flash_bytes()), expected()) << csv;
}

TEST_P(BoardLayout, EndsWithItsFlash) {
  const Partition last = expected().back();
  EXPECT_LE(last.offset + last.size_bytes, flash_bytes());
  std::vector<Partition> out(kMostPartitions);
  const std::string csv = GetParam().csv;
  const auto count = parse_partition_csv(csv, out, {.flash_size_bytes = last.offset + last.size_bytes - 1});
  EXPECT_EQ(count.error().code, Status::csv_beyond_flash);
  EXPECT_EQ(count.error().values[0], GetParam().rows.size());
}

TEST_P(BoardLayout, IsReadBackFromFlash) {
  const auto bytes = table();
  PartitionTableParser parser{0x8000, flash_bytes()};
  std::vector<Partition> read;
  TableRow kind = TableRow::partition;
  for (std::size_t at = 0; kind != TableRow::end && kind != TableRow::failed; at += kPartitionRowBytes) {
    kind = parser.feed(Bytes{bytes}.subspan(at, kPartitionRowBytes));
    if (kind == TableRow::partition) read.push_back(parser.partition());
  }
  EXPECT_EQ(kind, TableRow::end);
  EXPECT_TRUE(parser.has_md5());
  EXPECT_EQ(read, expected());
}

TEST_P(BoardLayout, SurvivesTheWayToCsvAndBack) {
  std::vector<char> text(4096);
  const auto length = write_partition_csv(parse(), text);
  ASSERT_TRUE(length.has_value());
  EXPECT_EQ(parse(std::string(text.data(), *length), flash_bytes()), expected());
}

// A character lost or changed on the way: an error that names a line, or a table that is sound.
TEST_P(BoardLayout, WithAnyCharacterChangedIsRefusedOrSound) {
  const std::string csv = GetParam().csv;
  for (std::size_t at = 0; at < csv.size(); ++at) {
    for (const char c : {'\0', '0', '9', ',', '\n', 'K', '-', '$', '#', ' '}) {
      std::string changed = csv;
      changed[at] = c;
      std::vector<Partition> out(kMostPartitions);
      const auto count = parse_partition_csv(changed, out, {.flash_size_bytes = flash_bytes()});
      if (!count) {
        EXPECT_GE(count.error().values[0], 1U) << changed;
        EXPECT_LE(count.error().values[0], GetParam().rows.size() + 1) << changed;
        continue;
      }
      std::uint32_t end = 0x9000;
      for (const Partition& p : std::span{out}.first(*count)) {
        EXPECT_GE(p.offset, end) << changed;
        EXPECT_EQ(p.offset & (p.type == partition_type::kApp ? 0xFFFFU : 0xFFFU), 0U) << changed;
        end = p.offset + p.size_bytes;
      }
      EXPECT_LE(end, flash_bytes()) << changed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Published, BoardLayout, testing::ValuesIn(kLayouts), [](const auto& layout) {
  std::string name = layout.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace dualbank
