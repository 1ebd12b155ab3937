// Trials as an application sees them: what open() says of them, boot_guard(), and a new trial for an image that failed.
#include <gtest/gtest.h>

#include "dualbank/engine/explain.hpp"
#include "tests/support/trial_board.hpp"

namespace dualbank::tests {
namespace {

// ---- under our own bootloader

TEST(TrialUnderOurBootloader, TheStateCountsItsBoots) {
  TrialBoard board{Policy::dualbank};
  for (std::uint8_t boots = 1; boots <= 3; ++boots) {
    ASSERT_EQ(board.reset(Policy::dualbank), kNew);
    for (const SlotIndex running : {kNew, kUnknownSlot}) {
      Updater updater{board.flash, board.options(running)};
      ASSERT_EQ(updater.open(), Status::ok);
      EXPECT_EQ(updater.status().running_slot, kNew) << "boot " << int{boots};
      EXPECT_TRUE(updater.status().on_trial);
      EXPECT_EQ(updater.status().trial_boots, boots);
      EXPECT_EQ(updater.can_rollback(), CanRollBack::yes);
    }
  }
}

TEST(TrialUnderOurBootloader, BeforeItsFirstBootTheOldImageIsTakenForTheRunningOne) {
  TrialBoard board{Policy::dualbank};
  Updater updater{board.flash, board.options(kUnknownSlot)};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().running_slot, kOld);
  EXPECT_EQ(updater.status().boot_slot, kNew);
  EXPECT_FALSE(updater.status().on_trial);
  EXPECT_EQ(updater.status().trial_boots, 0);
}

TEST(TrialUnderOurBootloader, TheOldImageLearnsThatTheNewOneFailed) {
  TrialBoard board{Policy::dualbank};
  for (int i = 0; i < 4; ++i) (void)board.reset(Policy::dualbank);
  for (const SlotIndex running : {kOld, kUnknownSlot}) {
    board.flash.forget();
    Updater updater{board.flash, board.options(running)};
    EXPECT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.last_event(), (Event{Status::trial_failed_back, {kNew, 3, kOld}}));
    EXPECT_EQ(board.operations(), 0U);
  }
  board.expect_updatable(kOld);
}

TEST(TrialUnderOurBootloader, ASwitchThatWasCutAndThenFailedIsNotFinishedAfterwards) {
  std::uint32_t lives = 0;
  for (std::uint32_t operation = 0; operation < 12; ++operation) {
    TrialBoard board{Policy::dualbank};
    board.record(0, 1, 2).record(1, 0xFFFF'FFFF);
    {
      Updater updater{board.flash, board.options(kOld)};
      ASSERT_EQ(updater.open(), Status::ok);
      board.flash.cut_at(operation, {.kind = sim::Tear::Kind::before});
      (void)updater.switch_slot(kNew);
    }
    board.power_on();
    if (!board.facts().unfinished() || board.boots(Policy::dualbank) != kNew) continue;
    ++lives;
    for (int i = 0; i < 3; ++i) ASSERT_EQ(board.reset(Policy::dualbank), kNew);
    ASSERT_EQ(board.reset(Policy::dualbank), kOld);
    board.flash.forget();
    Updater updater{board.flash, board.options(kOld)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.last_event().code, Status::trial_failed_back);
    EXPECT_EQ(board.operations(), 0U);
    board.expect_updatable(kOld);
  }
  EXPECT_EQ(lives, 1U);
}

TEST(TrialUnderOurBootloader, AfterTheNextUpdateItSaysSoNoMore) {
  TrialBoard board{Policy::dualbank};
  for (int i = 0; i < 4; ++i) (void)board.reset(Policy::dualbank);
  board.expect_updatable(kOld);
  Updater updater{board.flash, board.options(kNew)};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::opened);
}

TEST(TrialUnderOurBootloader, SwitchedToAgainItGetsANewTrial) {
  TrialBoard board{Policy::dualbank};
  for (int i = 0; i < 4; ++i) (void)board.reset(Policy::dualbank);
  Updater updater{board.flash, board.options(kOld)};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.switch_slot(kNew), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::switched);
  ASSERT_EQ(updater.switch_slot(kNew), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::already_switched);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(board.reset(Policy::dualbank), kNew);
  EXPECT_EQ(board.reset(Policy::dualbank), kOld);
}

