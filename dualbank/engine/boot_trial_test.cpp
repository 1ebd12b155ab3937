// The boot decision of our own bootloader for images on trial.
#include <gtest/gtest.h>

#include "dualbank/engine/boot_decision.hpp"
#include "tests/support/boot_states.hpp"

namespace dualbank::tests {
namespace {

BootInputs on_trial(std::uint8_t tries, bool gave_up = false) {
  BootInputs inputs = two_slots(good(1), good(2));
  inputs.trials[1] = {true, gave_up, tries};
  return inputs;
}

TEST(BootTrial, AnImageOnTrialBootsThreeTimesThenTheOtherOne) {
  for (std::uint8_t tries = 0; tries < 3; ++tries) {
    const auto d = decide_boot(on_trial(tries), Policy::dualbank);
    expect_boots(d, 1, BootReason::trial_boot);
    EXPECT_EQ(d.trial_boot, tries + 1);
    EXPECT_FALSE(d.trial_over);
    EXPECT_EQ(d.followed, 1);
  }
  const auto d = decide_boot(on_trial(3), Policy::dualbank);
  expect_boots(d, 0, BootReason::trial_failed);
  EXPECT_EQ(d.trial_boot, 0);
  EXPECT_TRUE(d.trial_over);
  EXPECT_EQ(d.chosen, 1);
}

TEST(BootTrial, OneThatGaveUpStaysGivenUpHoweverManyBootsItMayHave) {
  BootInputs inputs = on_trial(1, true);
  inputs.most_tries = 255;
  expect_boots(decide_boot(inputs, Policy::dualbank), 0, BootReason::trial_failed);
}

TEST(BootTrial, NoBootsMeansOne) {
  BootInputs inputs = on_trial(0);
  inputs.most_tries = 0;
  expect_boots(decide_boot(inputs, Policy::dualbank), 1, BootReason::trial_boot);
  inputs.trials[1].tries = 1;
  expect_boots(decide_boot(inputs, Policy::dualbank), 0, BootReason::trial_failed);
}

TEST(BootTrial, OnlyTheActiveRecordsTrialCounts) {
  BootInputs inputs = two_slots(good(1), good(2));
  inputs.trials[0] = {true, true, 3};
  expect_boots(decide_boot(inputs, Policy::dualbank), 1, BootReason::active_record);
}

TEST(BootTrial, ADamagedImageOnTrialIsNotCounted) {
  BootInputs inputs = on_trial(1);
  inputs.good_slots = 0b01;
  const auto d = decide_boot(inputs, Policy::dualbank);
  expect_boots(d, 0, BootReason::fallback);
  EXPECT_EQ(d.trial_boot, 0);
}

TEST(BootTrial, ADoubtfulImageComesAfterAllGoodOnesButBeforeTheTestApp) {
  BootInputs inputs = with_factory(many_slots(4, 6, 0xFFFF));
  inputs.good_test = true;
  inputs.records[1] = good(5);
  inputs.trials[0] = {true, false, 3};
  EXPECT_EQ(fallback_order(inputs, Policy::dualbank), (std::vector<int>{0, 2, 3, -1, 1, -2}));
  inputs.records[1] = good(2);  // names the same slot
  EXPECT_EQ(fallback_order(inputs, Policy::dualbank), (std::vector<int>{0, 2, 3, -1, 1, -2}));
  inputs.good_slots = 0b10;
  inputs.good_factory = false;
  expect_boots(decide_boot(inputs, Policy::dualbank), 1, BootReason::trial_failed);
}

TEST(BootTrial, OurBootloaderWritesNoRecord) {
  for (const auto& inputs : {two_slots(), two_slots(bad_crc(1), kBlank), two_slots(kBlank, good(2))}) {
    EXPECT_EQ(decide_boot(inputs, Policy::dualbank).write_count, 0);
  }
}

TEST(BootTrial, TheVendorsBootloaderKnowsOfNone) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback}) {
    const auto d = decide_boot(on_trial(3, true), policy);
    expect_boots(d, 1, BootReason::active_record);
    EXPECT_FALSE(d.trial_over);
    EXPECT_EQ(decide_boot(on_trial(0), policy).trial_boot, 0);
  }
}

}  // namespace
}  // namespace dualbank::tests
