// Choosing what boots: switch, confirm, roll back, abandon, and the states from which they start.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

constexpr std::uint32_t kNew = 0;
constexpr std::uint32_t kPending = 1;
constexpr std::uint32_t kValid = 2;
constexpr std::uint32_t kUndefined = 0xFFFF'FFFF;

class SwitchTest : public testing::Test {
 protected:
  /// Opened, 2.0 sent to ota_1, not switched.
  void update(Board& board, Updater& updater, const ByteVector& image) {
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, image, 4096), Status::ok);
    static_cast<void>(board);
  }
  Options options{};
};

TEST_F(SwitchTest, ASecondSwitchChangesNothing) {
  RunningBoard board;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  const auto records = std::pair{board.raw_record(0), board.raw_record(1)};
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::already_switched);
  EXPECT_EQ(records, (std::pair{board.raw_record(0), board.raw_record(1)}));
}

TEST_F(SwitchTest, ASwitchWithoutAnUpdateSelectsAnotherGoodImage) {
  RunningBoard board;
  board.install(1, firmware("other platform"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(SwitchTest, AnUnfinishedUpdateIsNotSwitchedTo) {
  RunningBoard board;
  const ByteVector image = firmware("2.0");
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image}.first(5000), 0), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::update_incomplete);
  EXPECT_EQ(updater.last_event(),
            (Event{Status::update_incomplete, {5000, static_cast<std::uint32_t>(image.size()) - 5000, 0}}));
  ASSERT_EQ(updater.open(), Status::ok) << "a reset later";
  EXPECT_EQ(updater.switch_slot(), Status::update_incomplete);
  EXPECT_EQ(updater.last_event().values[0], 4096U);
}

TEST_F(SwitchTest, AnUnfinishedUpdateIsNotSwitchedToEvenIfTheSlotVerifies) {
  RunningBoard board;
  const ByteVector image = firmware("2.0");
  board.install(1, image);
  {
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.identity = Bytes{image}.first(32)}), Status::ok);
    ASSERT_EQ(updater.flash(Bytes{image}.subspan(4096, 100), 4096), Status::ok);
  }
  board.install(1, image);  // reads right again, but who knows for how long
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::update_incomplete);
  EXPECT_EQ(updater.rollback(), Status::slot_unfinished);
  EXPECT_EQ(updater.rollback(1), Status::slot_unfinished);
}

TEST_F(SwitchTest, DamagedImagesAreRefusedByTheirReason) {
  const struct {
    ByteVector image;
    Status status;
  } cases[] = {{ImageBuilder().chip(kTestChip).wrong_checksum().build(), Status::image_checksum_mismatch},
               {ImageBuilder().chip(kTestChip).wrong_hash().build(), Status::image_hash_mismatch},
               {ByteVector(100, std::byte{0xFF}), Status::image_empty_slot},
               {ImageBuilder().chip(5).build(), Status::image_wrong_chip},
               {random_bytes(5000, 3), Status::image_no_magic}};
  for (const auto& c : cases) {
    RunningBoard board;
    board.install(1, c.image);
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.switch_slot(), c.status);
    EXPECT_EQ(board.operations(), 0U);
  }
}

TEST_F(SwitchTest, ForeignImagesNeedTheirOption) {
  const ByteVector foreign =
      ImageBuilder().chip(kTestChip).no_descriptor().no_hash().payload(random_bytes(5000, 2)).build();
  RunningBoard board;
  options.allow_foreign = true;
  Updater updater{board.flash, options};
  update(board, updater, foreign);
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_TRUE(board.holds(1, foreign));
}

TEST_F(SwitchTest, LowerSecureVersionsAreRefusedBeforeAnyOperation) {
  RunningBoard board;
  options.anti_rollback = true;
  options.lowest_secure_version = 3;
  options.running_slot = 0;
  const ByteVector low = ImageBuilder().chip(kTestChip).secure_version(2).build();
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.flash(low, 0), Status::image_version_too_low);
  EXPECT_EQ(updater.last_event(), (Event{Status::image_version_too_low, {2, 3, 0}}));
  EXPECT_EQ(board.operations(), 0U);
  board.install(1, low);
  EXPECT_EQ(updater.switch_slot(), Status::image_version_too_low);
  ASSERT_EQ(updater.flash(ImageBuilder().chip(kTestChip).secure_version(3).build(), 0), Status::ok);
  board.may_boot({});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(SwitchTest, OnlySlotsThatAreThereAndNotRunningCanBeSwitchedTo) {
  RunningBoard board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.switch_slot(0), Status::slot_is_running);
  EXPECT_EQ(updater.switch_slot(2), Status::slot_unknown);
  EXPECT_EQ(updater.switch_slot(kFactorySlot), Status::slot_unknown);
  EXPECT_EQ(updater.rollback(5), Status::slot_unknown);
}

