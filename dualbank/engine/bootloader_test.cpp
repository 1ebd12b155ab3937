#include "dualbank/engine/bootloader.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "dualbank/sim/draw.hpp"
#include "tests/support/trial_board.hpp"

namespace dualbank::tests {
namespace {

class Bootloader : public testing::Test {
 protected:
  /// One reset, and what must hold of each: it does what was predicted, and touches only the journal of one record.
  BootOutcome boot() {
    std::array<std::byte, 4096> buffer;
    const BootSettings settings{.policy = Policy::dualbank, .chip_id = kTestChip, .most_tries = board_.most_tries};
    const auto predicted = predict_boot(board_.flash, board_.layout(), settings, buffer);
    EXPECT_TRUE(predicted.has_value());
    const std::array records{board_.raw_record(0), board_.raw_record(1)};
    board_.flash.forget();
    const Result<BootOutcome> booted = board_.bootloader();
    EXPECT_TRUE(booted.has_value());
    EXPECT_EQ(booted->decision.slot, predicted->slot);
    EXPECT_EQ(booted->decision.reason, predicted->reason);
    EXPECT_EQ(booted->decision.trial_boot, predicted->trial_boot);
    EXPECT_EQ(board_.raw_record(0), records[0]);
    EXPECT_EQ(board_.raw_record(1), records[1]);
    EXPECT_EQ(board_.erases(), 0U);
    const std::uint32_t sector = kOtadata + (booted->decision.followed == 1 ? 0x1000U : 0U);
    for (const sim::Op& op : board_.flash.log()) {
      EXPECT_GE(op.address, sector + kLogOffset);
      EXPECT_LT(op.address, sector + kOtadataSectorBytes);
    }
    return *booted;
  }
  void expect_boot(SlotIndex slot, BootReason reason) {
    const BootOutcome booted = boot();
    EXPECT_FALSE(booted.journal.failed()) << static_cast<int>(booted.journal.code);
    expect_boots(booted.decision, slot, reason);
  }
  static void expect_boots(const BootDecision& d, SlotIndex slot, BootReason reason) {
    EXPECT_EQ(int{d.slot}, int{slot});
    EXPECT_STREQ(boot_reason_name(d.reason), boot_reason_name(reason));
  }
  void confirm() {
    Updater updater{board_.flash, board_.options(kNew)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.confirm(), Status::ok);
  }

