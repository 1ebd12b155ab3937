#include "dualbank/engine/boot_decision.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/boot_states.hpp"

namespace dualbank::tests {
namespace {

// ---- what combinations of records mean, rollback off

TEST(BootDecision, OneUsableRecordRules) {
  for (const BootRecord& other : {kBlank, bad_crc(9), good(9, RecordState::invalid), good(9, RecordState::aborted)}) {
    expect_boots(decide_boot(two_slots(good(4), other), Policy::stock), 1, BootReason::active_record);
    expect_boots(decide_boot(two_slots(other, good(4)), Policy::stock), 1, BootReason::active_record);
  }
}

TEST(BootDecision, OfTwoUsableRecordsTheLargerSeqRulesWithoutWrapAround) {
  expect_boots(decide_boot(two_slots(good(3), good(4)), Policy::stock), 1, BootReason::active_record);
  expect_boots(decide_boot(two_slots(good(4), good(3)), Policy::stock), 1, BootReason::active_record);
  expect_boots(decide_boot(two_slots(good(kHighestSeq), good(1)), Policy::stock), 1, BootReason::active_record);
}

TEST(BootDecision, OnATieRecord0Rules) {
  const auto d =
      decide_boot(two_slots(good(2, RecordState::fresh), good(2, RecordState::fresh)), Policy::stock_rollback);
  EXPECT_TRUE(writes(d, {{0, good(2, RecordState::pending_verify)}}));
}

TEST(BootDecision, ADamagedRecordIsNotABlankOne) {
  for (const auto& inputs : {two_slots(bad_crc(2), kBlank), two_slots(kBlank, bad_crc(2))}) {
    const auto d = decide_boot(inputs, Policy::stock);
    expect_boots(d, 0, BootReason::no_usable_record);
    EXPECT_EQ(d.write_count, 0);
    expect_boots(decide_boot(with_factory(inputs), Policy::stock), kFactorySlot, BootReason::no_usable_record);
  }
}

TEST(BootDecision, RejectedRecordsWithABadCrcAreRepaired) {
  const auto d = decide_boot(two_slots(bad_crc(2, RecordState::aborted), kBlank), Policy::stock);
  expect_boots(d, 0, BootReason::no_record_first_slot);
  EXPECT_TRUE(writes(d, {{0, good(1, RecordState::valid)}}));
}

TEST(BootDecision, OneRejectedRecordWithAGoodCrcPreventsTheRepair) {
  const auto d = decide_boot(two_slots(good(2, RecordState::invalid), kBlank), Policy::stock);
  expect_boots(d, 0, BootReason::no_record_first_slot);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootDecision, AnErasedSeqIsBlankWhateverItsCrc) {
  const BootRecord top = BootRecord::make(kBlankSeq, RecordState::valid);
  expect_boots(decide_boot(two_slots(top, good(1)), Policy::stock), 0, BootReason::active_record);
  const auto d = decide_boot(two_slots(top, kBlank), Policy::stock);
  expect_boots(d, 0, BootReason::no_record_first_slot);
  EXPECT_EQ(d.write_count, 1);
}

TEST(BootDecision, AnUnknownStateIsNoRestriction) {
  const auto odd = static_cast<RecordState>(0x1234);
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    const auto d = decide_boot(two_slots(good(1), good(2, odd)), policy);
    expect_boots(d, 1, BootReason::active_record);
    EXPECT_EQ(d.write_count, 0);
  }
}

TEST(BootDecision, WithRollbackOffTrialsAreOrdinary) {
  for (const RecordState state : {RecordState::fresh, RecordState::pending_verify}) {
    for (const Policy policy : {Policy::stock, Policy::dualbank}) {
      const auto d = decide_boot(two_slots(good(1), good(2, state)), policy);
      expect_boots(d, 1, BootReason::active_record);
      EXPECT_EQ(d.write_count, 0);
    }
  }
}

// ---- rollback on

TEST(BootRollback, DropsEveryPendingRecordUsableOrNot) {
  const auto inputs = two_slots(bad_crc(7, RecordState::pending_verify), good(2, RecordState::pending_verify));
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  EXPECT_TRUE(writes(d, {{0, bad_crc(7, RecordState::aborted)}, {1, good(2, RecordState::aborted)}}));
  expect_boots(d, 0, BootReason::trial_dropped);
}

TEST(BootRollback, APendingRecordThatDidNotRuleChangesNoChoice) {
  const auto inputs = two_slots(good(1, RecordState::pending_verify), good(2, RecordState::valid));
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 1, BootReason::active_record);
  EXPECT_TRUE(writes(d, {{0, good(1, RecordState::aborted)}}));
}

