// After a reset the update goes on: what is sent again, what is not, and what a stranger's write costs.
#include <gtest/gtest.h>

#include <random>

#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/crc32.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

class ResumeTest : public testing::Test {
 protected:
  void open() { ASSERT_EQ(updater.open(), Status::ok); }
  void finish(const ByteVector& whole) {
    ASSERT_EQ(send_missing(updater, whole), Status::ok);
    board.may_boot({0, 1});
    ASSERT_EQ(updater.switch_slot(), Status::ok);
    EXPECT_EQ(board.reset(), 1);
    EXPECT_TRUE(board.holds(1, whole));
  }

  RunningBoard board;
  const ByteVector image = firmware("2.0", 30);
  std::array<Range, 64> gaps{};
  Updater updater{board.flash, {.gaps = gaps}};
};

TEST_F(ResumeTest, AfterAResetOnlyTheSectorUnderWayIsSentAgain) {
  open();
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 10000}), Status::ok);
  open();
  EXPECT_TRUE(updater.status().update_active);
  EXPECT_EQ(updater.status().update_slot, 1);
  EXPECT_EQ(updater.next_missing().from, 8192U);
  EXPECT_EQ(updater.status().update_granule_bytes, 4096U);
  const std::uint64_t erases = board.erases();
  finish(image);
  EXPECT_EQ(board.erases() - erases, 30U * 1024 / 4096 + 1 - 2) << "the two finished sectors were left alone";
}

TEST_F(ResumeTest, AnUpdateWhoseJournalIsFullOfCutsStartsAgain) {
  open();
  const UpdateRequest first{.header = Bytes{image}.first(288)};
  ASSERT_EQ(updater.begin(first), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(10000)), Status::ok);
  BootSectors sectors;
  ASSERT_FALSE(sectors.read(board.flash, board.layout()).failed());
  while (sectors.room(1) > 0) ASSERT_FALSE(sectors.append(1, {.kind = CellKind::firm}).failed());
  open();
  ASSERT_TRUE(updater.status().update_active);
  ASSERT_EQ(updater.begin(first), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::update_resumed) << "nothing is to be noted";
  UpdateRequest with_length = first;
  with_length.length_bytes = static_cast<std::uint32_t>(image.size());
  ASSERT_EQ(updater.begin(with_length), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::update_begun);
  EXPECT_EQ(updater.next_missing().from, 0U);
  finish(image);
}

TEST_F(ResumeTest, OmittedOffsetsGoOnAtTheFirstGap) {
  open();
  ASSERT_EQ(updater.flash(Bytes{image}.first(10000)), Status::ok);
  open();
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(8192)), Status::ok);
  finish(image);
}

TEST_F(ResumeTest, TheSameImageFromTheStartIsTakenWithoutWritingItTwice) {
  open();
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 8192}), Status::ok);
  open();
  const std::size_t before = board.operations_in(board.extent(1).offset, 8192).size();
  ASSERT_EQ(send(updater, image), Status::ok);
  EXPECT_EQ(board.operations_in(board.extent(1).offset, 8192).size(), before);
  finish(image);
}

TEST_F(ResumeTest, BeginWithTheSameIdentityWritesNothing) {
  const Bytes name = Bytes{image}.last(32);
  open();
  ASSERT_EQ(updater.begin({.identity = name, .length_bytes = 30 * 1024, .header = image}), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::update_begun);
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 8192}), Status::ok);
  open();
  const std::uint64_t before = board.operations();
  ASSERT_EQ(updater.begin({.identity = name, .length_bytes = 30 * 1024, .header = image}), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::update_resumed, {1, 0, 0}}));
  EXPECT_EQ(board.operations(), before);
  EXPECT_EQ(updater.next_missing(), (Range{8192, 30 * 1024}));
  finish(image);
}

TEST_F(ResumeTest, BeginWithAnotherIdentityOrLengthStartsOver) {
  open();
  ASSERT_EQ(updater.begin({.identity = Bytes{image}.first(8), .length_bytes = 30 * 1024}), Status::ok);
  ASSERT_EQ(updater.flash(image, 0), Status::ok);
  open();
  ASSERT_EQ(updater.begin({.identity = Bytes{image}.first(9), .length_bytes = 30 * 1024}), Status::ok);
  EXPECT_EQ(updater.next_missing().from, 0U);
  ASSERT_EQ(updater.flash(image, 0), Status::ok);
  ASSERT_EQ(updater.begin({.identity = Bytes{image}.first(9), .length_bytes = 29 * 1024}), Status::ok);
  EXPECT_EQ(updater.next_missing(), (Range{0, 29 * 1024}));
  ASSERT_EQ(updater.begin({.length_bytes = 30 * 1024}), Status::ok) << "without a name it is another one each time";
  EXPECT_EQ(updater.last_event().code, Status::update_begun);
  finish(image);
}

