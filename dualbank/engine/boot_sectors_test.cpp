// The two otadata sectors: what is read from them, and the bytes and order of what is written.
#include "dualbank/engine/boot_sectors.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "tests/support/boot_sectors_fixture.hpp"

namespace dualbank {
namespace {

using BootSectorsTest = tests::BootSectorsFixture;
using namespace tests;

TEST_F(BootSectorsTest, BlankSectorsSayNothing) {
  read();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(sectors.facts(i).record_blank);
    EXPECT_TRUE(sectors.facts(i).all_blank);
    EXPECT_FALSE(sectors.facts(i).clean()) << "it may be a torn erase";
    EXPECT_EQ(sectors.facts(i).free_cell, 32);
    EXPECT_EQ(sectors.room(i), 254U);
  }
  EXPECT_EQ(sectors.active(), -1);
  EXPECT_EQ(sectors.active_slot(), kNoSlot);
  EXPECT_EQ(sectors.seq_for(1), 2U);
}

TEST_F(BootSectorsTest, PutWritesIntentThenRecordThenFirm) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.put(1, 1, 2, RecordState::undefined, Reason::switched), kDone);
  EXPECT_EQ(board.raw_record(1), record_bytes(2, 0xFFFFFFFF));
  const auto ops = board.operations_in(sectors_address(1), 0x1000);
  std::vector<std::uint32_t> order;
  for (const sim::Op& op : ops)
    order.push_back(op.kind == sim::OpKind::erase ? 0xE000U : op.address - sectors_address(1));
  // burnt, DOOMED, erase, ERASED, INTENT, record, FIRM
  EXPECT_EQ(order, (std::vector<std::uint32_t>{32, 48, 0xE000, 32, 48, 0, 64}));
  Cell cell;
  EXPECT_EQ(form_at(1, 32, cell), CellForm::cell);
  EXPECT_EQ(cell, (Cell{.kind = CellKind::erased}));
  EXPECT_EQ(form_at(1, 48, cell), CellForm::cell);
  EXPECT_EQ(cell, (Cell{CellKind::intent, 1, 1, 2, 0xFFFFFFFF}));
  EXPECT_EQ(form_at(1, 64, cell), CellForm::cell);
  EXPECT_EQ(cell, (Cell{.kind = CellKind::firm}));
  EXPECT_EQ(sectors.active(), 1);
  EXPECT_EQ(sectors.active_slot(), 1);
  EXPECT_TRUE(sectors.facts(1).ours());
  EXPECT_TRUE(sectors.facts(1).firm);
  const SectorFacts before = sectors.facts(1);
  read();
  EXPECT_EQ(sectors.facts(1).firm, before.firm);
  EXPECT_EQ(sectors.facts(1).intent, before.intent);
  EXPECT_EQ(sectors.facts(1).free_cell, before.free_cell);
}

TEST_F(BootSectorsTest, ARecordWithAStateGetsItsCrcLast) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.put(1, 1, 2, RecordState::fresh, Reason::switched), kDone);
  const auto ops = board.operations_in(sectors_address(1), 32);
  ASSERT_EQ(ops.size(), 3U);
  EXPECT_EQ(ops[1].size_bytes, 28U);
  EXPECT_EQ(ops[2].address - sectors_address(1), 28U);
  EXPECT_EQ(ops[2].size_bytes, 4U);
}

TEST_F(BootSectorsTest, WithNoUsableRecordABlankSectorIsTakenAsItIs) {  // H10
  read();
  ASSERT_EQ(sectors.put(0, 0, 1, RecordState::valid, Reason::anchor), kDone);
  EXPECT_EQ(board.flash.counts().erases, 0U);
  EXPECT_EQ(board.raw_record(0), record_bytes(1, 2));
}

TEST_F(BootSectorsTest, ACleanSectorIsNotErasedAgain) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  EXPECT_TRUE(sectors.facts(1).clean());
  ASSERT_EQ(sectors.put(1, 1, 2, RecordState::undefined, Reason::switched), kDone);
  EXPECT_EQ(board.flash.counts().erases, 1U);
}

TEST_F(BootSectorsTest, AnUnfinishedPutIsSeenAndFinished) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  put_cell(1, 48, {CellKind::intent, 1, 1, 2, 0xFFFFFFFF});
  read();
  EXPECT_TRUE(sectors.facts(1).unfinished());
  EXPECT_FALSE(sectors.facts(1).clean());
  ASSERT_EQ(sectors.finish(1), kDone);
  EXPECT_FALSE(sectors.facts(1).unfinished());
  EXPECT_EQ(board.raw_record(1), record_bytes(2, 0xFFFFFFFF));
  read();
  EXPECT_FALSE(sectors.facts(1).unfinished());
}

