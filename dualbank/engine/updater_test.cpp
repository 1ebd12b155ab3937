// The plain life of an update: open, flash, switch, reset, confirm, and what is refused.
#include "dualbank/engine/updater.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

class UpdaterTest : public testing::Test {
 protected:
  Options options{};
};

TEST_F(UpdaterTest, OpenWritesNothingOnAnIntactFlashAndSaysWhatIs) {
  RunningBoard board;
  Updater updater{board.flash, options};
  EXPECT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(board.operations(), 0U);
  EXPECT_EQ(updater.status().running_slot, 0);
  EXPECT_EQ(updater.status().boot_slot, 0);
  EXPECT_EQ(updater.status().next_update_slot, 1);
  EXPECT_FALSE(updater.status().on_trial);
  EXPECT_FALSE(updater.status().update_active);
  EXPECT_EQ(updater.chip_id(), kTestChip);
  EXPECT_EQ(updater.last_event(), (Event{Status::opened, {0, 0, 1}}));
}

TEST_F(UpdaterTest, AnUpdateInOrderIsSwitchedToAndBoots) {
  RunningBoard board;
  const ByteVector image = firmware("2.0");
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image), Status::ok);
  EXPECT_TRUE(updater.next_missing().empty());
  EXPECT_TRUE(updater.length_known());
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::switched, {1, 2, 0}}));
  EXPECT_TRUE(board.holds(1, image));
  EXPECT_EQ(board.reset(), 1);
  EXPECT_GT(board.checks, 10U);
}

TEST_F(UpdaterTest, TheRecordsAreThoseOfTheVendor) {  // scenario 5
  RunningBoard board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  board.may_boot({});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.raw_record(0), record_bytes(1, 2));
  EXPECT_EQ(board.raw_record(1), record_bytes(2, 0xFFFFFFFF));
}

TEST_F(UpdaterTest, UnderABootloaderWithRollbackTheRecordIsNew) {  // scenario 5, rollback build
  RunningBoard board;
  options.policy = Policy::stock_rollback;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  board.may_boot({0, 1}, Policy::stock_rollback);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, 0));
}

TEST_F(UpdaterTest, APlainUpdateTouchesOtadataOnlyAFewTimes) {
  RunningBoard board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0", 16)), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  const auto ops = board.operations_in(kOtadata, 0x2000);
  const auto erases =
      std::count_if(ops.begin(), ops.end(), [](const sim::Op& op) { return op.kind == sim::OpKind::erase; });
  EXPECT_EQ(erases, 1);
  EXPECT_LE(ops.size(), 1U + 12U + 2U * 4U);  // the erase, fixed small programs, two for each of the 4 sectors
  EXPECT_EQ(board.operations_in(0x10000, 0x10000).size(), 0U) << "the running slot is never written";
}

TEST_F(UpdaterTest, AnImageOfTheWholeSlotFits) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 64);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(UpdaterTest, PiecesOfAnySizeMakeTheSameSlot) {
  const ByteVector image = firmware("2.0", 9);
  for (const std::size_t piece : {1UL, 3UL, 287UL, 288UL, 289UL, 1024UL, 4095UL, 4096UL, 4097UL, 20000UL}) {
    RunningBoard board;
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, image, piece), Status::ok) << piece;
    board.may_boot({0, 1});
    EXPECT_EQ(updater.switch_slot(), Status::ok) << piece;
    EXPECT_TRUE(board.holds(1, image));
  }
}

TEST_F(UpdaterTest, PiecesInAnyOrderAndTwiceMakeTheSameSlot) {
  const ByteVector image = firmware("2.0", 33);
  std::mt19937 random{7};
  for (int round = 0; round < 20; ++round) {
    RunningBoard board;
    std::vector<Range> gaps(64);
    options.gaps = gaps;
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.identity = Bytes{image}.first(64), .header = Bytes{image}.first(288)}), Status::ok);
    std::vector<std::uint32_t> order((image.size() + 511) / 512);
    std::iota(order.begin(), order.end(), 0);
    order.insert(order.end(), order.begin(), order.begin() + 30);
    std::shuffle(order.begin(), order.end(), random);
    for (const std::uint32_t piece : order) {
      const Bytes bytes = Bytes{image}.subspan(piece * 512, std::min<std::size_t>(512, image.size() - piece * 512));
      ASSERT_EQ(updater.flash(bytes, piece * 512), Status::ok);
    }
    EXPECT_TRUE(updater.next_missing().empty());
    board.may_boot({0, 1});
    EXPECT_EQ(updater.switch_slot(), Status::ok);
    EXPECT_TRUE(board.holds(1, image));
  }
}

