#include "dualbank/engine/version_counter.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/tears.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kAt = 0x2000;

class VersionRecordTest : public testing::TestWithParam<Geometry> {
 protected:
  VersionRecordTest() : flash_(GetParam()) {}
  std::uint32_t lowest() {
    const auto found = record_.lowest(flash_);
    EXPECT_TRUE(found);
    return *found;
  }
  std::uint32_t unit() { return std::max<std::uint32_t>(16, flash_.geometry().write_unit_bytes); }

  sim::NorFlash flash_;
  VersionRecord record_{{kAt, 2 * GetParam().sector_bytes()}};
};

TEST_P(VersionRecordTest, NeverLowersAndStartsAtZero) {
  EXPECT_EQ(lowest(), 0U);
  ASSERT_EQ(record_.raise(flash_, 0), Event{});
  EXPECT_EQ(flash_.counts().operations(), 0U);
  for (const auto& [raised, expected] : std::vector<std::pair<std::uint32_t, std::uint32_t>>{
           {1, 1}, {7, 7}, {3, 7}, {7, 7}, {0, 7}, {0xFFFF'FFFF, 0xFFFF'FFFF}, {8, 0xFFFF'FFFF}}) {
    ASSERT_EQ(record_.raise(flash_, raised), Event{});
    EXPECT_EQ(lowest(), expected);
  }
  EXPECT_TRUE(flash_.violations().empty());
}

TEST_P(VersionRecordTest, WhatItHoldsAlreadyCostsNothing) {
  ASSERT_EQ(record_.raise(flash_, 9), Event{});
  const auto before = flash_.counts().operations();
  ASSERT_EQ(record_.raise(flash_, 9), Event{});
  ASSERT_EQ(record_.raise(flash_, 8), Event{});
  EXPECT_EQ(flash_.counts().operations(), before);
}

TEST_P(VersionRecordTest, GoesFromSectorToSector) {
  const std::uint32_t raises = 3 * flash_.geometry().sector_bytes() / unit() / 2 + 3;
  for (std::uint32_t version = 1; version <= raises; ++version) {
    ASSERT_EQ(record_.raise(flash_, version), Event{});
    ASSERT_EQ(lowest(), version);
  }
  EXPECT_EQ(flash_.counts().erases, 3U);
  EXPECT_TRUE(flash_.violations().empty());
}

// Before, inside and after every operation of a raise, with the sector full or not: what is read is the number before
// or the one that was raised, at every boot, and once it was raised again it stays.
TEST_P(VersionRecordTest, NoCutMakesANumberThatNobodyWrote) {
  const std::uint32_t raises = flash_.geometry().sector_bytes() / unit() / 2;
  for (const std::uint32_t before : {0U, 1U, raises - 1, raises, 2 * raises}) {
    sim::NorFlash flash{GetParam()};
    const auto read = [&] { return *record_.lowest(flash); };
    for (std::uint32_t version = 1; version <= before; ++version) ASSERT_EQ(record_.raise(flash, version), Event{});
    const auto start = flash.snapshot();
    const std::size_t earlier = flash.log().size();
    const std::uint32_t after = before + 1000;
    ASSERT_EQ(record_.raise(flash, after), Event{});
    const std::vector<sim::Op> ops(flash.log().begin() + static_cast<std::ptrdiff_t>(earlier), flash.log().end());
    for (std::uint32_t at = 0; at < ops.size(); ++at) {
      for (const sim::Tear& tear : sim::tears_of(ops[at], GetParam(), sim::Thoroughness::some)) {
        flash.restore(start);
        flash.cut_at(at, tear);
        ASSERT_EQ(record_.raise(flash, after).code, Status::power_lost);
        for (int boot = 0; boot < 3; ++boot) {
          flash.reboot();
          ASSERT_TRUE(read() == before || read() == after) << read() << " " << at << sim::tear_code(tear);
        }
        ASSERT_EQ(record_.raise(flash, after), Event{}) << at << sim::tear_code(tear);
        for (int boot = 0; boot < 3; ++boot) {
          flash.reboot();
          ASSERT_EQ(read(), after) << at << sim::tear_code(tear);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Flashes, VersionRecordTest,
                         testing::Values(Geometry{.size_bytes = 0x8000},
                                         Geometry{.size_bytes = 0x8000, .erase_units = 0x400, .write_unit_bytes = 4},
                                         Geometry{.size_bytes = 0x8000, .write_unit_bytes = 32, .can_reprogram = false},
                                         Geometry{
                                             .size_bytes = 0x8000, .write_unit_bytes = 8, .erased = std::byte{0}}));

TEST(VersionRecord, AsItStandsInTheFlash) {
  sim::NorFlash flash{{.size_bytes = 0x8000}};
  VersionRecord record{{kAt, 0x2000}};
  ASSERT_EQ(record.raise(flash, 0x1234), Event{});
  ByteVector cell = bytes_of("DBV1");
  for (const int b : {0x34, 0x12, 0, 0, 0xCB, 0xED, 0xFF, 0xFF}) cell.push_back(static_cast<std::byte>(b));
  cell.resize(16);
  store_u32(cell, 12, crc32(Bytes{cell}.first(12)));
  for (const std::uint32_t copy : {0U, 16U}) {
    const Bytes there = flash.contents().subspan(kAt + copy, 16);
    EXPECT_TRUE(std::equal(there.begin(), there.end(), cell.begin()));
  }
  EXPECT_TRUE(all_equal(flash.contents().subspan(kAt + 32, 0x2000 - 32), std::byte{0xFF}));
}

TEST(VersionRecord, BothFieldsOfACellMustTellTheSame) {
  for (const bool same : {true, false}) {
    sim::NorFlash flash{{.size_bytes = 0x8000}};
    VersionRecord record{{kAt, 0x2000}};
    ByteVector cell = bytes_of("DBV1");
    cell.resize(16);
    store_u32(cell, 4, 6);
    store_u32(cell, 8, same ? ~6U : ~7U);
    store_u32(cell, 12, crc32(Bytes{cell}.first(12)));
    flash.put(kAt, cell);
    EXPECT_EQ(*record.lowest(flash), same ? 6U : 0U);
  }
}

TEST(VersionRecord, OtherPlacesAreRefused) {
  sim::NorFlash flash{{.size_bytes = 0x8000}};
  for (const Extent& place : {Extent{0x2000, 0x1000}, Extent{0x2000, 0x3000}, Extent{0x2800, 0x2000}, Extent{}}) {
    VersionRecord record{place};
    EXPECT_EQ(record.raise(flash, 1).code, Status::layout_misaligned);
    EXPECT_EQ(record.lowest(flash).error().code, Status::layout_misaligned);
  }
}

TEST(VersionRecord, ErrorsOfTheFlashAreItsOwn) {
  sim::NorFlash flash{{.size_bytes = 0x8000}};
  VersionRecord record{{kAt, 0x2000}};
  flash.fail_read_at(3, Status::flash_read_failed);
  EXPECT_EQ(record.lowest(flash).error().code, Status::flash_read_failed);
  flash.fail_at(1, Status::flash_program_failed);
  EXPECT_EQ(record.raise(flash, 1).code, Status::flash_program_failed);
}

}  // namespace
}  // namespace dualbank::tests