TEST_F(SwitchTest, AfterASwitchANewUpdateFirstNamesTheRunningSlotAgain) {  // H1, point 15
  RunningBoard board;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  updater = Updater{board.flash, {.running_slot = 0}};  // no reset: 1.0 still runs
  ASSERT_EQ(updater.open(), Status::ok);
  const ByteVector next = firmware("3.0");
  ASSERT_EQ(updater.flash(Bytes{next}.first(400), 0), Status::ok);
  EXPECT_EQ(board.boots(), 0);
  board.may_boot({0});
  ASSERT_EQ(send(updater, next), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
  EXPECT_TRUE(board.holds(1, next));
}

TEST_F(SwitchTest, ASwitchedImageIsOnTrialUntilConfirmed) {
  RunningBoard board;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_FALSE(updater.status().on_trial);
  ASSERT_EQ(board.reset(), 1);
  board.may_boot({1});
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, 1);
  EXPECT_TRUE(updater.status().on_trial);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(updater.flash(firmware("3.0"), 0), Status::on_trial);
  EXPECT_EQ(updater.begin({}), Status::on_trial);
  EXPECT_EQ(updater.switch_slot(), Status::on_trial);
  EXPECT_EQ(board.operations(), before);
  EXPECT_EQ(updater.confirm(), Status::ok);
  EXPECT_FALSE(updater.status().on_trial);
  EXPECT_EQ(updater.confirm(), Status::ok) << "twice is ok";
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_FALSE(updater.status().on_trial);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, kUndefined)) << "confirming leaves the record alone";
  ASSERT_EQ(send(updater, firmware("3.0")), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.reset(), 0);
}

TEST_F(SwitchTest, AnUnconfirmedImageCanBeUpdatedOverWhenTheCallerInsists) {
  RunningBoard board;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  options.allow_unconfirmed = true;
  board.may_boot({1});
  Updater bold{board.flash, options};
  ASSERT_EQ(bold.open(), Status::ok);
  EXPECT_EQ(send(bold, firmware("3.0")), Status::ok);
}

TEST_F(SwitchTest, RollbackGoesBackToTheImageBefore) {
  RunningBoard board;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  ASSERT_EQ(board.reset(), 1);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.rollback(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::rolled_back, {0, 3, 0}}));
  EXPECT_EQ(board.reset(), 0);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_FALSE(updater.status().on_trial) << "it was confirmed before";
}

TEST_F(SwitchTest, RollbackTakesBackASwitchThatWasNotBooted) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    RunningBoard board;
    options.policy = policy;
    options.running_slot = 0;
    Updater updater{board.flash, options};
    update(board, updater, firmware("2.0"));
    board.may_boot({0, 1}, policy);
    ASSERT_EQ(updater.switch_slot(), Status::ok);
    EXPECT_EQ(updater.rollback(), Status::ok);
    EXPECT_EQ(updater.last_event().code, Status::rolled_back);
    EXPECT_EQ(board.reset(policy), 0);
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.status().boot_slot, 0);
  }
}

TEST_F(SwitchTest, RollbackAndThenFlashWithoutAResetKeepsARecord) {  // H1
  RunningBoard board;
  board.install(1, firmware("2.0"));
  board.record(1, 2).may_boot({0, 1});
  Updater updater{board.flash, {.running_slot = 1}};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.rollback(), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.flash(Bytes{firmware("3.0")}.first(2000), 0), Status::ok);
  EXPECT_EQ(board.boots(), 1) << "the running slot, for its neighbour is being overwritten";
}

