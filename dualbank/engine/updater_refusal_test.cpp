// What an update refuses, with its own reason, and that a refused call changes nothing.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

class RefusalTest : public testing::Test {
 protected:
  Options options{};
};

TEST_F(RefusalTest, OtherBytesOverWrittenOnesAreRefusedAndChangeNothing) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 12);
  ByteVector wrong = image;
  wrong[5000] ^= std::byte{1};
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image), Status::ok);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(updater.flash(Bytes{wrong}.subspan(4096, 4096), 4096), Status::different_bytes);
  EXPECT_EQ(updater.last_event().values[0], 5000U);
  EXPECT_EQ(board.operations(), before);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(4096, 4096), 4096), Status::ok);
  EXPECT_EQ(board.operations(), before);
}

TEST_F(RefusalTest, OtherBytesOverAPartOfASectorAreRefusedToo) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 12);
  ByteVector wrong = image;
  wrong[700] ^= std::byte{1};
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(1000), 0), Status::ok);
  EXPECT_EQ(updater.flash(Bytes{wrong}.subspan(600, 1000), 600), Status::different_bytes);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(600, 1000), 600), Status::ok);
}

TEST_F(RefusalTest, BytesBeforeTheHeaderAreRefusedWithoutBegin) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(4096, 100), 4096), Status::header_first);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(100, 500), 100), Status::header_first);
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(RefusalTest, BeginWithoutHeaderTakesAnyOrderAndChecksTheHeaderWhenItComes) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  const ByteVector foreign = ImageBuilder().chip(5).length(9 * 1024).build();
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.identity = Bytes{image}.last(32)}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(4096), 4096), Status::ok);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(updater.flash(Bytes{foreign}.first(4096), 0), Status::image_wrong_chip);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(50, 50), 50), Status::header_first);
  EXPECT_EQ(board.operations(), before);
  ASSERT_EQ(updater.flash(Bytes{image}.first(100), 0), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(100, 3996), 100), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

struct Refusal {
  const char* name;
  ByteVector image;
  Status status;
};

class RefusedBeforeAnyOperation : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedBeforeAnyOperation, WithItsOwnReason) {
  RunningBoard board;
  board.install(1, firmware("0.9"));
  const ByteVector before{board.flash.contents().begin(), board.flash.contents().end()};
  Updater updater{board.flash, {}};
  ASSERT_EQ(updater.open(), Status::ok);
  const Bytes start = Bytes{GetParam().image};
  EXPECT_EQ(updater.flash(start.first(std::min<std::size_t>(start.size(), 5000)), 0), GetParam().status);
  EXPECT_EQ(updater.begin({.header = start.first(std::min<std::size_t>(start.size(), 400))}), GetParam().status);
  EXPECT_EQ(board.operations(), 0U);
  EXPECT_EQ(ByteVector(board.flash.contents().begin(), board.flash.contents().end()), before);
  EXPECT_FALSE(updater.status().update_active);
}

INSTANTIATE_TEST_SUITE_P(
    Images, RefusedBeforeAnyOperation,
    testing::Values(
        Refusal{"Random", random_bytes(4096, 1), Status::image_no_magic},
        Refusal{"OtherChip", ImageBuilder().chip(5).build(), Status::image_wrong_chip},
        Refusal{"NoHash", ImageBuilder().chip(9).no_hash().build(), Status::image_no_hash},
        Refusal{"NoSegments", ImageBuilder().chip(9).no_segments().trailing(ByteVector(400)).build(),
                Status::image_no_segments},
        Refusal{"SeventeenSegments", ImageBuilder().chip(9).segment_count(17).build(), Status::image_too_many_segments},
        Refusal{"Bootloader", ImageBuilder().chip(9).bootloader().build(), Status::image_is_bootloader},
        Refusal{"NoDescriptor", ImageBuilder().chip(9).no_descriptor().payload(random_bytes(400, 2)).build(),
                Status::image_no_descriptor},
        Refusal{"SegmentBeyondTheSlot", ImageBuilder().chip(9).length(65 * 1024).build(), Status::image_too_long}),
    [](const auto& refusal) { return refusal.param.name; });

TEST_F(RefusalTest, AnImageOneByteTooLongIsRefusedBeforeAnyOperationWhenItsLengthIsSaid) {
  RunningBoard board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.begin({.length_bytes = 0x10001}), Status::image_too_long);
  EXPECT_EQ(updater.last_event(), (Event{Status::image_too_long, {0x10001, 0x10000, 0}}));
  const ByteVector image(0x10001);
  EXPECT_EQ(updater.flash(image, 0), Status::beyond_slot);
  EXPECT_EQ(updater.flash(Bytes{image}.first(2), 0xFFFF), Status::beyond_slot);
  EXPECT_EQ(updater.flash(Bytes{image}.first(2), 0xFFFFFFFF), Status::beyond_slot);
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(RefusalTest, ALaterSegmentThatDoesNotFitIsToldWhenItsHeaderComes) {
  RunningBoard board;
  ByteVector image = ImageBuilder().chip(kTestChip).segment(0x3FC8'8000, random_bytes(9000, 3)).build();
  image[24 + 8 + 512 + 6] = std::byte{1};  // second segment: 64 KiB more
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(send(updater, image, 1000), Status::image_too_long);
}

TEST_F(RefusalTest, BytesBeyondTheDeclaredLengthAreRefused) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.length_bytes = 5000, .header = Bytes{image}.first(288)}), Status::ok);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(4096, 905), 4096), Status::beyond_length);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(0, 5000), 0), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::image_checksum_mismatch);
}