TEST_F(UpdaterTest, MissingNamesWhatIsStillToCome) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 12);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.next_missing(), (Range{0, 0x10000})) << "no update: all of the slot";
  ASSERT_EQ(updater.begin({.length_bytes = 12 * 1024, .header = Bytes{image}.first(288)}), Status::ok);
  EXPECT_EQ(updater.next_missing(), (Range{0, 12 * 1024}));
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(4096, 4096), 4096), Status::ok);
  EXPECT_EQ(updater.next_missing(), (Range{0, 4096}));
  EXPECT_EQ(updater.next_missing(4096), (Range{8192, 12 * 1024}));
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(9000, 100), 9000), Status::ok);
  EXPECT_EQ(updater.next_missing(4096), (Range{8192, 9000}));
  EXPECT_EQ(updater.next_missing(9000), (Range{9100, 12 * 1024}));
  EXPECT_EQ(updater.next_missing(12 * 1024), (Range{12 * 1024, 12 * 1024}));
}

TEST_F(UpdaterTest, TheLengthIsLearnedFromTheSegmentHeaders) {
  RunningBoard board;
  const ByteVector image = ImageBuilder().chip(kTestChip).segment(0x3FC8'8000, random_bytes(9000, 3)).build();
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(500), 0), Status::ok);
  EXPECT_FALSE(updater.length_known());
  EXPECT_EQ(updater.next_missing().to, 0x10000U);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(500, 500), 500), Status::ok);
  EXPECT_TRUE(updater.length_known());
  EXPECT_EQ(updater.next_missing(), (Range{1000, static_cast<std::uint32_t>(image.size())}));
}

TEST_F(UpdaterTest, BytesBehindTheImageAreKeptToo) {
  RunningBoard board;
  const ByteVector image =
      ImageBuilder().chip(kTestChip).version("2.0").length(9 * 1024).trailing(random_bytes(5000, 9)).build();
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image, 700), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_F(UpdaterTest, OmittedOffsetsContinueAndAnImageStartsAnew) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(5000)), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(5000)), Status::ok);
  ASSERT_EQ(updater.flash(image), Status::ok) << "the same image again is no error";
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_F(UpdaterTest, AnotherImageAtOffsetZeroIsAnotherUpdate) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  const ByteVector other = firmware("3.0", 13);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image), Status::ok);
  ASSERT_EQ(send(updater, other), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, other));
}

TEST_F(UpdaterTest, SectorsThatHoldTheRightBytesAreNotTouched) {
  for (const bool with_workspace : {false, true}) {
    RunningBoard board;
    ByteVector old = firmware("2.0", 16);
    board.install(1, old);
    ByteVector image = old;  // one sector differs
    image[9000] ^= std::byte{0xFF};
    std::vector<std::byte> workspace(4096);
    if (with_workspace) options.workspace = workspace;
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, image, with_workspace ? 700 : 4096), Status::ok);
    EXPECT_EQ(updater.next_missing().empty(), true);
    const auto ops = board.operations_in(0x20000, 0x10000);
    const auto erases =
        std::count_if(ops.begin(), ops.end(), [](const sim::Op& op) { return op.kind == sim::OpKind::erase; });
    EXPECT_EQ(erases, 1);
    for (const sim::Op& op : ops) EXPECT_EQ(op.address & ~0xFFFU, 0x22000U);
    EXPECT_TRUE(board.holds(1, image));
  }
}

