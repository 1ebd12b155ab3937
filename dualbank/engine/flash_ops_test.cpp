#include "dualbank/engine/flash_ops.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::ByteVector;
using tests::random_bytes;

ByteVector contents(const sim::NorFlash& flash, std::size_t offset, std::size_t count) {
  const Bytes raw = flash.contents().subspan(offset, count);
  return {raw.begin(), raw.end()};
}

TEST(FlashOps, ProgramsAreSplitAtPages) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  const ByteVector data = random_bytes(1000, 1);
  EXPECT_EQ(program_flash(flash, 200, data), kDone);
  EXPECT_EQ(contents(flash, 200, 1000), data);
  EXPECT_EQ(flash.counts().programs, 5U);
  EXPECT_TRUE(flash.violations().empty());
}

TEST(FlashOps, PagesOfErasedBytesAreLeftOut) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  ByteVector data(768, std::byte{0xFF});
  data[600] = std::byte{0};
  EXPECT_EQ(program_flash(flash, 0, data), kDone);
  EXPECT_EQ(flash.counts().programs, 1U);
}

TEST(FlashOps, WhatDoesNotReadBackIsToldWithItsPlace) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  flash.put(300, ByteVector(1, std::byte{0}));
  const ByteVector erased(256, std::byte{0xFF});
  EXPECT_EQ(program_flash(flash, 256, erased), (Event{Status::flash_verify_failed, {300, 0, 0}}))
      << "left out, but looked at";
}

TEST(FlashOps, AnyAddressAndLengthIsBroughtToWriteUnits) {
  sim::NorFlash flash{{.size_bytes = 0x4000, .write_unit_bytes = 4}};
  const ByteVector data = random_bytes(333, 9);
  ASSERT_EQ(program_bytes(flash, 0, Bytes{data}.first(101)), kDone);
  ASSERT_EQ(program_bytes(flash, 101, Bytes{data}.subspan(101, 1)), kDone);
  ASSERT_EQ(program_bytes(flash, 102, Bytes{data}.subspan(102)), kDone);
  EXPECT_EQ(contents(flash, 0, 333), data);
  EXPECT_TRUE(flash.violations().empty());
}

TEST(FlashOps, EraseReadsBack) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  flash.put(0x1000, random_bytes(0x1000, 1));
  EXPECT_EQ(erase_sector(flash, 0x1000), kDone);
  EXPECT_TRUE(all_equal(flash.contents(), std::byte{0xFF}));
  flash.fail_at(0, Status::flash_erase_failed);
  EXPECT_EQ(erase_sector(flash, 0x2000), (Event{Status::flash_erase_failed, {0x1000, 0x2000, 0}}));
}

/// A chip that is protected, say: it answers ok and erases nothing.
class DeafFlash final : public Flash {
 public:
  explicit DeafFlash(sim::NorFlash& flash) : Flash(flash.geometry()), flash_(flash) {}
  Status read(std::uint32_t address, MutableBytes out) override { return flash_.read(address, out); }
  Status program(std::uint32_t address, Bytes bytes) override { return flash_.program(address, bytes); }
  Status erase(std::uint32_t, std::uint32_t) override { return Status::ok; }
  Status sync() override { return Status::ok; }

 private:
  sim::NorFlash& flash_;
};

TEST(FlashOps, AnEraseThatDidNotTakeIsToldWithItsPlace) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  DeafFlash deaf{flash};
  EXPECT_EQ(erase_sector(deaf, 0x1000), kDone) << "it is as it should be";
  flash.put(0x1FFF, ByteVector(1, std::byte{0x7F}));
  EXPECT_EQ(erase_sector(deaf, 0x1000), (Event{Status::flash_verify_failed, {0x1F80, 0, 0}}));
  EXPECT_EQ(erase_sector(deaf, 0x2000), kDone);
}

TEST(FlashOps, CrcAndCompareReadInPieces) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  ByteVector data = random_bytes(1000, 4);
  flash.put(50, data);
  std::uint32_t crc = 0;
  EXPECT_EQ(crc_of_flash(flash, 50, 1000, crc), kDone);
  EXPECT_EQ(crc, crc32(data));
  std::uint32_t same = 0;
  EXPECT_EQ(compare_flash(flash, 50, data, same), kDone);
  EXPECT_EQ(same, 1000U);
  data[777] ^= std::byte{4};
  EXPECT_EQ(compare_flash(flash, 50, data, same), kDone);
  EXPECT_EQ(same, 777U);
}

TEST(FlashOps, ErrorsCarrySizeAndAddress) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  ByteVector data(10);
  std::uint32_t number = 0;
  flash.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(read_flash(flash, 7, data), (Event{Status::flash_read_failed, {10, 7, 0}}));
  flash.fail_read_at(0, Status::flash_timeout);
  EXPECT_EQ(crc_of_flash(flash, 7, 10, number).code, Status::flash_timeout);
  flash.fail_read_at(0, Status::flash_timeout);
  EXPECT_EQ(compare_flash(flash, 7, data, number).code, Status::flash_timeout);
  flash.fail_at(0, Status::flash_program_failed);
  EXPECT_EQ(program_flash(flash, 7, data), (Event{Status::flash_program_failed, {10, 7, 0}}));
  flash.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(erase_sector(flash, 0).code, Status::flash_read_failed);
}

}  // namespace
}  // namespace dualbank
