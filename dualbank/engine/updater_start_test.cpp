// The states from which an update can start: fallbacks, fresh and factory boards, worn-out sequence numbers, many
// slots.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

constexpr std::uint32_t kValid = 2;
constexpr std::uint32_t kUndefined = 0xFFFF'FFFF;

class StartTest : public testing::Test {
 protected:
  Options options{};
};

TEST_F(StartTest, AfterABootloadersFallbackTheBrokenSlotIsNotConfirmedButUpdated) {  // H2
  RunningBoard board;
  board.install(1, random_bytes(4096, 5));
  board.record(1, 2);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, 0);
  EXPECT_EQ(updater.status().boot_slot, 1);
  EXPECT_EQ(updater.confirm(), Status::not_confirmable);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  EXPECT_EQ(board.boots(), 0);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(StartTest, AFreshBoardGetsTheRecordThatItsBootloaderWouldHaveWritten) {  // H11, scenario 1
  Board board;
  board.install(0, firmware("1.0"));
  board.may_boot({0});
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(board.operations(), 0U);
  EXPECT_EQ(updater.confirm(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  EXPECT_EQ(board.raw_record(0), record_bytes(1, kValid));
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, kUndefined));
  EXPECT_EQ(board.unsafe, 0U) << board.first_unsafe;
}

TEST_F(StartTest, FromAFactoryAppTheFirstRecordIsTheVendors) {
  Board board{{.factory = true}};
  board.install(kFactorySlot, firmware("uf2"));
  board.may_boot({kFactorySlot});
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, kFactorySlot);
  EXPECT_EQ(updater.status().next_update_slot, 0);
  ASSERT_EQ(send(updater, firmware("1.0")), Status::ok);
  board.may_boot({kFactorySlot, 0});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.raw_record(0), record_bytes(1, kUndefined));
  EXPECT_EQ(board.raw_record(1), ByteVector(32, std::byte{0xFF}));
  EXPECT_EQ(board.reset(), 0);
  EXPECT_EQ(board.unsafe, 0U) << board.first_unsafe;
}

TEST_F(StartTest, FromAFactoryAppNoOtadataSectorIsErased) {  // H10
  Board board{{.factory = true}};
  board.install(kFactorySlot, firmware("uf2"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("1.0")), Status::ok);
  ASSERT_EQ(updater.abandon(), Status::ok);
  ASSERT_EQ(send(updater, firmware("1.1")), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  for (const sim::Op& op : board.operations_in(kOtadata, 0x2000)) EXPECT_EQ(op.kind, sim::OpKind::program);
  EXPECT_EQ(board.reset(), 0);
}

TEST_F(StartTest, AFactoryAppDoesNotUpdateBesideARecord) {
  Board board{{.factory = true}};
  board.install(kFactorySlot, firmware("uf2")).install(0, firmware("1.0")).record(0, 1);
  options.running_slot = kFactorySlot;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.flash(firmware("2.0"), 0), Status::running_factory);
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(StartTest, AnEmptyFlashTakesItsFirstFirmware) {
  Board board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, kNoSlot);
  EXPECT_EQ(updater.status().next_update_slot, 0);
  ASSERT_EQ(send(updater, firmware("1.0")), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 0);
}

TEST_F(StartTest, TheSequenceNumberIsRenewedBeforeItsEnd) {  // H6
  RunningBoard board;
  board.record(0, 0xFFFFFFFD, kValid);
  board.install(1, firmware("2.0"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, 0);
  ASSERT_EQ(send(updater, firmware("3.0")), Status::ok);
  EXPECT_EQ(board.boots(), 0);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.last_event().values[1], 2U);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(StartTest, TheSlotThatAlreadyBootsIsLeftAlone) {  // scenario 6; the vendor rewrites the record
  RunningBoard board;
  board.install(1, firmware("2.0")).record(0, 4).record(1, 3);
  board.may_boot({1});
  Updater updater{board.flash, {.running_slot = 0}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.switch_slot(1), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::already_switched, {1, 4, 0}}));
  EXPECT_EQ(board.raw_record(0), record_bytes(4, 0xFFFFFFFF));
  EXPECT_EQ(board.raw_record(1), record_bytes(3, 0xFFFFFFFF));
}

