// Sessions in the two otadata sectors: how an update in progress is seen, ends for good, and leaves no marks behind.
#include "tests/support/boot_sectors_fixture.hpp"

namespace dualbank {
namespace {

using BootSectorsSessionTest = tests::BootSectorsFixture;
using namespace tests;

TEST_F(BootSectorsSessionTest, ASessionForASlotThatIsNotThereIsNone) {
  for (const Cell& strange : {Cell{CellKind::session, 7, 12, 5000, 0}, Cell{CellKind::session, 1, 13, 5000, 0}}) {
    board.record(0, 1, 2);
    read();
    ASSERT_EQ(sectors.wipe(1), kDone);
    ASSERT_EQ(sectors.append(1, strange), kDone);
    read();
    EXPECT_FALSE(sectors.facts(1).has_session) << "neither a slot 7 nor granules of 8 KiB";
    EXPECT_FALSE(sectors.facts(1).clean()) << "its marks may stand anywhere";
  }
}

TEST_F(BootSectorsSessionTest, ASessionIsSeenWithItsLengthAndForgotten) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  ASSERT_EQ(sectors.append(1, {CellKind::session, 1, 12, 5000, 0}), kDone);
  ASSERT_EQ(sectors.append(1, {CellKind::length, 0, 0, 4000, 0}), kDone);
  read();
  EXPECT_TRUE(sectors.facts(1).has_session);
  EXPECT_EQ(sectors.facts(1).learned_length, 4000U);
  ASSERT_EQ(sectors.forget_session(1), kDone);
  read();
  EXPECT_FALSE(sectors.facts(1).clean());
}

TEST_F(BootSectorsSessionTest, ACutInWhatEndsASessionLeavesItOrEndsItForGood) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  ASSERT_EQ(sectors.append(1, {CellKind::session, 1, 12, 5000, 0}), kDone);
  const auto before = board.flash.snapshot();
  for (std::uint32_t units = 0; units < kCellBytes; ++units) {
    for (const auto reads : {sim::MarginalBits::programmed, sim::MarginalBits::erased}) {
      board.flash.restore(before);
      read();
      board.flash.cut_at(2, {.kind = sim::Tear::Kind::prefix, .units = units, .seed = 1, .marginal = true});
      ASSERT_EQ(sectors.forget_session(1).code, Status::power_lost);
      board.flash.reboot(reads);
      read();
      const bool goes_on = sectors.facts(1).has_session;
      ASSERT_EQ(sectors.settle(1), kDone);
      board.flash.reboot(reads == sim::MarginalBits::erased ? sim::MarginalBits::programmed
                                                            : sim::MarginalBits::erased);
      read();
      EXPECT_EQ(sectors.facts(1).has_session, goes_on) << units;
      EXPECT_EQ(sectors.facts(1).clean(), goes_on) << units;
    }
  }
}

TEST_F(BootSectorsSessionTest, ASessionEndsThoughTheLogIsFull) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  ASSERT_EQ(sectors.append(1, {CellKind::session, 1, 12, 5000, 0}), kDone);
  while (!sectors.append(1, {.kind = CellKind::tried}).failed()) {
  }
  ASSERT_EQ(sectors.forget_session(1), kDone);
  read();
  EXPECT_FALSE(sectors.facts(1).clean());
}

TEST_F(BootSectorsSessionTest, WithNoUsableRecordTheSectorOfASessionThatIsOverIsErased) {
  read();
  ASSERT_EQ(sectors.prepare(0, 5), kDone);
  ASSERT_EQ(sectors.append(0, {CellKind::session, 1, 12, 5000, 0}), kDone);
  ASSERT_EQ(board.erases(), 0U);
  ASSERT_EQ(sectors.forget_session(0), kDone);
  ASSERT_EQ(sectors.prepare(0, 5), kDone);
  EXPECT_EQ(board.erases(), 1U) << "its marks would count for the next one";
}

TEST_F(BootSectorsSessionTest, WithNoUsableRecordMarksOfAnEarlierSessionAreNotTakenOver) {
  board.flash.put(sectors_address(0) + 0xF00, ByteVector(4, std::byte{0}));
  read();
  EXPECT_TRUE(sectors.facts(0).record_blank);
  EXPECT_FALSE(sectors.facts(0).rest_blank);
  EXPECT_TRUE(sectors.facts(1).rest_blank);
  ASSERT_EQ(sectors.prepare(0, 5), kDone);
  EXPECT_EQ(board.erases(), 1U);
}

TEST_F(BootSectorsSessionTest, ASessionInALogThatIsLongerThanItsOwnLeavesNoRoom) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  while (sectors.room(1) > 1) ASSERT_EQ(sectors.append(1, {.kind = CellKind::firm}), kDone);
  const JournalMap map = JournalMap::for_slot(0x10000);
  ASSERT_LT(map.log_end, sectors.facts(1).free_cell);
  ASSERT_EQ(sectors.append(1, {CellKind::session, 1, static_cast<std::uint16_t>(map.granule_log2), 0, 0}), kDone);
  EXPECT_EQ(sectors.room(1), 0U);
  const std::uint64_t ops = board.operations();
  EXPECT_EQ(sectors.append(1, {.kind = CellKind::firm}).code, Status::journal_full);
  EXPECT_EQ(board.operations(), ops);
}

}  // namespace
}  // namespace dualbank