TEST_F(BootSectorsTest, ANewNumberIsAboveThatOfARecordThatIsStillIntended) {
  read();
  put_cell(0, 32, {.kind = CellKind::erased});
  put_cell(0, 48, {CellKind::intent, 0, 1, 3, 0xFFFFFFFF});
  read();
  EXPECT_EQ(sectors.seq_for(0), 5U);
  board.record(1, 8, 2);
  read();
  EXPECT_EQ(sectors.seq_for(0), 9U);
}

TEST_F(BootSectorsTest, ATornLastCellBecomesZerosAndNothingElse) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  ASSERT_EQ(sectors.bury_torn_cell(1), kDone);
  Cell cell;
  EXPECT_EQ(form_at(1, 32, cell), CellForm::cell);
  board.flash.put(sectors_address(1) + 48, std::array{std::byte{0x17}});
  read();
  ASSERT_EQ(sectors.bury_torn_cell(1), kDone);
  EXPECT_TRUE(all_equal(board.flash.contents().subspan(sectors_address(1) + 48, 16), std::byte{0}));
  const auto before = board.flash.counts().operations();
  ASSERT_EQ(sectors.bury_torn_cell(1), kDone);
  EXPECT_EQ(board.flash.counts().operations(), before);
}

TEST_F(BootSectorsTest, WhatCannotBeFinishedIsTold) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  put_cell(1, 48, {CellKind::intent, 1, 1, 3, 0xFFFFFFFF});
  board.flash.put(sectors_address(1), ByteVector(4, std::byte{0}));
  read();
  const std::uint64_t ops = board.operations();
  EXPECT_EQ(sectors.finish(1), (Event{Status::flash_not_erased, {sectors_address(1), 0, 0}}));
  EXPECT_EQ(board.operations(), ops);
}

TEST_F(BootSectorsTest, DoomedVoidsWhatTheSectorSays) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  ASSERT_EQ(sectors.append(1, {.kind = CellKind::doomed}), kDone);
  read();
  EXPECT_TRUE(sectors.facts(1).doomed);
  EXPECT_FALSE(sectors.facts(1).clean());
}

TEST_F(BootSectorsTest, ANewerJournalCountsAsAbsent) {
  board.record(1, 2);
  ByteVector newer(16);
  store_u8(newer, 0, 0x21);
  store_u32(newer, 12, crc32(Bytes{newer}.first(12)));
  put_cell(1, 32, {.kind = CellKind::erased});
  put_cell(1, 48, {CellKind::intent, 1, 1, 2, 0xFFFFFFFF});
  board.flash.put(sectors_address(1) + 64, newer);
  read();
  EXPECT_TRUE(sectors.facts(1).newer);
  EXPECT_FALSE(sectors.facts(1).ours());
  EXPECT_FALSE(sectors.facts(1).unfinished());
  EXPECT_FALSE(sectors.facts(1).clean());
  EXPECT_EQ(sectors.active(), 1) << "the record is the vendor's format and counts";
}

TEST_F(BootSectorsTest, SettleBurnsTheFirstFreeCellAndKeepsTheLast) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  read();
  ASSERT_EQ(sectors.settle(1), kDone);
  Cell cell;
  EXPECT_EQ(form_at(1, 32, cell), CellForm::cell);
  EXPECT_EQ(form_at(1, 48, cell), CellForm::burnt);
  EXPECT_TRUE(all_equal(board.flash.contents().subspan(sectors_address(1) + 48, 16), std::byte{0}));
  const std::uint64_t ops = board.operations();
  ASSERT_EQ(sectors.settle(1), kDone) << "once a power session";
  EXPECT_EQ(board.operations(), ops);
}

TEST_F(BootSectorsTest, SettleVoidsATornLastCell) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  ByteVector torn(16, std::byte{0xFF});
  torn[0] = std::byte{0x16};
  board.flash.put(sectors_address(1) + 48, torn);
  read();
  ASSERT_EQ(sectors.settle(1), kDone);
  EXPECT_TRUE(all_equal(board.flash.contents().subspan(sectors_address(1) + 48, 16), std::byte{0}));
}

TEST_F(BootSectorsTest, WhatAnEraseLeftBehindAFreeCellNeverSpeaksAgain) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  put_cell(1, 64, {.kind = CellKind::gave_up});
  put_cell(1, 80, {.kind = CellKind::confirmed});
  read();
  ASSERT_EQ(sectors.append(1, {.kind = CellKind::tried, .a = 1}), kDone);
  Cell cell;
  for (const std::uint32_t burnt : {48U, 64U, 80U}) EXPECT_EQ(form_at(1, burnt, cell), CellForm::burnt) << burnt;
  ASSERT_EQ(form_at(1, 96, cell), CellForm::cell);
  EXPECT_EQ(cell.kind, CellKind::tried);
  read();
  EXPECT_EQ(sectors.facts(1).tries, 1);
  EXPECT_FALSE(sectors.facts(1).gave_up);
  EXPECT_FALSE(sectors.facts(1).confirmed);
}