TEST(TrialUnderOurBootloader, WithThreeSlotsToo) {
  TrialBoard board{Policy::dualbank, {.slots = 3, .factory = true}};
  board.install(2, firmware("1.5")).install(kFactorySlot, firmware("uf2"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(board.reset(Policy::dualbank), kNew);
  EXPECT_EQ(board.reset(Policy::dualbank), kOld);
  board.expect_updatable(kOld);
}

// ---- boot_guard

/// One boot of a firmware that guards itself and confirms nothing. What runs on afterwards; kNoSlot: it asked for a
/// reset.
SlotIndex guarded_boot(TrialBoard& board, std::uint8_t most = 3) {
  const SlotIndex running = board.boots();
  Updater updater{board.flash, board.options(running)};
  EXPECT_EQ(updater.open(), Status::ok);
  const Status guarded = updater.boot_guard(most);
  EXPECT_TRUE(guarded == Status::ok || guarded == Status::trial_failed) << static_cast<int>(guarded);
  return guarded == Status::trial_failed ? kNoSlot : running;
}

TEST(BootGuard, LetsThreeBootsPassThenGoesBackForGood) {
  TrialBoard board{Policy::stock};
  for (std::uint32_t n = 1; n <= 3; ++n) {
    Updater updater{board.flash, board.options(kNew)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.boot_guard(), Status::ok);
    EXPECT_EQ(updater.last_event(), (Event{Status::trial_boot, {kNew, n, 3}}));
    EXPECT_EQ(updater.status().trial_boots, n);
    EXPECT_EQ(board.boots(), kNew);
  }
  {
    Updater updater{board.flash, board.options(kNew)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.boot_guard(), Status::trial_failed);
    EXPECT_EQ(updater.last_event(), (Event{Status::trial_failed, {kNew, 3, kOld}}));
  }
  EXPECT_EQ(board.boots(), kOld);
  Updater updater{board.flash, board.options(kOld)};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::trial_failed_back, {kNew, 3, kOld}}));
  board.flash.forget();
  EXPECT_EQ(updater.boot_guard(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::not_on_trial, {kOld, 0, 0}}));
  EXPECT_EQ(board.operations(), 0U);
}

TEST(BootGuard, AfterItTheNextUpdateWorks) {
  TrialBoard board{Policy::stock};
  for (int i = 0; i < 4; ++i) (void)guarded_boot(board);
  ASSERT_EQ(board.boots(), kOld);
  board.expect_updatable(kOld);
}

TEST(BootGuard, AConfirmedImageIsNotCounted) {
  TrialBoard board{Policy::stock};
  EXPECT_EQ(guarded_boot(board), kNew);
  Updater updater{board.flash, board.options(kNew)};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.confirm(), Status::ok);
  board.flash.forget();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guarded_boot(board, 1), kNew);
  EXPECT_EQ(board.operations(), 0U);
}

TEST(BootGuard, CountsOnceABoot) {
  TrialBoard board{Policy::stock};
  Updater updater{board.flash, board.options(kNew)};
  ASSERT_EQ(updater.open(), Status::ok);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(updater.boot_guard(), Status::ok);
    EXPECT_EQ(updater.last_event(), (Event{Status::trial_boot, {kNew, 1, 3}}));
  }
}

TEST(BootGuard, NoBootsMeansOne) {
  TrialBoard board{Policy::stock};
  EXPECT_EQ(guarded_boot(board, 0), kNew);
  EXPECT_EQ(guarded_boot(board, 0), kNoSlot);
}

TEST(BootGuard, WhereTheBootloaderCountsItWritesNothing) {
  for (const Policy policy : {Policy::dualbank, Policy::stock_rollback}) {
    TrialBoard board{policy};
    ASSERT_EQ(board.reset(policy), kNew);
    Updater updater{board.flash, board.options(kNew)};
    ASSERT_EQ(updater.open(), Status::ok);
    board.flash.forget();
    EXPECT_EQ(updater.boot_guard(1), Status::ok);
    EXPECT_EQ(updater.last_event(), (Event{Status::bootloader_counts, {kNew, 0, 0}}));
    EXPECT_EQ(board.operations(), 0U);
    EXPECT_EQ(updater.status().trial_boots, policy == Policy::dualbank ? 1 : 0);
    board.may_boot({});
  }
}