TEST(BootRollback, AbortingDamagedRecordsLeadsToTheRepair) {
  const auto inputs = two_slots(bad_crc(1, RecordState::pending_verify), bad_crc(2, RecordState::pending_verify));
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 0, BootReason::no_record_first_slot);
  EXPECT_TRUE(writes(d, {{0, bad_crc(1, RecordState::aborted)},
                         {1, bad_crc(2, RecordState::aborted)},
                         {0, good(1, RecordState::valid)}}));
  EXPECT_EQ(d.records_after(inputs.records)[0], good(1, RecordState::valid));
  EXPECT_EQ(d.records_after(inputs.records)[1], bad_crc(2, RecordState::aborted));
}

TEST(BootRollback, ADroppedFirstUpdateGoesBackToTheFactoryApp) {
  const auto inputs = with_factory(two_slots(good(1, RecordState::pending_verify)));
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, kFactorySlot, BootReason::trial_dropped);
  EXPECT_EQ(d.chosen, kFactorySlot);
}

TEST(BootRollback, AnImageThatRejectedItselfIsNotBootedAgain) {
  const auto inputs = two_slots(good(1, RecordState::valid), good(2, RecordState::invalid));
  expect_boots(decide_boot(inputs, Policy::stock_rollback), 0, BootReason::active_record);
}

TEST(BootRollback, ConfirmingCutBetweenEraseAndProgramBootsTheOldImage) {
  expect_boots(decide_boot(two_slots(good(1, RecordState::valid), kBlank), Policy::stock_rollback), 0,
               BootReason::active_record);
}

// ---- the order of the fallback

TEST(BootFallback, StockGoesDownThroughFactoryThenUpThenTest) {
  BootInputs inputs = with_factory(many_slots(5, 3, 0xFFFF));
  inputs.good_test = true;
  EXPECT_EQ(fallback_order(inputs, Policy::stock), (std::vector<int>{2, 1, 0, -1, 3, 4, -2}));
  inputs.records = {};
  EXPECT_EQ(fallback_order(inputs, Policy::stock), (std::vector<int>{-1, 0, 1, 2, 3, 4, -2}));
  inputs.has_factory = false;
  EXPECT_EQ(fallback_order(inputs, Policy::stock), (std::vector<int>{0, 1, 2, 3, 4, -2}));
}

TEST(BootFallback, OursTakesTheOtherRecordThenEverySlotBeforeTheFactoryApp) {
  BootInputs inputs = with_factory(many_slots(5, 8, 0xFFFF));
  inputs.good_test = true;
  inputs.records[1] = good(4);
  EXPECT_EQ(fallback_order(inputs, Policy::dualbank), (std::vector<int>{2, 3, 0, 1, 4, -1, -2}));
  inputs.records[1] = good(4, RecordState::aborted);
  EXPECT_EQ(fallback_order(inputs, Policy::dualbank), (std::vector<int>{2, 0, 1, 3, 4, -1, -2}));
  inputs.records = {};
  EXPECT_EQ(fallback_order(inputs, Policy::dualbank), (std::vector<int>{-1, 0, 1, 2, 3, 4, -2}));
}

TEST(BootFallback, SixteenSlotsAllHaveTheirTurn) {
  EXPECT_EQ(fallback_order(many_slots(16, 16, 0xFFFF), Policy::stock).size(), 16u);
  EXPECT_EQ(fallback_order(many_slots(16, 1, 0xFFFF), Policy::dualbank).size(), 16u);
}