TEST_F(UpdaterTest, BlankPagesAreNotProgrammed) {
  RunningBoard board;
  const ByteVector image = ImageBuilder().chip(kTestChip).payload(ByteVector(16000, std::byte{0xFF})).build();
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image, 4096), Status::ok);
  const auto ops = board.operations_in(0x20000, 0x10000);
  const auto programs =
      std::count_if(ops.begin(), ops.end(), [](const sim::Op& op) { return op.kind == sim::OpKind::program; });
  EXPECT_LE(programs, 4);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_F(UpdaterTest, NoCallErasesMoreThanAUnitBetweenTwoCallsOfTheHook) {
  RunningBoard board;
  struct Seen {
    sim::NorFlash* flash;
    std::uint64_t erases = 0;
    std::uint64_t most = 0;
    std::uint32_t calls = 0;
  } seen{&board.flash};
  options.between_units_context = &seen;
  options.between_units = [](void* context, std::uint32_t done, std::uint32_t total) {
    auto& s = *static_cast<Seen*>(context);
    EXPECT_LE(done, total);
    s.most = std::max(s.most, s.flash->counts().erases - s.erases);
    s.erases = s.flash->counts().erases;
    ++s.calls;
    return true;
  };
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(firmware("2.0", 48), 0), Status::ok);
  EXPECT_GE(seen.calls, 12U);
  EXPECT_LE(seen.most, 2U) << "a sector of the slot, and once the otadata sector";
}

TEST_F(UpdaterTest, AHookThatSaysStopStopsAndTheSameCallGoesOn) {
  RunningBoard board;
  int left = 3;
  options.between_units_context = &left;
  options.between_units = [](void* context, std::uint32_t, std::uint32_t) { return --*static_cast<int*>(context) > 0; };
  const ByteVector image = firmware("2.0", 40);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  int calls = 0;
  Status s = Status::stopped;
  while (s == Status::stopped && ++calls < 100) {
    left = 3;
    s = updater.flash(image, 0);
  }
  EXPECT_EQ(s, Status::ok);
  EXPECT_GT(calls, 3);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_F(UpdaterTest, SmallFirstPiecesAreHeldBackUntilTheImageIsKnown) {
  RunningBoard board;
  const ByteVector image = firmware("2.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  for (std::uint32_t at = 0; at < 287; at += 41) ASSERT_EQ(updater.flash(Bytes{image}.subspan(at, 41), at), Status::ok);
  EXPECT_EQ(board.operations(), 0U);
  EXPECT_EQ(updater.next_missing().from, 287U);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(287, 100), 287), Status::ok);
  EXPECT_GT(board.operations(), 0U);
  EXPECT_EQ(updater.next_missing().from, 387U);
}

TEST_F(UpdaterTest, WriteUnitsOfFourBytesAreKept) {
  RunningBoard board{{.write_unit_bytes = 4}};
  const ByteVector image = firmware("2.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image, 333), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_F(UpdaterTest, AHookThatAlwaysSaysStopStillGetsThere) {
  RunningBoard board;
  options.between_units = [](void*, std::uint32_t, std::uint32_t) { return false; };
  const ByteVector image = firmware("2.0", 40);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  Status s = Status::stopped;
  int calls = 0;
  for (; s == Status::stopped && calls < 100; ++calls) s = updater.flash(image, 0);
  EXPECT_EQ(s, Status::ok);
  EXPECT_GE(calls, 10) << "a sector with every call";
}

TEST_F(UpdaterTest, AHeldStartOfAnotherImageGivesWay) {
  RunningBoard board;
  bool stop = false;
  options.between_units_context = &stop;
  options.between_units = [](void* context, std::uint32_t, std::uint32_t) { return !*static_cast<bool*>(context); };
  const ByteVector first = firmware("2.0", 9);
  const ByteVector second = firmware("3.0", 9);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{first}.first(200), 0), Status::ok);
  stop = true;
  static_cast<void>(updater.flash(Bytes{first}.subspan(200, 200), 200));
  stop = false;
  ASSERT_EQ(send(updater, second, 4096), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, second));
}

}  // namespace
}  // namespace dualbank
