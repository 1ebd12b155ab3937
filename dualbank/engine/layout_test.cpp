#include "dualbank/engine/layout.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "dualbank/formats/md5.hpp"
#include "dualbank/sim/nor_flash.hpp"

namespace dualbank {
namespace {

struct Row {
  std::uint8_t type;
  std::uint8_t subtype;
  std::uint32_t offset;
  std::uint32_t size_bytes;
  std::string_view label = "x";
};

constexpr std::uint8_t kApp = 0;
constexpr std::uint8_t kData = 1;
constexpr Row kOtadata{kData, 0, 0xE000, 0x2000, "otadata"};
constexpr Row kOta0{kApp, 0x10, 0x1'0000, 0x8'0000, "ota_0"};
constexpr Row kOta1{kApp, 0x11, 0x9'0000, 0x8'0000, "ota_1"};

/// A chip with a table made by hand.
class LayoutTest : public testing::Test {
 protected:
  static constexpr std::uint32_t kSizeBytes = 0x20'0000;

  void put_row(std::uint32_t index, const Row& row) {
    std::array<std::byte, 32> bytes{};
    store_u16(bytes, 0, 0x50AA);
    store_u8(bytes, 2, row.type);
    store_u8(bytes, 3, row.subtype);
    store_u32(bytes, 4, row.offset);
    store_u32(bytes, 8, row.size_bytes);
    for (std::size_t i = 0; i < row.label.size(); ++i) bytes[12 + i] = static_cast<std::byte>(row.label[i]);
    flash_.put(table_ + index * 32, bytes);
  }

  void put_table(const std::vector<Row>& rows, bool with_md5 = true) {
    flash_.put(table_, std::vector<std::byte>(0xC00, std::byte{0xFF}));
    for (std::uint32_t i = 0; i < rows.size(); ++i) put_row(i, rows[i]);
    if (!with_md5) return;
    std::array<std::byte, 32> bytes;
    bytes.fill(std::byte{0xFF});
    bytes[0] = bytes[1] = std::byte{0xEB};
    Md5 md5;
    md5.update(flash_.contents().subspan(table_, rows.size() * 32));
    const auto digest = md5.finish();
    std::copy(digest.begin(), digest.end(), bytes.begin() + 16);
    flash_.put(table_ + static_cast<std::uint32_t>(rows.size()) * 32, bytes);
  }

  Result<Layout> read(const std::vector<Row>& rows, bool with_md5 = true) {
    put_table(rows, with_md5);
    return read_layout(flash_, table_);
  }
  Event error_of(const std::vector<Row>& rows) { return read(rows).error(); }

