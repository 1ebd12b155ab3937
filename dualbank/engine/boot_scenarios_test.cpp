// The scenarios of the format's description that concern booting, by their numbers.
#include <gtest/gtest.h>

#include "dualbank/engine/boot_decision.hpp"
#include "tests/support/boot_states.hpp"

namespace dualbank::tests {
namespace {

TEST(BootScenarios, S01_BlankRecordsBootTheFirstSlotAndAreRepaired) {
  BootInputs inputs = two_slots();
  inputs.good_slots = 0b01;
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, 0, BootReason::no_record_first_slot);
  EXPECT_TRUE(writes(d, {{0, good(1, RecordState::valid)}}));
}

TEST(BootScenarios, S02_BlankRecordsAndABadFirstSlotBootTheSecond) {
  BootInputs inputs = two_slots();
  inputs.good_slots = 0b10;
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, 1, BootReason::fallback);
  EXPECT_EQ(d.chosen, 0);
  EXPECT_TRUE(writes(d, {{0, good(2, RecordState::valid)}}));
}

TEST(BootScenarios, S03_BlankRecordsBootTheFactoryAppAndStayBlank) {
  const auto d = decide_boot(with_factory(two_slots()), Policy::stock);
  expect_boots(d, kFactorySlot, BootReason::no_record_factory);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S04_AnEmptyFactorySlotBootsTheFirstSlotAndRepairsNothing) {
  BootInputs inputs = with_factory(two_slots());
  inputs.good_factory = false;
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, 0, BootReason::fallback);
  EXPECT_EQ(d.chosen, kFactorySlot);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S07_ADamagedFirstSlotWithoutFactoryFallsUpwards) {
  BootInputs inputs = two_slots(good(2), good(3));
  inputs.good_slots = 0b10;
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, 1, BootReason::fallback);
  EXPECT_EQ(d.chosen, 0);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S08_ADamagedFirstSlotFallsIntoTheFactoryAppNotTheOtherSlot) {
  BootInputs inputs = with_factory(two_slots(good(2), good(3)));
  inputs.good_slots = 0b10;
  expect_boots(decide_boot(inputs, Policy::stock), kFactorySlot, BootReason::fallback);
  expect_boots(decide_boot(inputs, Policy::dualbank), 1, BootReason::fallback);
}

TEST(BootScenarios, S09_ADamagedRecordIsNotRepaired) {
  const auto d = decide_boot(two_slots(bad_crc(1)), Policy::stock);
  expect_boots(d, 0, BootReason::no_usable_record);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S10_Seq0IsUsableAndNamesTheLastSlot) {
  const BootRecord trap{.seq = 0, .state = RecordState::undefined, .crc = 0xFFFF'FFFF};
  expect_boots(decide_boot(two_slots(trap), Policy::stock), 1, BootReason::active_record);
}

TEST(BootScenarios, S11_AnInvalidRecordLeavesTheOther) {
  const auto inputs = two_slots(good(2, RecordState::invalid), good(1, RecordState::valid));
  expect_boots(decide_boot(inputs, Policy::stock), 0, BootReason::active_record);
}

TEST(BootScenarios, S12_TwoAbortedRecordsBootTheFirstSlotAndStay) {
  const auto inputs = two_slots(good(1, RecordState::aborted), good(2, RecordState::aborted));
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, 0, BootReason::no_record_first_slot);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S13_AnUnconfirmedTrialIsDroppedAtTheSecondBoot) {
  const auto inputs = two_slots(good(1, RecordState::valid), good(2, RecordState::fresh));
  const auto first = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(first, 1, BootReason::trial_first_boot);
  EXPECT_TRUE(writes(first, {{1, good(2, RecordState::pending_verify)}}));
  const auto second = decide_boot(after(inputs, first), Policy::stock_rollback);
  expect_boots(second, 0, BootReason::trial_dropped);
  EXPECT_TRUE(writes(second, {{1, good(2, RecordState::aborted)}}));
  const auto third = decide_boot(after(after(inputs, first), second), Policy::stock_rollback);
  expect_boots(third, 0, BootReason::active_record);
  EXPECT_EQ(third.write_count, 0);
}

TEST(BootScenarios, S14_AConfirmedTrialStays) {
  auto inputs = two_slots(good(1, RecordState::valid), good(2, RecordState::fresh));
  inputs = after(inputs, decide_boot(inputs, Policy::stock_rollback));
  inputs.records[1].state = RecordState::valid;
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 1, BootReason::active_record);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S15_ATrialIsUsedUpBeforeItsImageIsLookedAt) {
  auto inputs = two_slots(good(1, RecordState::valid), good(2, RecordState::fresh));
  inputs.good_slots = 0b01;
  const auto first = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(first, 0, BootReason::fallback);
  EXPECT_EQ(first.chosen, 1);
  EXPECT_TRUE(writes(first, {{1, good(2, RecordState::pending_verify)}}));
  const auto second = decide_boot(after(inputs, first), Policy::stock_rollback);
  expect_boots(second, 0, BootReason::trial_dropped);
  EXPECT_TRUE(writes(second, {{1, good(2, RecordState::aborted)}}));
}

TEST(BootScenarios, S16_ACutInTheTrialsWriteLosesTheTrial) {
  const auto before = two_slots(good(1, RecordState::valid), good(2, RecordState::fresh));
  ASSERT_EQ(decide_boot(before, Policy::stock_rollback).writes[0].sector, 1);
  const auto d = decide_boot(two_slots(good(1, RecordState::valid), kBlank), Policy::stock_rollback);
  expect_boots(d, 0, BootReason::active_record);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootScenarios, S17_TwoRecordsForOneSlotGiveItTwoTrials) {
  const auto inputs = two_slots(good(4, RecordState::fresh), good(4, RecordState::fresh));
  const auto first = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(first, 1, BootReason::trial_first_boot);
  EXPECT_TRUE(writes(first, {{0, good(4, RecordState::pending_verify)}}));
  const auto second = decide_boot(after(inputs, first), Policy::stock_rollback);
  expect_boots(second, 1, BootReason::trial_first_boot);
  EXPECT_TRUE(writes(second, {{0, good(4, RecordState::aborted)}, {1, good(4, RecordState::pending_verify)}}));
}

}  // namespace
}  // namespace dualbank::tests