TEST(BootGuard, WithNothingToGoBackToTheImageStays) {
  TrialBoard board{Policy::stock};
  for (int i = 0; i < 3; ++i) (void)guarded_boot(board);
  board.damage(kOld);
  board.flash.forget();
  for (int i = 0; i < 2; ++i) {
    Updater updater{board.flash, board.options(kNew)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.boot_guard(), Status::no_rollback_target);
    EXPECT_EQ(updater.last_event().code, Status::no_rollback_target);
    EXPECT_EQ(board.operations(), 0U);
  }
  board.repair(kOld);
  EXPECT_EQ(guarded_boot(board), kNoSlot);
  EXPECT_EQ(board.boots(), kOld);
}

TEST(BootGuard, RefusesWhatEveryWritingCallRefuses) {
  TrialBoard board{Policy::stock};
  Updater closed{board.flash, board.options(kNew)};
  EXPECT_EQ(closed.boot_guard(), Status::not_open);
  Options options = board.options(kNew);
  options.read_only = true;
  Updater looking{board.flash, options};
  ASSERT_EQ(looking.open(), Status::ok);
  EXPECT_EQ(looking.boot_guard(), Status::read_only);
  EXPECT_EQ(board.facts().tries, 0);
}

TEST(BootGuard, AFullLogEndsTheTrial) {
  for (std::uint32_t room = 0; room <= 9; ++room) {
    TrialBoard board{Policy::stock};
    board.fill_log(1, room);
    int boots = 0;
    while (guarded_boot(board) == kNew) {
      ASSERT_LE(++boots, 3) << room;
    }
    EXPECT_EQ(boots, room < kCellsForATry ? 0 : room < kCellsForATry + 2 ? static_cast<int>(room) - 2 : 3) << room;
    EXPECT_EQ(board.boots(), kOld);
  }
}

TEST(TrialUnderOurBootloader, OneThatTheLogHasNoRoomToCountIsToldAsFailed) {
  for (std::uint32_t room = 0; room <= kCellsForATry; ++room) {
    TrialBoard board{Policy::dualbank};
    board.fill_log(1, room);
    const bool counted = room == kCellsForATry;
    Updater updater{board.flash, board.options(kOld)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.last_event().code, counted ? Status::opened : Status::trial_failed_back) << room;
    ASSERT_EQ(updater.switch_slot(), Status::ok) << "and gets a new one";
    EXPECT_EQ(updater.last_event().code, Status::switched);
    EXPECT_EQ(board.boots(), kNew);
  }
}

TEST(BootGuard, AFlashThatFailsIsItsErrorAndTheOldImageIsOnlyNamedWhenItBoots) {
  int marked = 0;
  for (std::uint32_t operation = 0; operation < 12; ++operation) {
    TrialBoard board{Policy::stock};
    for (int i = 0; i < 3; ++i) (void)guarded_boot(board);
    Updater updater{board.flash, board.options(kNew)};
    ASSERT_EQ(updater.open(), Status::ok);
    board.flash.fail_at(operation, Status::flash_program_failed);
    const Status guarded = updater.boot_guard();
    if (guarded == Status::trial_failed) {
      EXPECT_EQ(board.boots(), kOld);
    } else {
      EXPECT_EQ(guarded, Status::flash_program_failed) << operation;
    }
    board.flash.disarm();
    marked += board.facts().gave_up && board.boots() == kNew ? 1 : 0;
    // The next boot goes on with it: open() where the new record was begun, else the guard.
    if (board.boots() == kNew) (void)guarded_boot(board, board.facts().gave_up ? 255 : 3);
    EXPECT_EQ(board.boots(), kOld) << operation;
  }
  EXPECT_GT(marked, 2) << "the mark comes first";
}

TEST(BootGuard, ItsSentencesNameSlotsAndBoots) {
  std::array<char, 200> text{};
  const auto sentence = [&](const Event& event) { return std::string{explain_what(event, text)}; };
  EXPECT_EQ(sentence({Status::trial_failed, {1, 3, 0}}), "ota_1 was not confirmed in 3 boots; ota_0 boots next");
  EXPECT_EQ(sentence({Status::trial_failed_back, {1, 3, 0}}), "ota_1 was given up after 3 boots on trial; ota_0 runs");
  EXPECT_EQ(sentence({Status::trial_boot, {1, 2, 3}}), "ota_1 runs on trial, boot 2 of 3");
}

}  // namespace
}  // namespace dualbank::tests