TEST_F(SwitchTest, RollbackWithoutAnotherImageSaysSo) {
  RunningBoard board;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.rollback(), Status::no_rollback_target);
  EXPECT_EQ(updater.rollback(1), Status::image_empty_slot);
  EXPECT_EQ(updater.rollback(0), Status::ok) << "it already boots";
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(SwitchTest, UnderRollbackATrialIsConfirmedInItsRecord) {  // scenario 14
  RunningBoard board;
  options.policy = Policy::stock_rollback;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1}, Policy::stock_rollback);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.can_rollback(), CanRollBack::yes);
  ASSERT_EQ(board.reset(Policy::stock_rollback), 1);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, kPending));
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_TRUE(updater.status().on_trial);
  EXPECT_EQ(updater.status().running_slot, 1);
  EXPECT_EQ(updater.can_rollback(), CanRollBack::yes);
  EXPECT_EQ(updater.flash(firmware("3.0"), 0), Status::on_trial);
  ASSERT_EQ(updater.confirm(), Status::ok);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, kValid));
  EXPECT_EQ(updater.can_rollback(), CanRollBack::no);
  EXPECT_EQ(board.reset(Policy::stock_rollback), 1);
}

TEST_F(SwitchTest, UnderRollbackATrialIsDroppedByTheNextReset) {  // scenario 13
  RunningBoard board;
  options.policy = Policy::stock_rollback;
  Updater updater{board.flash, options};
  update(board, updater, firmware("2.0"));
  board.may_boot({0, 1}, Policy::stock_rollback);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  ASSERT_EQ(board.reset(Policy::stock_rollback), 1);
  ASSERT_EQ(updater.open(), Status::ok);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(updater.rollback(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::rollback_by_reset, {1, 0, 0}}));
  EXPECT_EQ(board.operations(), before);
  EXPECT_EQ(board.reset(Policy::stock_rollback), 0);
}

TEST_F(SwitchTest, UnderRollbackATrialStaysOneWhenTheVendorsCallsChooseAnotherSlot) {
  RunningBoard board{{.factory = true}};
  board.install(1, firmware("2.0")).install(kFactorySlot, firmware("rescue"));
  board.record(0, 3, kNew).record(1, 2, kPending);
  board.may_boot({0, 1}, Policy::stock_rollback);
  options.policy = Policy::stock_rollback;
  options.running_slot = 1;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_TRUE(updater.status().on_trial);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(updater.begin({.identity = firmware("3.0")}), Status::on_trial);
  EXPECT_EQ(updater.rollback(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::rollback_by_reset, {1, 0, 0}}));
  EXPECT_EQ(updater.rollback(1), Status::on_trial);
  EXPECT_EQ(board.operations(), before);
  ASSERT_EQ(updater.confirm(), Status::ok);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, kValid));
  EXPECT_EQ(board.raw_record(0), record_bytes(3, kNew)) << "what was chosen stays";
  EXPECT_FALSE(updater.status().on_trial);
  EXPECT_EQ(updater.begin({.identity = firmware("3.0")}), Status::ok);
  EXPECT_EQ(board.reset(Policy::stock_rollback), 1);
}

TEST_F(SwitchTest, UnderRollbackATrialIsOverOnceRollbackChoseAnotherSlot) {
  RunningBoard board;
  board.install(1, firmware("2.0"));
  board.record(0, kBlankSeq).record(1, 2, kPending);  // no other record to go back to
  board.may_boot({0, 1}, Policy::stock_rollback);
  options.policy = Policy::stock_rollback;
  options.running_slot = 1;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_TRUE(updater.status().on_trial);
  ASSERT_EQ(updater.rollback(), Status::ok);
  EXPECT_FALSE(updater.status().on_trial);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(updater.confirm(), Status::not_confirmable);
  EXPECT_EQ(board.operations(), before);
  EXPECT_EQ(board.reset(Policy::stock_rollback), 0);
}

TEST_F(SwitchTest, UnderRollbackASwitchThatWasNotBootedYetIsNotRunning) {
  RunningBoard board;
  board.install(1, firmware("2.0"));
  board.record(1, 2, kNew);
  options.policy = Policy::stock_rollback;
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, 0);
  EXPECT_EQ(updater.status().boot_slot, 1);
}

TEST_F(SwitchTest, WhatTheBootloaderCanDoIsUnknownWhenItsStatesSaySo) {
  RunningBoard board;
  board.install(1, firmware("2.0"));
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.can_rollback(), CanRollBack::no);
  board.record(1, 2, kPending);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.can_rollback(), CanRollBack::unknown);
}

}  // namespace
}  // namespace dualbank
