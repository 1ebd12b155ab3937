#include "dualbank/formats/chip.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

namespace dualbank {
namespace {

const Chip* by_name(std::string_view name) { return find_chip_by_name(name); }

struct Row {
  std::uint16_t id;
  const char* name;
  std::uint32_t bootloader_offset;
  Range drom;
  Range irom;
  bool page_configurable;
  bool wide_segments;
  std::uint32_t uf2_family;
};

// The vendor's table, typed again from its documents.
constexpr std::array<Row, 14> kRows{{
    {0, "esp32", 0x1000, {0x3F400000, 0x3F800000}, {0x400D0000, 0x40400000}, false, false, 0x1C5F21B0},
    {2, "esp32s2", 0x1000, {0x3F000000, 0x3FF80000}, {0x40080000, 0x40800000}, false, false, 0xBFDD4EEE},
    {5, "esp32c3", 0x0, {0x3C000000, 0x3C800000}, {0x42000000, 0x42800000}, false, false, 0xD42BA06C},
    {9, "esp32s3", 0x0, {0x3C000000, 0x3E000000}, {0x42000000, 0x44000000}, false, true, 0xC47E5767},
    {12, "esp32c2", 0x0, {0x3C000000, 0x3C400000}, {0x42000000, 0x42400000}, true, false, 0x2B88D29C},
    {13, "esp32c6", 0x0, {0x42000000, 0x43000000}, {0x42000000, 0x43000000}, true, false, 0x540DDF62},
    {16, "esp32h2", 0x0, {0x42000000, 0x43000000}, {0x42000000, 0x43000000}, true, false, 0x332726F6},
    {18, "esp32p4", 0x2000, {0x40000000, 0x44000000}, {0x40000000, 0x44000000}, false, true, 0x3D308E94},
    {20, "esp32c61", 0x0, {0x42000000, 0x44000000}, {0x42000000, 0x44000000}, true, true, 0x77D850C4},
    {23, "esp32c5", 0x2000, {0x42000000, 0x44000000}, {0x42000000, 0x44000000}, false, true, 0xF71C0343},
    {25, "esp32h21", 0x0, {0x42000000, 0x43000000}, {0x42000000, 0x43000000}, true, false, 0xB6DD00AF},
    {28, "esp32h4", 0x2000, {0x42000000, 0x44000000}, {0x42000000, 0x44000000}, true, true, 0x9E0BAA8A},
    {31, "esp32e22", 0x0, {0x3C000000, 0x40000000}, {0x3C000000, 0x40000000}, false, false, 0},
    {32, "esp32s31", 0x2000, {0x40000000, 0x44000000}, {0x40000000, 0x44000000}, true, true, 0x3101F7C1},
}};

TEST(Chip, TableHoldsWhatTheVendorSays) {
  ASSERT_EQ(all_chips().size(), kRows.size() + 2);
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    const Chip* const chip = find_chip(row.id);
    ASSERT_NE(chip, nullptr);
    EXPECT_STREQ(chip->name, row.name);
    EXPECT_EQ(chip->bootloader_offset, row.bootloader_offset);
    EXPECT_EQ(chip->drom, row.drom);
    EXPECT_EQ(chip->irom, row.irom);
    EXPECT_EQ(chip->page_configurable, row.page_configurable);
    EXPECT_EQ(chip->wide_segments, row.wide_segments);
    EXPECT_EQ(chip->uf2_family, row.uf2_family);
    EXPECT_STREQ(chip_name(row.id), row.name);
    EXPECT_EQ(by_name(row.name), chip);
  }
}

TEST(Chip, PageSizesArePowersOfTwoAroundTheDefault) {
  for (const Chip& chip : all_chips()) {
    SCOPED_TRACE(chip.name);
    EXPECT_TRUE(std::has_single_bit(chip.smallest_page_bytes));
    EXPECT_TRUE(std::has_single_bit(chip.largest_page_bytes));
    if (chip.fixed) continue;
    EXPECT_LE(chip.smallest_page_bytes, kDefaultMmuPageBytes);
    EXPECT_GE(chip.largest_page_bytes, kDefaultMmuPageBytes);
    EXPECT_EQ(chip.page_configurable, chip.smallest_page_bytes != chip.largest_page_bytes);
  }
  EXPECT_EQ(find_chip(12)->smallest_page_bytes, 0x4000U);
  EXPECT_EQ(find_chip(13)->smallest_page_bytes, 0x2000U);
  EXPECT_EQ(find_chip(32)->smallest_page_bytes, 0x8000U);
  EXPECT_EQ(find_chip(32)->largest_page_bytes, 0x4'0000U);
}

TEST(Chip, IdsNamesAndUf2FamiliesAreUnique) {
  std::set<std::uint16_t> ids;
  std::set<std::string> names;
  std::set<std::uint32_t> families;
  for (const Chip& chip : all_chips()) {
    EXPECT_TRUE(ids.insert(chip.id).second) << chip.name;
    EXPECT_TRUE(names.insert(chip.name).second) << chip.name;
    EXPECT_TRUE(chip.uf2_family == 0 || families.insert(chip.uf2_family).second) << chip.name;
    EXPECT_NE(chip.id, kAnyChip);
  }
}

TEST(Chip, UnknownIdsHaveNoChipAndSaySo) {
  for (const std::uint16_t id : std::initializer_list<std::uint16_t>{1, 3, 4, 6, 7, 10, 14, 17, 33, 0xFFFF}) {
    EXPECT_EQ(find_chip(id), nullptr) << id;
    EXPECT_STREQ(chip_name(id), "unknown chip") << id;
  }
}

TEST(Chip, NamesMayBeWrittenAsInTheVendorsDocuments) {
  EXPECT_EQ(by_name("ESP32-S3")->id, 9);
  EXPECT_EQ(by_name("esp32-s3")->id, 9);
  EXPECT_EQ(by_name("Esp32_C6")->id, 13);
  EXPECT_EQ(by_name("ESP32-C61")->id, 20);
  EXPECT_EQ(by_name("ESP32")->id, 0);
  EXPECT_EQ(by_name("GENERIC")->id, kNoVendorChip);
  EXPECT_EQ(by_name("in-place")->id, kInPlaceChip);
}

TEST(Chip, OtherNamesAreNoChip) {
  for (const char* name :
       {"", "-", "esp3", "esp32s", "esp32s33", "esp32 s3", "esp8266", "unknown chip", "ESP32-C[", "@sp32"}) {
    EXPECT_EQ(by_name(name), nullptr) << name;
  }
  EXPECT_EQ(by_name(std::string_view{"esp32\0", 6}), nullptr);
}

TEST(Chip, NoVendorChipIsOutsideTheVendorsListAndMapsNothing) {
  const Chip* const chip = find_chip(kNoVendorChip);
  ASSERT_NE(chip, nullptr);
  EXPECT_STREQ(chip->name, "generic");
  EXPECT_GE(chip->id, 0x100);
  EXPECT_FALSE(chip->page_configurable);
  for (const std::uint32_t address : {0U, 0x1000'0000U, 0x3C00'0020U, 0x4200'0020U, 0x8000'0000U, 0xFFFF'FFFFU}) {
    EXPECT_FALSE(chip->maps(address)) << address;
  }
}

TEST(Chip, WindowsAreHalfOpen) {
  const Chip* const c3 = find_chip(5);
  EXPECT_FALSE(c3->maps(0x3BFF'FFFF));
  EXPECT_TRUE(c3->maps(0x3C00'0000));
  EXPECT_TRUE(c3->maps(0x3C7F'FFFF));
  EXPECT_FALSE(c3->maps(0x3C80'0000));
  EXPECT_TRUE(c3->maps(0x4200'0000));
  EXPECT_TRUE(c3->maps(0x427F'FFFF));
  EXPECT_FALSE(c3->maps(0x4280'0000));
  EXPECT_FALSE(c3->maps(0x3FC8'0000)) << "RAM";
  EXPECT_FALSE(c3->maps(0)) << "padding";
}

TEST(Chip, ExternalRamWindowsAreMappedToo) {
  EXPECT_TRUE(find_chip(18)->maps(0x4800'0000));
  EXPECT_TRUE(find_chip(18)->maps(0x4BFF'FFFF));
  EXPECT_FALSE(find_chip(18)->maps(0x4C00'0000));
  EXPECT_FALSE(find_chip(18)->maps(0x4400'0000));
  EXPECT_TRUE(find_chip(32)->maps(0x5000'0000));
  EXPECT_FALSE(find_chip(32)->maps(0x5400'0000));
}

TEST(Chip, WindowsOf256PagesShrinkWithThePage) {
  for (const std::uint16_t id : std::initializer_list<std::uint16_t>{13, 16}) {
    const Chip* const chip = find_chip(id);
    EXPECT_TRUE(chip->maps(0x42FF'FFFF, 0x1'0000));
    EXPECT_FALSE(chip->maps(0x4300'0000, 0x1'0000));
    EXPECT_TRUE(chip->maps(0x421F'FFFF, 0x2000));
    EXPECT_FALSE(chip->maps(0x4220'0000, 0x2000));
    EXPECT_FALSE(chip->maps(0x41FF'FFFF, 0x2000));
  }
  EXPECT_TRUE(find_chip(20)->maps(0x43FF'FFFF, 0x2000)) << "only where the vendor counts in pages";
}

TEST(Chip, PageComesFromTheDescriptorWhereItMayBeChosen) {
  const Chip* const c6 = find_chip(13);
  EXPECT_EQ(c6->page_bytes(13), 0x2000U);
  EXPECT_EQ(c6->page_bytes(16), 0x1'0000U);
  EXPECT_EQ(c6->page_bytes(18), 0x4'0000U);
  for (const std::uint8_t nonsense : std::initializer_list<std::uint8_t>{0, 1, 12, 19, 32, 255}) {
    EXPECT_EQ(c6->page_bytes(nonsense), kDefaultMmuPageBytes) << int{nonsense};
  }
  EXPECT_EQ(find_chip(9)->page_bytes(13), kDefaultMmuPageBytes) << "S3 has one page size";
}

}  // namespace
}  // namespace dualbank