  TrialBoard board_{Policy::dualbank};
};

TEST_F(Bootloader, ThreeBootsOnTrialThenTheOldImageForGood) {
  for (std::uint8_t n = 1; n <= 3; ++n) {
    const BootOutcome booted = boot();
    expect_boots(booted.decision, kNew, BootReason::trial_boot);
    EXPECT_EQ(booted.decision.trial_boot, n);
    EXPECT_EQ(board_.facts().tries, n);
  }
  EXPECT_FALSE(board_.facts().gave_up);
  expect_boot(kOld, BootReason::trial_failed);
  EXPECT_TRUE(board_.facts().gave_up);
  board_.most_tries = 255;
  for (int i = 0; i < 5; ++i) {
    expect_boot(kOld, BootReason::trial_failed);
    EXPECT_EQ(board_.operations(), 0U);
  }
  board_.expect_updatable(kOld);
}

TEST_F(Bootloader, AConfirmedImageStaysAndItsBootsWriteNothing) {
  expect_boot(kNew, BootReason::trial_boot);
  expect_boot(kNew, BootReason::trial_boot);
  confirm();
  expect_boot(kNew, BootReason::active_record);
  for (int i = 0; i < 10; ++i) {
    expect_boot(kNew, BootReason::active_record);
    EXPECT_EQ(board_.operations(), 0U);
  }
  board_.expect_updatable(kNew);
}

TEST_F(Bootloader, NoBootsMeansOne) {
  board_.most_tries = 0;
  expect_boot(kNew, BootReason::trial_boot);
  expect_boot(kOld, BootReason::trial_failed);
}

TEST_F(Bootloader, TheTryIsInTheFlashBeforeTheImageStarts) {
  const BootOutcome booted = boot();
  EXPECT_EQ(booted.decision.trial_boot, 1);
  const BootSectors sectors = board_.journals();
  EXPECT_EQ(sectors.facts(1).tries, 1);
  EXPECT_EQ(sectors.facts(1).booted,
            (Cell{CellKind::booted, kNew, static_cast<std::uint16_t>(BootReason::trial_boot), 2, 1}));
}

TEST_F(Bootloader, ADamagedImageIsNotTriedAndKeepsItsBoots) {
  board_.damage(kNew);
  expect_boot(kOld, BootReason::fallback);
  EXPECT_EQ(board_.facts().tries, 0);
  board_.repair(kNew);
  expect_boot(kNew, BootReason::trial_boot);
  EXPECT_EQ(board_.facts().tries, 1);
}

TEST_F(Bootloader, AGivenUpImageIsBetterThanNoneAndCanStillConfirmItself) {
  for (int i = 0; i < 4; ++i) (void)boot();
  board_.damage(kOld);
  expect_boot(kNew, BootReason::trial_failed);
  confirm();
  board_.repair(kOld);
  expect_boot(kNew, BootReason::active_record);
}

TEST_F(Bootloader, WhereNothingBootsNothingIsWritten) {
  board_.damage(kOld);
  board_.damage(kNew);
  board_.may_boot({});
  expect_boot(kNoSlot, BootReason::nothing_boots);
  EXPECT_EQ(board_.operations(), 0U);
}

TEST_F(Bootloader, VendorsRecordsAndBlankOnesGetNoCells) {
  board_.record(0, 1, 2).record(1, 2);
  expect_boot(kNew, BootReason::active_record);
  EXPECT_EQ(board_.operations(), 0U);
  board_.flash.put(kOtadata, ByteVector(0x2000, std::byte{0xFF}));
  expect_boot(kOld, BootReason::no_record_first_slot);
  EXPECT_EQ(board_.operations(), 0U);
}

TEST_F(Bootloader, ANewerJournalCountsAsAbsentAndIsLeftAlone) {
  Cell cell{.kind = CellKind::firm};
  auto bytes = cell.bytes();
  bytes[0] = std::byte{0x2F};
  store_u32(bytes, 12, crc32(Bytes{bytes}.first(12)));
  board_.flash.put(kOtadata + 0x1000 + board_.facts().free_cell, bytes);
  for (int i = 0; i < 5; ++i) {
    expect_boot(kNew, BootReason::active_record);
    EXPECT_EQ(board_.operations(), 0U);
  }
  board_.damage(kNew);
  expect_boot(kOld, BootReason::fallback);
  EXPECT_EQ(board_.operations(), 0U);
}

// ---- the boot journal

TEST_F(Bootloader, TheBootJournalIsWrittenWhenSomethingChangedAndNeverMoreThanEightTimes) {
  board_.record(0, 1, 2).record(1, 2);
  std::uint32_t written = 0;
  for (int i = 0; i < 30; ++i) {
    if (i % 2 == 0) {
      board_.damage(kNew);
    } else {
      board_.repair(kNew);
    }
    const BootReason reason = i % 2 == 0 ? BootReason::fallback : BootReason::active_record;
    expect_boot(i % 2 == 0 ? kOld : kNew, reason);
    if (board_.operations() == 0) continue;
    ++written;
    EXPECT_EQ(board_.facts().booted, (Cell{CellKind::booted, static_cast<std::uint8_t>(i % 2 == 0 ? kOld : kNew),
                                           static_cast<std::uint16_t>(reason), 2, written}));
  }
  EXPECT_EQ(written, kMostBootedCells);
}

TEST_F(Bootloader, TheBootJournalLeavesTheRoomThatAnUpdateNeeds) {
  for (const std::uint32_t room : {0U, 1U, 8U, 9U}) {
    TrialBoard board{Policy::dualbank};
    board.damage(kNew);
    board.fill_log(1, room);
    const Result<BootOutcome> booted = board.bootloader();
    ASSERT_TRUE(booted.has_value());
    EXPECT_EQ(booted->decision.slot, kOld);
    EXPECT_EQ(booted->decision.reason, room < kCellsForATry ? BootReason::trial_failed : BootReason::fallback);
    EXPECT_FALSE(board.facts().has_booted) << room;
    EXPECT_GE(board.journals().room(1), room < kCellsForATry ? 0U : room);
  }
}

// ---- what cannot be written

TEST_F(Bootloader, AFullLogEndsTheTrialAndNeverLetsItGoOn) {
  for (std::uint32_t room = 0; room <= 12; ++room) {
    TrialBoard board{Policy::dualbank};
    board.fill_log(1, room);
    int boots = 0;
    for (; board.boots(Policy::dualbank) == kNew; ++boots) {
      const Result<BootOutcome> booted = board.bootloader();
      ASSERT_TRUE(booted.has_value() && !booted->journal.failed());
      ASSERT_EQ(booted->decision.slot, kNew);
      ASSERT_LE(boots, 3);
      ASSERT_GE(board.journals().room(1), kCellsForATry - 1);
    }
    EXPECT_EQ(boots, room < kCellsForATry ? 0 : room < kCellsForATry + 2 ? static_cast<int>(room) - 2 : 3) << room;
    for (int i = 0; i < 3; ++i) {
      const Result<BootOutcome> booted = board.bootloader();
      board.most_tries = 255;
      EXPECT_EQ(booted->decision.slot, kOld);
      EXPECT_EQ(booted->journal.code, room == 0 ? Status::journal_full : Status::ok);
    }
    // Asked for again, it gets a fresh record.
    Updater updater{board.flash, board.options(kOld)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.switch_slot(kNew), Status::ok);
    EXPECT_EQ(updater.last_event().code, Status::switched);
    EXPECT_EQ(board.reset(Policy::dualbank), kNew);
  }
}

TEST_F(Bootloader, ATryThatCannotBeWrittenIsNotTaken) {
  for (const std::uint32_t operation : {0U, 1U, 2U}) {  // the last cell again, the burnt one, the try
    TrialBoard board{Policy::dualbank};
    board.flash.fail_at(operation, Status::flash_program_failed);
    Result<BootOutcome> booted = board.bootloader();
    ASSERT_TRUE(booted.has_value());
    expect_boots(booted->decision, kOld, BootReason::trial_failed);
    EXPECT_EQ(booted->journal.code, Status::flash_program_failed);
    EXPECT_EQ(board.facts().tries, 0);
    EXPECT_FALSE(board.facts().gave_up);
    booted = board.bootloader();
    expect_boots(booted->decision, kNew, BootReason::trial_boot);
    EXPECT_EQ(booted->journal.code, Status::ok);
  }
}

TEST_F(Bootloader, WhatElseCannotBeWrittenKeepsNothingFromBooting) {
  for (int i = 0; i < 3; ++i) (void)boot();
  board_.flash.fail_at(2, Status::flash_program_failed);  // gave_up
  Result<BootOutcome> booted = board_.bootloader();
  expect_boots(booted->decision, kOld, BootReason::trial_failed);
  EXPECT_EQ(booted->journal.code, Status::flash_program_failed);
  EXPECT_FALSE(board_.facts().gave_up);
  board_.flash.fail_at(3, Status::flash_program_failed);  // booted
  booted = board_.bootloader();
  expect_boots(booted->decision, kOld, BootReason::trial_failed);
  EXPECT_EQ(booted->journal.code, Status::flash_program_failed);
  EXPECT_TRUE(board_.facts().gave_up);
}

TEST_F(Bootloader, AFlashThatDoesNotReadIsTheOnlyError) {
  board_.with_compact = false;
  board_.flash.forget();
  (void)board_.bootloader();
  const auto reads = static_cast<std::uint32_t>(board_.flash.counts().reads);
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < reads; ++i) {
    TrialBoard board{Policy::dualbank};
    board.with_compact = false;
    board.flash.fail_read_at(i, Status::flash_timeout);
    const Result<BootOutcome> booted = board.bootloader();
    if (!booted) {
      EXPECT_EQ(booted.error().code, Status::flash_timeout);
      ++refused;
    } else {  // reading back what was written
      EXPECT_EQ(booted->journal.code, Status::flash_timeout);
      EXPECT_TRUE(board.verifies(booted->decision.slot));
    }
  }
  EXPECT_GT(refused, 60U);
  EXPECT_LT(refused, reads);
}

TEST_F(Bootloader, AFlashThatCannotTakeCellsSaysSo) {
  Geometry geometry = board_.flash.geometry();
  geometry.erased = std::byte{0};
  sim::NorFlash flash{geometry};
  flash.put(0, board_.flash.contents());
  std::array<std::byte, 256> buffer;
  const auto booted = run_bootloader(flash, board_.layout(), {.chip_id = kTestChip}, buffer);
  ASSERT_TRUE(booted.has_value());
  expect_boots(booted->decision, kOld, BootReason::trial_failed);
  EXPECT_EQ(booted->journal.code, Status::flash_geometry);
  EXPECT_EQ(flash.counts().operations(), 0U);
}

TEST_F(Bootloader, ThePolicyIsOursWhateverTheSettingsSay) {
  std::array<std::byte, 256> buffer;
  const BootSettings settings{.policy = Policy::stock, .chip_id = kTestChip};
  EXPECT_EQ(run_bootloader(board_.flash, board_.layout(), settings, buffer)->decision.trial_boot, 1);
}

TEST_F(Bootloader, WithoutOtadataItBootsAndWritesNothing) {
  Layout layout = board_.layout();
  for (const std::uint32_t size : {0U, 0x1000U}) {
    layout.otadata.size_bytes = size;
    std::array<std::byte, 256> buffer;
    const auto booted = run_bootloader(board_.flash, layout, {.chip_id = kTestChip}, buffer);
    EXPECT_EQ(booted->decision.slot, size == 0 ? kOld : kNoSlot);
    EXPECT_EQ(board_.operations(), 0U);
  }
}

// ---- prediction and bootloader

TEST(BootloaderWalk, DoesWhatWasPredictedInEveryStateThatItMeets) {
  sim::Random random{2024};
  std::set<std::pair<BootReason, SlotIndex>> met;
  for (int walk = 0; walk < 40; ++walk) {
    TrialBoard board{Policy::dualbank, {.slots = walk % 2 == 0 ? 2 : 3, .factory = walk % 3 == 0}};
    board.may_boot({});
    if (walk % 3 == 0) board.install(kFactorySlot, firmware("uf2"));
    if (walk % 2 == 1) board.install(2, firmware("1.5"));
    SlotIndex running = kOld;
    for (int step = 0; step < 60; ++step) {
      const SlotIndex slot = static_cast<SlotIndex>(random.below(2));
      Updater updater{board.flash, board.options(running)};
      switch (random.below(12)) {
        case 0:
          (void)updater.open();
          (void)updater.confirm();
          break;
        case 1:
        case 2:
          (void)updater.open();
          (void)updater.switch_slot(slot);
          break;
        case 3:
          (void)updater.open();
          (void)updater.rollback();
          break;
        case 4:
          board.damage(slot);
          break;
        case 5:
        case 6:
          board.repair(slot);
          break;
        case 7:
          board.record(slot, random.below(6), random.below(2) == 0 ? 2 : 0xFFFF'FFFF);
          break;
        case 8:
          if (random.below(4) == 0) board.fill_log(slot, random.below(12));
          break;
        case 9:
          board.most_tries = static_cast<std::uint8_t>(random.below(5));
          break;
        default:
          break;
      }
      std::array<std::byte, 1024> buffer;
      const BootSettings settings{.policy = Policy::dualbank, .chip_id = kTestChip, .most_tries = board.most_tries};
      const BootDecision expected = board.decides(Policy::dualbank);
      const auto predicted = predict_boot(board.flash, board.layout(), settings, buffer);
      const auto booted = board.bootloader();
      ASSERT_TRUE(predicted.has_value() && booted.has_value());
      for (const BootDecision& d : {*predicted, booted->decision}) {
        ASSERT_EQ(d.slot, expected.slot) << "walk " << walk << " step " << step;
        ASSERT_EQ(d.reason, expected.reason);
        ASSERT_EQ(d.chosen, expected.chosen);
        ASSERT_EQ(d.trial_boot, expected.trial_boot);
        ASSERT_EQ(d.trial_over, expected.trial_over);
        ASSERT_EQ(d.write_count, 0);
      }
      met.insert({expected.reason, expected.slot});
      if (expected.slot != kNoSlot) running = expected.slot;
    }
  }
  EXPECT_GT(met.size(), 12U);
}

}  // namespace
}  // namespace dualbank::tests