TEST(BootFallback, SlotsTheLayoutDoesNotHaveAreNeverTried) {
  const auto d = decide_boot(many_slots(2, 1, 0b1111'1100), Policy::stock);
  expect_boots(d, kNoSlot, BootReason::nothing_boots);
  EXPECT_EQ(d.chosen, 0);
  EXPECT_EQ(fallback_order(many_slots(200, 1, 0xFFFF), Policy::stock).size(), 16u);
}

TEST(BootFallback, AFactoryAppThatTheLayoutDoesNotHaveNeverBoots) {
  BootInputs inputs = two_slots(good(1));
  inputs.good_slots = 0b10;
  inputs.good_factory = true;
  expect_boots(decide_boot(inputs, Policy::stock), 1, BootReason::fallback);
}

TEST(BootFallback, ADamagedFactoryAppDoesNotDisturbAUsableRecord) {
  BootInputs inputs = with_factory(two_slots(good(2)));
  inputs.good_factory = false;
  expect_boots(decide_boot(inputs, Policy::stock), 1, BootReason::active_record);
}

TEST(BootFallback, WithoutOtaSlotsTheFactoryAppBoots) {
  BootInputs inputs{.slot_count = 0, .has_factory = true, .good_slots = 0xFFFF, .good_factory = true};
  inputs.records = {good(2), kBlank};
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    expect_boots(decide_boot(inputs, policy), kFactorySlot, BootReason::no_record_factory);
  }
}

TEST(BootFallback, WithoutAnythingTheTestAppBootsAndNothingIsRepaired) {
  BootInputs inputs{.slot_count = 0, .good_test = true};
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, kTestSlot, BootReason::test_app);
  EXPECT_EQ(d.chosen, kNoSlot);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootFallback, WhereNothingVerifiesATrialIsUsedUpAllTheSame) {
  auto inputs = two_slots(kBlank, good(2, RecordState::fresh));
  inputs.good_slots = 0;
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, kNoSlot, BootReason::nothing_boots);
  EXPECT_EQ(d.chosen, 1);
  EXPECT_EQ(d.write_count, 1);
}

// ---- otadata missing or too small

TEST(BootOtadata, WithoutItTheFactoryAppBootsElseTheSlotsInOrder) {
  BootInputs inputs = with_factory(two_slots(good(2, RecordState::fresh), good(1, RecordState::pending_verify)));
  inputs.has_otadata = false;
  auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, kFactorySlot, BootReason::no_otadata);
  EXPECT_EQ(d.write_count, 0);
  inputs.has_factory = false;
  d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 0, BootReason::no_otadata);
  EXPECT_EQ(d.write_count, 0);
}

TEST(BootOtadata, TooSmallResetsForEver) {
  BootInputs inputs = with_factory(two_slots(good(2)));
  inputs.otadata_readable = false;
  const auto d = decide_boot(inputs, Policy::stock);
  expect_boots(d, kNoSlot, BootReason::otadata_unreadable);
  EXPECT_EQ(d.chosen, kNoSlot);
  EXPECT_EQ(d.write_count, 0);
}

// ---- anti-rollback

BootInputs guarded(BootInputs inputs, std::uint32_t counter, std::uint32_t v0, std::uint32_t v1) {
  inputs.anti_rollback = true;
  inputs.lowest_secure_version = counter;
  inputs.secure_versions[0] = v0;
  inputs.secure_versions[1] = v1;
  return inputs;
}

TEST(BootAntiRollback, ARecordWhoseImageIsTooOldIsPassedOver) {
  const auto d = decide_boot(guarded(two_slots(good(1), good(2)), 3, 3, 2), Policy::stock_rollback);
  expect_boots(d, 0, BootReason::fallback);
  EXPECT_EQ(d.chosen, 1);
}

TEST(BootAntiRollback, AValidRecordRaisesTheCounter) {
  auto inputs = guarded(two_slots(good(1), good(2, RecordState::valid)), 3, 3, 5);
  auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 1, BootReason::active_record);
  EXPECT_EQ(d.raised_secure_version, 5u);
  inputs.records[1].state = RecordState::fresh;
  d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 1, BootReason::trial_first_boot);
  EXPECT_EQ(d.raised_secure_version, 3u);
}