TEST_F(StartTest, FromTwoAbortedRecordsTheRunningSlotIsNamedFirst) {  // scenario 12; the vendor writes seq 2 at once
  RunningBoard board;
  board.install(1, firmware("2.0")).record(0, 1, 4).record(1, 2, 4);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().boot_slot, kNoSlot);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(1), Status::ok);
  EXPECT_EQ(board.raw_record(0), record_bytes(3, 2));
  EXPECT_EQ(board.raw_record(1), record_bytes(4, 0xFFFFFFFF));
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(StartTest, OfTwoRecordsWithTheSameNumberTheFirstRulesAndTheNextIsAboveBoth) {  // H16
  RunningBoard board;
  board.record(0, 3).record(1, 3);
  board.install(1, firmware("2.0"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.record_at(1).seq, 4U);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(StartTest, MoreThanTwoSlotsTakeTurns) {
  RunningBoard board{{.slots = 3}};
  Updater updater{board.flash, options};
  std::set<SlotIndex> seen{0};
  SlotIndex running = 0;
  for (const char* version : {"2.0", "3.0", "4.0", "5.0"}) {
    board.may_boot({running});
    ASSERT_EQ(updater.open(), Status::ok);
    const SlotIndex next = updater.status().next_update_slot;
    EXPECT_EQ(next, (running + 1) % 3);
    ASSERT_EQ(send(updater, firmware(version)), Status::ok);
    board.may_boot({running, next});
    ASSERT_EQ(updater.switch_slot(), Status::ok);
    running = board.reset();
    EXPECT_EQ(running, next);
    seen.insert(running);
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.confirm(), Status::ok);
  }
  EXPECT_EQ(seen.size(), 3U);
  ASSERT_EQ(updater.open(), Status::ok);
  board.may_boot({0, 1, 2});
  ASSERT_EQ(updater.rollback(2), Status::ok) << "valid slots are found by verifying, not by records";
  EXPECT_EQ(board.reset(), 2);
}

TEST_F(StartTest, AnUpdateOfOneSlotIsDroppedByASwitchToAnother) {
  RunningBoard board{{.slots = 3}};
  board.install(2, firmware("9.0"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{firmware("2.0")}.first(5000), 0), Status::ok);
  board.may_boot({0, 2});
  ASSERT_EQ(updater.switch_slot(2), Status::ok);
  EXPECT_FALSE(updater.status().update_active);
  EXPECT_EQ(board.reset(), 2);
}

TEST_F(StartTest, AbandonEndsTheUpdateAndItsSlotNeedsAnother) {
  RunningBoard board;
  const ByteVector image = firmware("2.0");
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.abandon(), Status::no_update);
  ASSERT_EQ(updater.flash(Bytes{image}.first(5000), 0), Status::ok);
  EXPECT_EQ(updater.abandon(), Status::ok);
  EXPECT_FALSE(updater.status().update_active);
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(5000), 5000), Status::header_first);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_FALSE(updater.status().update_active);
  ASSERT_EQ(send(updater, image), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(StartTest, ANewImageInTheSameSlotForgetsWhatTheOldOneHadDone) {
  RunningBoard board;
  const ByteVector first = firmware("2.0", 20);
  const ByteVector second = firmware("3.0", 20);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, first), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{second}.first(6000), 0), Status::ok);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_TRUE(updater.status().update_active);
  EXPECT_EQ(updater.next_missing().from, 4096U) << "nothing of the first counts";
  ASSERT_EQ(send_missing(updater, second), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, second));
}

TEST_F(StartTest, AThousandSwitchesWearBothSectorsAlike) {
  RunningBoard board;
  board.install(1, firmware("2.0"));
  Updater updater{board.flash, options};
  board.may_boot({});
  SlotIndex running = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.confirm(), Status::ok);
    ASSERT_EQ(updater.switch_slot(), Status::ok);
    const SlotIndex next = board.reset();
    ASSERT_EQ(next, 1 - running);
    running = next;
  }
  EXPECT_EQ(board.flash.erases_of(kOtadata), 500U);
  EXPECT_EQ(board.flash.erases_of(kOtadata + 0x1000), 500U);
}

TEST_F(StartTest, WhereNothingBootedTheRescueLeavesNoUpdateBehind) {
  Board board;
  board.install(0, random_bytes(3000, 1)).install(1, random_bytes(3000, 2)).record(0, 1);
  const ByteVector image = firmware("1.0", 20);
  const ByteVector next = firmware("2.0", 20);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, kNoSlot);
  ASSERT_EQ(send(updater, image), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::already_switched);
  EXPECT_FALSE(updater.status().update_active);
  ASSERT_EQ(board.reset(), 0);
  board.install(1, image);
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.header = next}), Status::ok);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.next_missing().from, 0U) << "nothing of it has come";
}

TEST_F(StartTest, AFactoryBoardsThirdUpdateTakesNoMarksOfTheFirst) {
  Board board{{.factory = true}};
  board.install(kFactorySlot, firmware("uf2"));
  Updater updater{board.flash, options};
  for (const char* version : {"1.0", "1.1", "1.2", "1.3"}) {
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.header = firmware(version, 20)}), Status::ok);
    EXPECT_EQ(updater.next_missing().from, 0U) << version;
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.next_missing().from, 0U) << version;
    ASSERT_EQ(updater.flash(Bytes{firmware(version, 20)}.first(9000), 0), Status::ok);
  }
}

TEST_F(StartTest, TwoRejectedRecordsAtTheTopDoNotEndIt) {
  RunningBoard board;
  board.record(0, 0xFFFFFFFE, 4).record(1, 0xFFFFFFFD, 4);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(StartTest, AHeldStartDoesNotOutliveASwitchToAnotherSlot) {
  RunningBoard board{{.slots = 3}};
  board.install(2, firmware("9.0"));
  const ByteVector image = firmware("2.0", 20);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(200), 0), Status::ok);
  board.may_boot({0, 2});
  ASSERT_EQ(updater.switch_slot(2), Status::ok);
  board.flash.forget();
  EXPECT_EQ(updater.flash(Bytes{image}.subspan(200, 200), 200), Status::header_first);
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(StartTest, ARollbackToTheRunningSlotEndsTheUpdateWhoseSectorItTakes) {
  RunningBoard board{{.slots = 3}};
  board.install(1, random_bytes(4000, 1)).record(0, 1).record(1, 2);  // 1 was switched to and is broken
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.status().running_slot, 0);
  ASSERT_EQ(updater.flash(Bytes{firmware("2.0", 20)}.first(5000), 0), Status::ok);
  ASSERT_EQ(updater.rollback(0), Status::ok);
  EXPECT_EQ(board.boots(), 0);
  ASSERT_EQ(send(updater, firmware("3.0")), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
}

}  // namespace
}  // namespace dualbank