TEST_F(BootSectorsTest, AFullLogStillTakesWhatMatters) {
  board.record(0, 1, 2);
  read();
  ASSERT_EQ(sectors.wipe(1), kDone);
  Event e = kDone;
  int marks = 0;
  for (; !e.failed() && marks < 1000; ++marks) e = sectors.append(1, {CellKind::mark, 0, 1, 2, 0});
  EXPECT_EQ(e, (Event{Status::journal_full, {1, 0, 0}}));
  EXPECT_EQ(sectors.room(1), 8U);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(sectors.append(1, {.kind = CellKind::confirmed}), kDone);
  EXPECT_EQ(sectors.append(1, {.kind = CellKind::confirmed}).code, Status::journal_full);
  read();
  EXPECT_EQ(sectors.room(1), 0U);
  EXPECT_EQ(sectors.put(1, 1, 2, RecordState::undefined, Reason::switched), kDone)
      << "it is wiped first, by voiding ERASED";
  EXPECT_EQ(board.raw_record(1), record_bytes(2, 0xFFFFFFFF));
}

TEST_F(BootSectorsTest, TheNextNumberIsAboveBothGoodRecords) {
  board.record(0, 5).record(1, 8);
  read();
  EXPECT_EQ(sectors.seq_for(0), 9U);
  EXPECT_EQ(sectors.seq_for(1), 10U);
  ByteVector damaged = record_bytes(1000, 0xFFFFFFFF);
  damaged[28] ^= std::byte{1};
  board.flash.put(sectors_address(1), damaged);
  read();
  EXPECT_EQ(sectors.seq_for(1), 6U) << "a damaged record's number counts for nothing";
  EXPECT_FALSE(sectors.near_top());
  board.record(0, 0xFFFFFFF0);
  read();
  EXPECT_TRUE(sectors.near_top());
}

TEST_F(BootSectorsTest, TheBlankerSectorIsChosenWhenNoneRules) {
  read();
  EXPECT_EQ(sectors.blanker(), 0);
  board.flash.put(sectors_address(0) + 100, ByteVector(1, std::byte{0}));
  read();
  EXPECT_EQ(sectors.blanker(), 1);
  board.flash.put(sectors_address(1), ByteVector(1, std::byte{0}));
  read();
  EXPECT_EQ(sectors.blanker(), 0);
}

TEST_F(BootSectorsTest, NoEraseThatIsCutBringsTheRecordBack) {
  board.record(0, 1, 2).record(1, 2, 2);
  read();
  ASSERT_EQ(sectors.wipe(0), kDone);
  const auto& log = board.flash.log();
  const auto erase = std::find_if(log.begin(), log.end(), [](const auto& op) { return op.kind == sim::OpKind::erase; });
  ASSERT_NE(erase, log.end());
  board.record(0, 1, 2);
  read();
  board.flash.cut_at(static_cast<std::uint32_t>(erase - log.begin()),
                     {.kind = sim::Tear::Kind::prefix, .units = 0, .seed = 1, .marginal = true});
  ASSERT_EQ(sectors.wipe(0).code, Status::power_lost);
  for (const auto reads : {sim::MarginalBits::erased, sim::MarginalBits::programmed}) {
    board.flash.reboot(reads);
    read();
    EXPECT_FALSE(sectors.facts(0).record.usable());
  }
}

TEST_F(BootSectorsTest, AtTheTopWithNoUsableRecordCountingStartsAgain) {
  board.record(0, 0xFFFFFFFE, 4).record(1, 0xFFFFFFFD, 4);
  read();
  EXPECT_EQ(sectors.active(), -1);
  EXPECT_EQ(sectors.seq_for(0), 1U);
}

TEST_F(BootSectorsTest, FlashErrorsArePassedOn) {
  board.record(0, 1, 2);
  read();
  for (std::uint32_t i = 0; i < 7; ++i) {
    board.flash.fail_at(i, Status::flash_timeout);
    EXPECT_EQ(sectors.put(1, 1, 2, RecordState::undefined, Reason::switched).code, Status::flash_timeout) << i;
    board.flash.disarm();
    ByteVector blank(0x1000, std::byte{0xFF});
    board.flash.put(sectors_address(1), blank);
    read();
  }
  board.flash.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(sectors.read(board.flash, layout).code, Status::flash_read_failed);
}

}  // namespace
}  // namespace dualbank