TEST_F(ResumeTest, WhatWasSaidLaterIsAddedToTheUpdateUnderWay) {
  const Bytes name = Bytes{image}.last(32);
  open();
  ASSERT_EQ(updater.begin({.identity = name}), Status::ok);
  open();
  ASSERT_EQ(updater.begin({.identity = name, .length_bytes = 30 * 1024, .header = image}), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::update_resumed);
  EXPECT_EQ(updater.next_missing(), (Range{0, 30 * 1024}));
  open();
  EXPECT_EQ(updater.next_missing(), (Range{0, 30 * 1024}));
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(100, 100), 100), Status::ok) << "the header has been seen";
  finish(image);
}

TEST_F(ResumeTest, APauseKeepsEveryByte) {
  open();
  ASSERT_EQ(updater.begin({.header = image}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(5000), 0), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(9000, 6000), 9000), Status::ok);
  ASSERT_EQ(updater.pause(), Status::ok);
  open();
  EXPECT_EQ(updater.next_missing(), (Range{5000, 9000}));
  EXPECT_EQ(updater.next_missing(9000).from, 15000U);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(5000, 4000), 5000), Status::ok);
  EXPECT_EQ(updater.next_missing().from, 15000U);
  ASSERT_EQ(updater.pause(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(15000, 100), 15000), Status::ok) << "the same power session goes on";
  open();
  EXPECT_EQ(updater.next_missing().from, 12288U) << "what came after the pause is under way again";
  finish(image);
}

TEST_F(ResumeTest, PausingAgainWritesNothing) {
  open();
  ASSERT_EQ(updater.begin({.header = image}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(5000), 0), Status::ok);
  ASSERT_EQ(updater.pause(), Status::ok);
  const auto before = board.operations();
  ASSERT_EQ(updater.pause(), Status::ok);
  open();
  ASSERT_EQ(updater.pause(), Status::ok);
  EXPECT_EQ(board.operations(), before);
  EXPECT_EQ(updater.next_missing().from, 5000U);
}

TEST_F(ResumeTest, PausingWithNothingUnderWayIsFine) {
  open();
  EXPECT_EQ(updater.pause(), Status::ok);
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(ResumeTest, ATornSectorIsErasedAgainEvenIfItReadsRight) {  // H14
  open();
  ASSERT_EQ(updater.begin({.header = image}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(4000), 0), Status::ok);
  board.flash.put(board.extent(1).offset, Bytes{image}.first(4096));
  open();
  const std::uint64_t erases = board.erases();
  ASSERT_EQ(updater.flash(Bytes{image}.first(4096), 0), Status::ok);
  EXPECT_EQ(board.erases(), erases + 1);
  finish(image);
}

TEST_F(ResumeTest, AVendorToolThatRewritesTheSectorCostsTheJournalAndNothingElse) {
  open();
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 20000}), Status::ok);
  board.flash.put(kOtadata + 0x1000, ByteVector(0x1000, std::byte{0xFF}));
  open();
  EXPECT_FALSE(updater.status().update_active);
  EXPECT_EQ(board.boots(), 0);
  ASSERT_EQ(send(updater, image), Status::ok);
  finish(image);
}

TEST_F(ResumeTest, AVendorToolThatRewritesTheSlotCostsTheSectorsItTouched) {
  open();
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 20000}), Status::ok);
  board.flash.put(board.extent(1).offset + 4096, ByteVector(4096, std::byte{0xFF}));
  open();
  EXPECT_EQ(updater.next_missing(), (Range{4096, 8192}));
  finish(image);
}

TEST_F(ResumeTest, OldFirmwareThatMeetsANewerJournalLeavesTheBootAsItIs) {
  open();
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 20000}), Status::ok);
  ByteVector newer(16);
  store_u8(newer, 0, 0x21);
  store_u32(newer, 12, crc32(Bytes{newer}.first(12)));
  std::uint32_t at = kOtadata + 0x1000 + 32;
  while (!all_equal(board.flash.contents().subspan(at, 16), std::byte{0xFF})) at += 16;
  board.flash.put(at, newer);
  open();
  EXPECT_FALSE(updater.status().update_active);
  ASSERT_EQ(send(updater, image), Status::ok);
  finish(image);
}

TEST_F(ResumeTest, RandomSessionsAllEndInTheRightImage) {
  std::mt19937 random{3};
  for (int round = 0; round < 60; ++round) {
    Board fresh;
    fresh.install(0, firmware("1.0")).record(0, 1, 2);
    fresh.install(1, round % 2 != 0 ? firmware("0.9", 30) : ByteVector{});
    fresh.may_boot({0});
    ByteVector workspace(round % 3 == 0 ? 4096 : 0);
    Updater sender{fresh.flash, {.workspace = workspace, .gaps = gaps}};
    ASSERT_EQ(sender.open(), Status::ok);
    ASSERT_EQ(sender.begin({.identity = Bytes{image}.first(8), .header = image}), Status::ok);
    for (int step = 0; step < 200 && !sender.next_missing().empty(); ++step) {
      const Range gap =
          sender.next_missing(random() % 4 == 0 ? static_cast<std::uint32_t>(random() % image.size()) : 0);
      const std::uint32_t at = gap.empty() ? static_cast<std::uint32_t>(random() % image.size()) : gap.from;
      const auto size = std::min<std::size_t>(1 + random() % 3000, image.size() - at);
      const Status s = sender.flash(Bytes{image}.subspan(at, size), at);
      ASSERT_TRUE(s == Status::ok || s == Status::too_many_gaps);
      if (random() % 20 == 0) {
        if (random() % 2 == 0) {
          ASSERT_EQ(sender.pause(), Status::ok);
        }
        ASSERT_EQ(sender.open(), Status::ok);
      }
    }
    ASSERT_EQ(send_missing(sender, image), Status::ok);
    fresh.may_boot({0, 1});
    ASSERT_EQ(sender.switch_slot(), Status::ok);
    EXPECT_EQ(fresh.reset(), 1);
    EXPECT_TRUE(fresh.holds(1, image));
    EXPECT_EQ(fresh.unsafe, 0U) << fresh.first_unsafe;
    EXPECT_TRUE(fresh.flash.violations().empty());
  }
}