  sim::NorFlash flash_{{.size_bytes = kSizeBytes, .erase_units = 0x1'1000}};
  std::uint32_t table_ = kDefaultTableOffset;
};

bool same(const Extent& extent, std::uint32_t offset, std::uint32_t size_bytes) {
  return extent.offset == offset && extent.size_bytes == size_bytes;
}

// ---- finding

TEST_F(LayoutTest, FindsEachPartitionByTypeAndSubtype) {
  const auto layout = read({{kData, 2, 0x9000, 0x5000, "nvs"},
                            kOtadata,
                            kOta0,
                            kOta1,
                            {kApp, 0x00, 0x11'0000, 0x4'0000, "uf2"},
                            {kApp, 0x20, 0x15'0000, 0x1'0000, "test"},
                            {kData, 0x81, 0x16'0000, 0x8'0000, "user_fs"}});
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->slot_count, 2);
  EXPECT_TRUE(same(layout->slots[0], 0x1'0000, 0x8'0000));
  EXPECT_TRUE(same(layout->slots[1], 0x9'0000, 0x8'0000));
  EXPECT_TRUE(same(layout->otadata, 0xE000, 0x2000));
  EXPECT_TRUE(same(layout->factory, 0x11'0000, 0x4'0000));
  EXPECT_TRUE(same(layout->test, 0x15'0000, 0x1'0000));
  EXPECT_TRUE(same(layout->fat, 0x16'0000, 0x8'0000));
  EXPECT_TRUE(layout->has_md5);
  EXPECT_FALSE(layout->updatable().failed());
}

TEST_F(LayoutTest, LabelsAndOrderAndUnknownTypesMeanNothing) {
  const auto layout = read({{kApp, 0x11, 0x9'0000, 0x8'0000, "ota_0"},
                            {0x40, 0x10, 0x18'0000, 0x1000, "ota_1"},
                            {kApp, 0x30, 0x19'0000, 0x1000, "factory"},
                            {kData, 0x10, 0x1A'0000, 0x1000, "otadata"},
                            {kApp, 0x10, 0x1'0000, 0x8'0000, "otadata"},
                            {kData, 0, 0xD000, 0x2000, ""}});
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->slot_count, 2);
  EXPECT_TRUE(same(layout->slots[0], 0x1'0000, 0x8'0000));
  EXPECT_TRUE(same(layout->slots[1], 0x9'0000, 0x8'0000));
  EXPECT_TRUE(same(layout->otadata, 0xD000, 0x2000));
  EXPECT_FALSE(layout->factory.present());
  EXPECT_FALSE(layout->test.present());
  EXPECT_FALSE(layout->fat.present());
}

TEST_F(LayoutTest, OfSeveralFatPartitionsTheFirstIsTheDrive) {
  const auto layout =
      read({kOtadata, kOta0, kOta1, {kData, 0x81, 0x12'0000, 0x1000}, {kData, 0x81, 0x13'0000, 0x2000}});
  ASSERT_TRUE(layout.has_value());
  EXPECT_TRUE(same(layout->fat, 0x12'0000, 0x1000));
}

TEST_F(LayoutTest, TheTableMayStandElsewhere) {
  table_ = 0x1'8000;
  const auto layout =
      read({{kData, 0, 0x1'9000, 0x2000}, {kApp, 0x10, 0x2'0000, 0x1'0000}, {kApp, 0x11, 0x3'0000, 0x1'0000}});
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->slot_count, 2);
  EXPECT_EQ(read_layout(flash_).error().code, Status::table_missing);
}

TEST_F(LayoutTest, SixteenSlotsAreRead) {
  std::vector<Row> rows{kOtadata};
  for (std::uint8_t i = 0; i < 16; ++i) {
    rows.push_back({kApp, static_cast<std::uint8_t>(0x10 + i), 0x1'0000 + i * 0x1'0000U, 0x1'0000});
  }
  const auto layout = read(rows);
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->slot_count, 16);
  EXPECT_TRUE(same(layout->slots[15], 0x10'0000, 0x1'0000));
}

TEST_F(LayoutTest, ReadsOnlyTheTableAndNoMoreThanTwice) {
  put_table({kOtadata, kOta0, kOta1});
  flash_.forget();
  ASSERT_TRUE(read_layout(flash_).has_value());
  EXPECT_EQ(flash_.counts().operations(), 0u);
  EXPECT_EQ(flash_.counts().bytes_read, 32u * (5 + 4));  // three rows, MD5, end; the end is not looked at twice
}

// ---- refusing

TEST(BootScenarios, S18_AWrongMd5IsRefused) {
  sim::NorFlash flash{{.size_bytes = 0x2'0000}};
  std::array<std::byte, 64> rows{};
  store_u16(rows, 0, 0x50AA);
  store_u8(rows, 2, 1);
  store_u32(rows, 4, 0xE000);
  store_u32(rows, 8, 0x2000);
  store_u16(rows, 32, 0xEBEB);
  flash.put(0x8000, rows);
  EXPECT_EQ(read_layout(flash).error().code, Status::table_md5_mismatch);
}

TEST_F(LayoutTest, S19_WithoutMd5RowItReadsAndSaysSo) {
  const auto layout = read({kOtadata, kOta0, kOta1}, false);
  ASSERT_TRUE(layout.has_value());
  EXPECT_FALSE(layout->has_md5);
  EXPECT_EQ(layout->slot_count, 2);
}

TEST_F(LayoutTest, AnErasedFlashHasNoTable) {
  EXPECT_EQ(read_layout(flash_).error().code, Status::table_missing);
  EXPECT_EQ(read_layout(flash_).error().values[0], 0x8000u);
}

TEST_F(LayoutTest, ATableBeyondTheChipIsAnErrorOfTheFlash) {
  EXPECT_EQ(read_layout(flash_, kSizeBytes).error().code, Status::flash_out_of_range);
}

TEST_F(LayoutTest, APartitionBeyondTheChipIsRefused) {
  EXPECT_EQ(error_of({kOtadata, {kApp, 0x10, kSizeBytes - 0x1000, 0x2000}}).code, Status::table_beyond_flash);
}

TEST_F(LayoutTest, AGapInTheSlotsIsRefusedAndNamed) {
  EXPECT_EQ(error_of({kOtadata, kOta0, {kApp, 0x12, 0x9'0000, 0x1'0000}}), (Event{Status::layout_slot_gap, {1, 0, 0}}));
  EXPECT_EQ(error_of({kOtadata, kOta1}), (Event{Status::layout_slot_gap, {0, 0, 0}}));
  EXPECT_EQ(error_of({kOtadata, kOta0, {kApp, 0x1F, 0x9'0000, 0x1'0000}}), (Event{Status::layout_slot_gap, {1, 0, 0}}));
}

TEST_F(LayoutTest, DuplicatesThatBootloaderAndAppTakeDifferentlyAreRefused) {
  const auto twice = [this](std::uint8_t type, std::uint8_t subtype) {
    return error_of({kOtadata, kOta0, kOta1, {type, subtype, 0x12'0000, 0x2000}, {type, subtype, 0x13'0000, 0x2000}});
  };
  EXPECT_EQ(twice(kApp, 0x12), (Event{Status::layout_duplicate, {kApp, 0x12, 0}}));
  EXPECT_EQ(twice(kApp, 0x00), (Event{Status::layout_duplicate, {kApp, 0x00, 0}}));
  EXPECT_EQ(twice(kApp, 0x20), (Event{Status::layout_duplicate, {kApp, 0x20, 0}}));
  EXPECT_EQ(twice(kData, 0x00), (Event{Status::layout_duplicate, {kData, 0x00, 0}}));
  for (const std::uint8_t harmless : {std::uint8_t{0x02}, std::uint8_t{0x81}, std::uint8_t{0x82}}) {
    EXPECT_EQ(twice(kData, harmless).code, Status::ok) << int{harmless};
  }
}

TEST_F(LayoutTest, WhatIsWrittenMustBeWholeSectors) {
  EXPECT_EQ(error_of({kOtadata, {kApp, 0x10, 0x1'0800, 0x1'0000}}),
            (Event{Status::layout_misaligned, {0x1'0800, 0x1'0000, 0x1000}}));
  EXPECT_EQ(error_of({kOtadata, kOta0, {kApp, 0x11, 0x9'0000, 0x1'0010}}).code, Status::layout_misaligned);
  EXPECT_EQ(error_of({kOtadata, {kApp, 0x10, 0x1'0000, 0}}), (Event{Status::layout_misaligned, {0x1'0000, 0, 0x1000}}));
  EXPECT_EQ(error_of({{kData, 0, 0xE400, 0x2000}}).code, Status::layout_misaligned);
  EXPECT_EQ(error_of({{kData, 2, 0x9001, 0x333}, kOtadata, kOta0, kOta1}).code, Status::ok);
}

TEST_F(LayoutTest, WhatIsWrittenMayNotOverlapAnything) {
  const auto with = [this](const Row& other) { return error_of({kOtadata, kOta0, kOta1, other}); };
  EXPECT_EQ(with({kData, 2, 0x8'F000, 0x1000}), (Event{Status::layout_overlap, {0x8'F000, 0, 0}}));  // ends ota_0
  EXPECT_EQ(with({kData, 2, 0x2'0000, 0x10}), (Event{Status::layout_overlap, {0x2'0000, 0, 0}}));    // within it
  EXPECT_EQ(with({kData, 2, 0xD000, 0x1001}), (Event{Status::layout_overlap, {0xE000, 0, 0}}));      // into otadata
  EXPECT_EQ(with({kApp, 0, 0xC000, 0x10'0000}), (Event{Status::layout_overlap, {0x1'0000, 0, 0}}));  // around all
  EXPECT_EQ(with({kApp, 0x12, 0xF000, 0x2000}).code, Status::layout_overlap);
  EXPECT_EQ(with({kData, 2, 0xD000, 0x1000}).code, Status::ok);
  EXPECT_EQ(with({kData, 2, 0x11'0000, 0x1000}).code, Status::ok);
  EXPECT_EQ(with({kData, 2, 0x2'0000, 0}).code, Status::ok);
}

TEST_F(LayoutTest, TheRowsBeforeCountToo) {
  EXPECT_EQ(error_of({{kData, 2, 0x9000, 0x5001}, kOtadata, kOta0, kOta1}),
            (Event{Status::layout_overlap, {0xE000, 0, 0}}));
}

TEST_F(LayoutTest, OverlapsOfOthersAreNotOurs) {
  EXPECT_EQ(error_of({kOtadata, kOta0, kOta1, {kData, 2, 0x12'0000, 0x2000}, {kData, 0x81, 0x12'1000, 0x2000}}).code,
            Status::ok);
}

TEST_F(LayoutTest, TheTableItselfIsNeverPartOfASlot) {
  EXPECT_EQ(error_of({kOtadata, {kApp, 0x10, 0x7000, 0x2000}}), (Event{Status::layout_overlap, {0x8000, 0, 0}}));
  EXPECT_EQ(error_of({{kData, 0, 0x8000, 0x2000}}), (Event{Status::layout_overlap, {0x8000, 0, 0}}));
}

TEST_F(LayoutTest, AFlashThatFailsAtAnyReadIsTheError) {
  put_table({kOtadata, kOta0, kOta1});
  for (std::uint32_t i = 0; i < 9; ++i) {
    flash_.fail_read_at(i, Status::flash_timeout);
    EXPECT_EQ(read_layout(flash_).error().code, Status::flash_timeout) << i;
  }
  EXPECT_TRUE(read_layout(flash_).has_value());
}

// ---- what can be updated

TEST_F(LayoutTest, ALayoutThatCannotBeUpdatedIsReadAllTheSame) {
  const auto updatable = [this](const std::vector<Row>& rows) {
    const auto layout = read(rows);
    EXPECT_TRUE(layout.has_value());
    return layout->updatable();
  };
  EXPECT_EQ(updatable({kOta0, kOta1}).code, Status::layout_no_otadata);
  EXPECT_EQ(updatable({{kData, 0, 0xE000, 0x1000}, kOta0, kOta1}),
            (Event{Status::layout_otadata_too_small, {0x1000, 0x2000, 0}}));
  EXPECT_EQ(updatable({kOtadata, {kApp, 0, 0x1'0000, 0x1'0000}}).code, Status::layout_no_slots);
  EXPECT_EQ(updatable({kOtadata, kOta0}).code, Status::layout_one_slot);
  EXPECT_EQ(updatable({}).code, Status::layout_no_otadata);
}

TEST(Layout, ExtentOfNamesSlotsFactoryAndTest) {
  Layout layout{.slot_count = 2, .factory = {0x5000, 0x1000}, .test = {0x6000, 0x1000}};
  layout.slots[1] = {0x7000, 0x1000};
  layout.slots[2] = {0x8000, 0x1000};  // not of this layout
  EXPECT_EQ(layout.extent_of(1).offset, 0x7000u);
  EXPECT_EQ(layout.extent_of(kFactorySlot).offset, 0x5000u);
  EXPECT_EQ(layout.extent_of(kTestSlot).offset, 0x6000u);
  for (const int none : {2, 16, 127, int{kNoSlot}, int{kUnknownSlot}}) {
    EXPECT_FALSE(layout.extent_of(static_cast<SlotIndex>(none)).present()) << none;
  }
}

TEST(Layout, TheNextUpdateSlotIsTheOneAfterTheRunningOneRoundTheEnd) {
  const Layout three{.slot_count = 3};
  EXPECT_EQ(three.next_update_slot(0), 1);
  EXPECT_EQ(three.next_update_slot(1), 2);
  EXPECT_EQ(three.next_update_slot(2), 0);
  EXPECT_EQ(three.next_update_slot(kFactorySlot), 0);
  EXPECT_EQ(three.next_update_slot(kTestSlot), 0);
}

TEST(Layout, TheOnlySlotIsNeverUpdatedWhileItRuns) {
  const Layout one{.slot_count = 1};
  EXPECT_EQ(one.next_update_slot(0), kNoSlot);
  EXPECT_EQ(one.next_update_slot(kFactorySlot), 0);
  EXPECT_EQ(Layout{}.next_update_slot(kFactorySlot), kNoSlot);
  EXPECT_EQ(Layout{}.next_update_slot(0), kNoSlot);
}

}  // namespace
}  // namespace dualbank