TEST_F(RefusalTest, TooManyGapsAreRefusedAndTheRestGoesOn) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 60);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.header = Bytes{image}.first(288)}), Status::ok);
  Status s = Status::ok;
  std::uint32_t at = 0;
  for (; s == Status::ok; at += 4096) s = updater.flash(Bytes{image}.subspan(at, 100), at);
  EXPECT_EQ(s, Status::too_many_gaps);
  EXPECT_EQ(at / 4096 - 1, Received::kOwnRanges);
  EXPECT_EQ(send_missing(updater, image), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(RefusalTest, AGeometryThatCannotHoldBootRecordsIsRefusedByName) {
  for (const Geometry& g :
       {Geometry{.size_bytes = 0x20000, .write_unit_bytes = 8}, Geometry{.size_bytes = 0x20000, .erase_units = 0x10000},
        Geometry{.size_bytes = 0x20000, .erased = std::byte{0}},
        Geometry{.size_bytes = 0x20000, .can_reprogram = false}}) {
    sim::NorFlash flash{g};
    Updater updater{flash, options};
    EXPECT_EQ(updater.open(), Status::flash_geometry);
    EXPECT_EQ(updater.flash(Bytes{}, 0), Status::not_open);
  }
}

TEST_F(RefusalTest, EveryVerbNeedsOpen) {
  RunningBoard board;
  Updater updater{board.flash, options};
  EXPECT_EQ(updater.begin({}), Status::not_open);
  EXPECT_EQ(updater.flash(Bytes{}), Status::not_open);
  EXPECT_EQ(updater.switch_slot(), Status::not_open);
  EXPECT_EQ(updater.confirm(), Status::not_open);
  EXPECT_EQ(updater.rollback(), Status::not_open);
  EXPECT_EQ(updater.abandon(), Status::not_open);
  EXPECT_EQ(updater.pause(), Status::not_open);
}

TEST_F(RefusalTest, ReadOnlyNeverWrites) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  {
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, image), Status::ok);
  }
  const std::uint64_t before = board.operations();
  options.read_only = true;
  Updater looker{board.flash, options};
  ASSERT_EQ(looker.open(), Status::ok);
  EXPECT_TRUE(looker.status().update_active);
  EXPECT_TRUE(looker.next_missing().empty());
  EXPECT_EQ(looker.begin({}), Status::read_only);
  EXPECT_EQ(looker.flash(image, 0), Status::read_only);
  EXPECT_EQ(looker.switch_slot(), Status::read_only);
  EXPECT_EQ(looker.switch_slot(1), Status::read_only);
  EXPECT_EQ(looker.confirm(), Status::read_only);
  EXPECT_EQ(looker.rollback(), Status::read_only);
  EXPECT_EQ(looker.rollback(1), Status::read_only);
  EXPECT_EQ(looker.abandon(), Status::read_only);
  EXPECT_EQ(looker.pause(), Status::read_only);
  EXPECT_EQ(board.operations(), before);
}

TEST_F(RefusalTest, FlashErrorsArePassedOnWithTheirPlace) {
  RunningBoard board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  board.flash.fail_at(0, Status::flash_timeout);
  EXPECT_EQ(updater.flash(firmware("2.0"), 0), Status::flash_timeout);
  EXPECT_GE(updater.last_event().values[1], kOtadata);
  board.flash.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(updater.open(), Status::flash_read_failed);
}

TEST_F(RefusalTest, AnImageThatCannotFitIsToldWithEveryCall) {
  RunningBoard board{{.slot_bytes = 0x301000}};  // no multiple of its granule of 8 KiB
  ByteVector image =
      ImageBuilder().chip(kTestChip).load_address(0x3FC8'0000).segment(0x3FC8'8000, random_bytes(20000, 3)).build();
  store_u32(image, 24 + 8 + 512 + 4, 0xFFFFFFF0);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  for (std::uint32_t at = 0; at < 16384; at += 8192) {
    EXPECT_EQ(updater.flash(Bytes{image}.subspan(at, 8192), at), Status::image_too_long);
  }
}

TEST_F(RefusalTest, SmallPiecesOfABadImageDoNotStandInTheWayOfAGoodOne) {
  RunningBoard board;
  const ByteVector foreign = ImageBuilder().chip(5).build();
  const ByteVector image = firmware("2.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{foreign}.first(200)), Status::ok);
  EXPECT_EQ(updater.flash(Bytes{foreign}.subspan(200, 200)), Status::image_wrong_chip);
  for (std::size_t at = 0; at < image.size(); at += 100) {
    ASSERT_EQ(updater.flash(Bytes{image}.subspan(at, std::min<std::size_t>(100, image.size() - at))), Status::ok);
  }
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_F(RefusalTest, AStartThatIsStillHeldBackIsNotSwitchedTo) {
  RunningBoard board;
  board.install(1, firmware("stale"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{firmware("2.0")}.first(100), 0), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::update_incomplete);
  EXPECT_EQ(updater.last_event(), (Event{Status::update_incomplete, {100, 188, 0}}));
}

}  // namespace
}  // namespace dualbank