TEST_F(ResumeTest, ManyResetsDoNotFillTheJournal) {
  open();
  ASSERT_EQ(updater.begin({.length_bytes = 30 * 1024, .header = image}), Status::ok);
  for (int i = 0; i < 400; ++i) {
    open();
    ASSERT_EQ(updater.flash(Bytes{image}.first(100), 0), Status::ok) << i;
  }
  finish(image);
}

TEST_F(ResumeTest, KeptPiecesThatNeedTheWorkspaceAreSentAgainWithoutOne) {
  board.install(1, image);
  ByteVector workspace(4096);
  Updater roomy{board.flash, {.workspace = workspace}};
  ASSERT_EQ(roomy.open(), Status::ok);
  ASSERT_EQ(roomy.flash(Bytes{image}.first(1000), 0), Status::ok);
  ASSERT_EQ(roomy.pause(), Status::ok);
  open();
  EXPECT_EQ(updater.next_missing().from, 0U);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(1000, 1000), 1000), Status::ok);
  finish(image);
}

TEST_F(ResumeTest, ALengthSaidLaterIsKeptAndCounts) {
  const Bytes name = Bytes{image}.last(32);
  const auto length = static_cast<std::uint32_t>(image.size() - 100);
  open();
  ASSERT_EQ(updater.begin({.identity = name}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(28672, length - 28672), 28672), Status::ok);
  ASSERT_EQ(updater.begin({.identity = name, .length_bytes = length}), Status::ok);
  EXPECT_EQ(updater.flash(Bytes{image}.last(100), length), Status::beyond_length);
  open();
  EXPECT_EQ(updater.next_missing(), (Range{0, 28672})) << "the last sector is done";
  EXPECT_EQ(updater.flash(Bytes{image}.last(100), length), Status::beyond_length);
}

TEST_F(ResumeTest, ACutBehindTheLastByteLeavesNothingToSend) {
  // The last segment's header stands in the last sector, and the image ends with it.
  const ByteVector edge =
      ImageBuilder().chip(kTestChip).payload(random_bytes(12600, 1)).segment(0x3FC8'8000, {}).length(16384).build();
  for (std::uint32_t cut = 0; cut < 120; ++cut) {
    Board cut_board;
    cut_board.install(0, firmware("1.0")).record(0, 1, 2);
    Updater sender{cut_board.flash, {}};
    ASSERT_EQ(sender.open(), Status::ok);
    cut_board.flash.cut_at(cut, {.kind = sim::Tear::Kind::before});
    static_cast<void>(send(sender, edge, 4096));
    cut_board.power_on();
    ASSERT_EQ(sender.open(), Status::ok);
    ASSERT_EQ(send_missing(sender, edge, 4096), Status::ok);
    ASSERT_EQ(sender.switch_slot(), Status::ok) << cut;
  }
}

TEST_F(ResumeTest, TheLastSectorIsMarkedAgainWhenTheLengthComesToBeKnown) {
  ByteVector filled = image;  // with bytes behind the image, so that the sector was marked as a whole
  const std::uint32_t last = static_cast<std::uint32_t>(image.size()) & ~4095U;
  filled.resize(last + 4096, std::byte{0x55});
  ASSERT_NE(filled.size(), image.size());
  open();
  ASSERT_EQ(updater.begin({.identity = image}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{filled}.subspan(last), last), Status::ok);
  ASSERT_EQ(send(updater, ByteVector{filled.begin(), filled.begin() + last}), Status::ok);
  open();
  EXPECT_EQ(updater.status().update_length_bytes, image.size());
  EXPECT_TRUE(updater.next_missing().empty());
}

TEST_F(ResumeTest, WithNoUsableRecordLeftTheRunningSlotIsNamedBeforeTheUpdateGoesOn) {
  open();
  ASSERT_EQ(send(updater, ByteVector{image.begin(), image.begin() + 8192}), Status::ok);
  board.record(0, 1, 4);  // a bootloader's doing: ABORTED
  open();
  ASSERT_EQ(updater.flash(Bytes{image}.subspan(8192, 4096), 8192), Status::ok);
  EXPECT_EQ(updater.status().boot_slot, 0);
  finish(image);
}

}  // namespace
}  // namespace dualbank
