// Whole units on flashes that cannot program one twice; layouts that no table gave.
#include <gtest/gtest.h>

#include "tests/support/native_board.hpp"

namespace dualbank {
namespace {

using namespace tests;

class WholeUnits : public testing::Test {
 protected:
  WholeUnits() : board(native_part("Ecc32Sectors4KiB")), updater(board.once, board.options(0)) {
    board.install(0, firmware("1.0", 9));
    EXPECT_EQ(updater.open(), Status::ok);
  }
  ~WholeUnits() override { board.expect_right(); }

  Bytes part(const ByteVector& image, std::size_t from, std::size_t size) { return Bytes{image}.subspan(from, size); }

  NativeBoard board;
  Updater updater;
};

/// Its length is 16 more than a multiple of 32.
const ByteVector& odd_image() {
  static const ByteVector image = ImageBuilder().chip(kTestChip).version("2.1").length(9 * 1024 + 16).build();
  return image;
}

TEST_F(WholeUnits, OtherPiecesAreRefusedBeforeAnythingIsWritten) {
  const ByteVector& image = firmware("2.0", 9);
  for (const auto& [from, size] : {std::pair{0U, 100U}, {16U, 32U}, {0U, 1000U}, {0U, 2000U}}) {
    EXPECT_EQ(updater.flash(part(image, from, size), from), Status::unaligned_piece) << size;
    EXPECT_EQ(updater.last_event().values, (std::array<std::uint32_t, 3>{size, from, 32}));
    EXPECT_EQ(board.flash.counts().operations(), 0U);
  }
  EXPECT_EQ(updater.flash(part(image, 0, 1024), 0), Status::ok);
  const auto before = board.flash.counts().operations();
  EXPECT_EQ(updater.flash(part(image, 1024, 1000), 1024), Status::unaligned_piece);
  EXPECT_EQ(updater.flash(part(image, 1040, 1024), 1040), Status::unaligned_piece);
  EXPECT_EQ(board.flash.counts().operations(), before);
}

TEST_F(WholeUnits, SmallFirstPiecesAreStillHeldBack) {
  const ByteVector& image = firmware("2.0", 9);
  EXPECT_EQ(send(updater, image, 32), Status::ok);
  board.allowed = {0, 1};
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(WholeUnits, TheImagesEndMayLieWithinAUnit) {
  const ByteVector& image = odd_image();
  for (const std::size_t piece : {std::size_t{1024}, std::size_t{32}, image.size()}) {
    ASSERT_EQ(updater.abandon() == Status::ok || piece == 1024, true);
    ASSERT_EQ(send(updater, image, piece), Status::ok) << piece;
    EXPECT_EQ(updater.flash(part(image, image.size() - 16, 16), static_cast<std::uint32_t>(image.size() - 16)),
              Status::ok)
        << "twice is fine";
    EXPECT_TRUE(updater.next_missing().empty());
    EXPECT_TRUE(board.holds(1, image));
  }
  board.allowed = {0, 1};
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(WholeUnits, TheImagesEndMayComeFilledUp) {
  ByteVector image = odd_image();
  image.resize(image.size() + 16, std::byte{0xFF});
  ASSERT_EQ(send(updater, image, 1024), Status::ok);
  ASSERT_EQ(send(updater, image, 1024), Status::ok);
  image.back() = std::byte{1};
  EXPECT_EQ(updater.flash(Bytes{image}.last(32), static_cast<std::uint32_t>(image.size() - 32)), Status::beyond_length);
}

TEST_F(WholeUnits, ThePieceThatTellsTheLengthMayBeTheLast) {
  // A segment more whose header comes late, so that the length is not known before.
  ByteVector image = ImageBuilder()
                         .chip(kTestChip)
                         .version("2.2")
                         .segment(0x3FC9'0000, random_bytes(3000, 7))
                         .segment(0x3FCA'0000, random_bytes(100, 8))
                         .build();
  if (image.size() % 32 == 0) {
    image = ImageBuilder()
                .chip(kTestChip)
                .version("2.2")
                .segment(0x3FC9'0000, random_bytes(3000, 7))
                .segment(0x3FCA'0000, random_bytes(116, 8))
                .build();
  }
  ASSERT_EQ(image.size() % 32, 16U);
  const std::uint32_t last = static_cast<std::uint32_t>(image.size() - 300) & ~31U;
  ASSERT_EQ(updater.flash(part(image, 0, last), 0), Status::ok);
  ASSERT_FALSE(updater.length_known());
  EXPECT_EQ(updater.flash(part(image, last, image.size() - last - 1), last), Status::unaligned_piece);
  EXPECT_EQ(updater.flash(part(image, last, image.size() - last), last), Status::ok);
  board.allowed = {0, 1};
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(WholeUnits, WhatTrailsTheImageNeedsADeclaredLength) {
  ByteVector image = firmware("2.0", 9);
  const ByteVector trailer = random_bytes(1024, 9);
  image.insert(image.end(), trailer.begin(), trailer.end());
  EXPECT_EQ(send(updater, image, 1024), Status::beyond_length);
  ASSERT_EQ(updater.begin({.length_bytes = static_cast<std::uint32_t>(image.size())}), Status::ok);
  ASSERT_EQ(send(updater, image, 1024), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
  board.allowed = {0, 1};
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(WholeUnits, InAnyOrder) {
  const ByteVector& image = odd_image();
  ASSERT_EQ(updater.begin({.header = part(image, 0, 288)}), Status::ok);
  std::array<std::uint32_t, 10> order{9, 3, 1, 7, 5, 0, 8, 2, 6, 4};
  for (const std::uint32_t i : order) {
    const std::size_t size = std::min<std::size_t>(1024, image.size() - i * 1024);
    if (i == 9) continue;  // its end is known later
    ASSERT_EQ(updater.flash(part(image, i * 1024, size), i * 1024), Status::ok) << i;
  }
  ASSERT_EQ(updater.flash(part(image, 9 * 1024, 16), 9 * 1024), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

TEST(NativeLayout, IsHeldAgainstTheFlash) {
  const auto opened = [](const auto& change) {
    NativeBoard board(native_part("Sectors8KiB"));
    board.install(0, firmware("1.0", 9));
    change(board.layout);
    Updater updater{board.once, board.options(0)};
    static_cast<void>(updater.open());
    EXPECT_EQ(board.flash.counts().operations(), 0U);
    return updater.last_event().code;
  };
  EXPECT_EQ(opened([](Layout&) {}), Status::opened);
  EXPECT_EQ(opened([](Layout& l) { l.otadata.size_bytes = 0x2000; }), Status::layout_otadata_too_small);
  EXPECT_EQ(opened([](Layout& l) { l.otadata = {}; }), Status::layout_no_otadata);
  EXPECT_EQ(opened([](Layout& l) { l.slot_count = 0; }), Status::layout_no_slots);
  EXPECT_EQ(opened([](Layout& l) { l.slot_count = 1; }), Status::layout_one_slot);
  EXPECT_EQ(opened([](Layout& l) { l.slot_count = 17; }), Status::slot_unknown);
  EXPECT_EQ(opened([](Layout& l) { l.slots[1].offset += 0x1000; }), Status::layout_misaligned);
  EXPECT_EQ(opened([](Layout& l) { l.slots[1].size_bytes -= 0x1000; }), Status::layout_misaligned);
  EXPECT_EQ(opened([](Layout& l) { l.slots[0].size_bytes = 0; }), Status::layout_misaligned);
  EXPECT_EQ(opened([](Layout& l) { l.otadata.offset += 0x1000; }), Status::layout_misaligned);
  EXPECT_EQ(opened([](Layout& l) { l.slots[1].size_bytes = 0x20000; }), Status::flash_out_of_range);
  EXPECT_EQ(opened([](Layout& l) { l.slots[1].offset = 0xFFFF'0000; }), Status::flash_out_of_range);
  EXPECT_EQ(opened([](Layout& l) { l.slots[1] = l.slots[0]; }), Status::layout_overlap);
  EXPECT_EQ(opened([](Layout& l) { l.otadata.size_bytes = 0x1'2000; }), Status::layout_overlap);
  EXPECT_EQ(opened([](Layout& l) { l.factory = {l.slots[1].offset + 0x2000, 0x2000}; }), Status::layout_overlap);
}

TEST(NativeLayout, ATableWillDoToo) {
  sim::NorFlash flash{{.size_bytes = 0x3'0000, .write_unit_bytes = 8, .can_reprogram = false}};
  flash.put(0x8000, table_of({}));
  flash.put(0x10000, firmware("1.0", 9));
  Updater updater{flash, {.policy = Policy::dualbank, .native = &kNativeRecords}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, 0);
  ASSERT_EQ(send(updater, firmware("2.0", 9), 1024), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.records()[1].seq == 2 || updater.records()[0].seq == 2, true);
  EXPECT_TRUE(flash.violations().empty());
}

}  // namespace
}  // namespace dualbank