TEST(BootAntiRollback, TheCounterIsRaisedBeforeTheImageIsLookedAtAndTheFallbackSuffers) {
  auto inputs = guarded(two_slots(good(1), good(2, RecordState::valid)), 3, 3, 5);
  inputs.good_slots = 0b01;
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, kNoSlot, BootReason::nothing_boots);
  EXPECT_EQ(d.raised_secure_version, 5u);
}

TEST(BootAntiRollback, TheCounterIsNotRaisedBeyondWhatTheChipCounts) {
  auto inputs = guarded(two_slots(good(1, RecordState::valid)), 3, 5, 0);
  inputs.highest_secure_version = 4;
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, 0, BootReason::active_record);
  EXPECT_EQ(d.raised_secure_version, 3u);
}

TEST(BootAntiRollback, InitialRecordsAreRepairedAndTheCounterRaised) {
  for (const auto& records : {BootRecords{}, BootRecords{bad_crc(3), kBlank}}) {
    auto inputs = guarded(two_slots(), 3, 2, 4);
    inputs.records = records;
    const auto d = decide_boot(inputs, Policy::stock_rollback);
    expect_boots(d, 1, BootReason::fallback);
    EXPECT_TRUE(writes(d, {{0, good(2, RecordState::valid)}}));
    EXPECT_EQ(d.raised_secure_version, 4u);
  }
}

TEST(BootAntiRollback, AnImageWithoutDescriptorCountsForNothing) {
  auto inputs = guarded(two_slots(good(1), good(2)), 0, 0, 0);
  inputs.described_slots = 0b01;
  expect_boots(decide_boot(inputs, Policy::stock_rollback), 0, BootReason::fallback);
  inputs.described_slots = 0;
  expect_boots(decide_boot(inputs, Policy::stock_rollback), kNoSlot, BootReason::nothing_boots);
}

TEST(BootAntiRollback, FactoryAndTestAppsAreHeldAgainstTheCounterToo) {
  auto inputs = guarded(with_factory(two_slots()), 3, 0, 0);
  inputs.good_test = true;
  inputs.factory_secure_version = 2;
  inputs.test_secure_version = 3;
  expect_boots(decide_boot(inputs, Policy::stock_rollback), kTestSlot, BootReason::test_app);
  inputs.factory_secure_version = 3;
  expect_boots(decide_boot(inputs, Policy::stock_rollback), kFactorySlot, BootReason::no_record_factory);
  inputs.anti_rollback = false;
  inputs.factory_secure_version = 0;
  expect_boots(decide_boot(inputs, Policy::stock_rollback), kFactorySlot, BootReason::no_record_factory);
}

TEST(BootAntiRollback, WithoutOtaSlotsAUsableRecordStopsTheVendorsBootloader) {
  auto inputs = guarded(with_factory(two_slots(good(1))), 0, 0, 0);
  inputs.slot_count = 0;
  expect_boots(decide_boot(inputs, Policy::stock_rollback), kNoSlot, BootReason::nothing_boots);
  expect_boots(decide_boot(inputs, Policy::dualbank), kFactorySlot, BootReason::no_record_factory);
  inputs.records[0].state = RecordState::pending_verify;
  const auto d = decide_boot(inputs, Policy::stock_rollback);
  expect_boots(d, kFactorySlot, BootReason::no_record_factory);
  EXPECT_EQ(d.write_count, 1);
}

// ---- words

TEST(BootReasonWords, EveryReasonHasItsOwnNameAndSentence) {
  std::set<std::string> names;
  std::set<std::string> texts;
  constexpr int kReasons = static_cast<int>(BootReason::trial_failed) + 1;
  for (int i = 0; i < kReasons; ++i) {
    names.insert(boot_reason_name(static_cast<BootReason>(i)));
    texts.insert(boot_reason_text(static_cast<BootReason>(i)));
  }
  EXPECT_EQ(names.size(), std::size_t{kReasons});
  EXPECT_EQ(texts.size(), std::size_t{kReasons});
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_STREQ(boot_reason_name(static_cast<BootReason>(200)), "unknown");
  EXPECT_STREQ(boot_reason_text(static_cast<BootReason>(200)), "unknown");
}

}  // namespace
}  // namespace dualbank::tests
