// What open() and begin() do about what a power cut left: finish it, bury it, or make it firm before anything depends
// on it.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

constexpr std::uint32_t kSector1 = kOtadata + 0x1000;

class RecoverTest : public testing::Test {
 protected:
  /// Sector 1 as a cut leaves it inside `put`: erased for certain, intent written, `record` bytes of the record.
  void interrupted_put(Reason reason, std::uint32_t seq, std::size_t record) {
    const ByteVector bytes = record_bytes(seq, 0xFFFFFFFF);
    ByteVector sector(0x1000, std::byte{0xFF});
    std::copy_n(bytes.begin(), record, sector.begin());
    board.flash.put(kSector1, sector);
    board.flash.put(kSector1 + 32, Cell{.kind = CellKind::erased}.bytes());
    const Cell intent{CellKind::intent, static_cast<std::uint8_t>((seq - 1) % 2), static_cast<std::uint16_t>(reason),
                      seq, 0xFFFFFFFF};
    board.flash.put(kSector1 + 48, intent.bytes());
    board.flash.forget();
  }
  [[nodiscard]] std::vector<std::uint32_t> programs_in_sector_1() const {
    std::vector<std::uint32_t> offsets;
    for (const sim::Op& op : board.operations_in(kSector1, 0x1000)) {
      if (op.kind == sim::OpKind::program) offsets.push_back(op.address - kSector1);
    }
    return offsets;
  }

  RunningBoard board;
  Options options{};
  Updater updater{board.flash, options};
};

TEST_F(RecoverTest, AnInterruptedSwitchTakesPlace) {
  for (const std::size_t written : {0UL, 4UL, 28UL, 30UL}) {
    board.install(1, firmware("2.0"));
    interrupted_put(Reason::switched, 2, written);
    board.may_boot({0, 1});
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.last_event(), (Event{Status::finished_switch, {1, 2, 0}}));
    EXPECT_EQ(board.raw_record(1), record_bytes(2, 0xFFFFFFFF));
    EXPECT_EQ(updater.status().boot_slot, 1);
    const auto programs = programs_in_sector_1();
    ASSERT_GE(programs.size(), 3U);
    EXPECT_EQ(programs[0], 48U) << "the intent is made firm before it is acted on";
    EXPECT_EQ(programs[1], 0U);
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.last_event().code, Status::opened) << "it is finished once";
  }
}

TEST_F(RecoverTest, ARecordThatReadsRightIsMadeFirm) {  // H3
  board.install(1, firmware("2.0"));
  interrupted_put(Reason::switched, 2, 32);
  board.may_boot({0, 1});
  for (const SlotIndex running : {SlotIndex{1}, SlotIndex{0}}) {
    interrupted_put(Reason::switched, 2, 32);
    Updater opened{board.flash, {.running_slot = running}};
    ASSERT_EQ(opened.open(), Status::ok);
    EXPECT_EQ(opened.last_event(), (Event{Status::finished_switch, {1, 2, 0}}));
    const auto programs = programs_in_sector_1();
    EXPECT_EQ(std::count(programs.begin(), programs.end(), 0U), 1) << "the same 32 bytes once more";
  }
}

TEST_F(RecoverTest, AnInterruptedSwitchToAnImageThatIsGoneIsBuried) {
  board.install(1, random_bytes(5000, 1));
  interrupted_put(Reason::switched, 2, 10);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::buried_record, {1, 0, 0}}));
  EXPECT_EQ(board.raw_record(1), ByteVector(32, std::byte{0xFF}));
  EXPECT_EQ(updater.status().boot_slot, 0);
}

TEST_F(RecoverTest, AnInterruptedSwitchThatSomethingNewerOverruledIsBuried) {
  board.install(1, firmware("2.0"));
  board.record(0, 3, 2);
  interrupted_put(Reason::switched, 2, 10);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::buried_record);
}

TEST_F(RecoverTest, TheRecordThatOverruledItIsMadeFirmBeforeATornOneIsErased) {
  board.install(1, firmware("2.0"));
  board.record(0, 3, 2);  // another tool's: a cut may have left it weak
  interrupted_put(Reason::switched, 2, 10);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(board.flash.log().front(), (sim::Op{sim::OpKind::program, kOtadata, 32, false}));
}

TEST_F(RecoverTest, ATornRecordThatCannotBeFinishedIsBuried) {
  board.install(1, firmware("2.0"));
  interrupted_put(Reason::switched, 2, 0);
  board.flash.put(kSector1, ByteVector(1, std::byte{0}));  // a 0 bit where the record needs a 1
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::buried_record);
}

TEST_F(RecoverTest, AnInterruptedAnchorIsFinishedWithoutLookingAtTheImage) {
  interrupted_put(Reason::anchor, 3, 5);
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::repaired_record, {0, 3, 0}}));
  EXPECT_EQ(board.raw_record(1), record_bytes(3, 0xFFFFFFFF));
}

TEST_F(RecoverTest, ADoomedSectorBesideAGoodRecordIsWiped) {
  board.record(1, 0xFFFFFFFF);
  board.flash.put(kSector1 + 32, Cell{.kind = CellKind::doomed}.bytes());
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::buried_record, {1, 0, 0}}));
  EXPECT_EQ(board.erases(), 1U);
}

TEST_F(RecoverTest, ADoomedActiveRecordIsReplacedInPlaceWhenTheOtherSlotIsGood) {
  board.install(1, firmware("2.0"));
  board.record(0, 2, 2);  // names slot 1
  board.record(1, 3, 2);  // names slot 0, which runs
  board.flash.put(kSector1 + 32, Cell{.kind = CellKind::doomed}.bytes());
  board.may_boot({0, 1});
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::repaired_record);
  EXPECT_TRUE(board.operations_in(kOtadata, 0x1000).empty()) << "the other record stays";
  EXPECT_EQ(board.boots(), 0);
}

TEST_F(RecoverTest, ADoomedActiveRecordIsReplacedInTheOtherSectorElse) {
  board.record(0, 2, 2);  // names slot 1, which is empty
  board.record(1, 3, 2);
  board.flash.put(kSector1 + 32, Cell{.kind = CellKind::doomed}.bytes());
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::repaired_record, {0, 5, 0}}));
  EXPECT_TRUE(board.operations_in(kSector1, 0x1000).empty());
  EXPECT_EQ(board.boots(), 0);
}

TEST_F(RecoverTest, ABootloadersTrialIsLeftAlone) {
  board.install(1, firmware("2.0"));
  board.record(1, 2, 1);
  board.flash.put(kOtadata + 32, Cell{.kind = CellKind::doomed}.bytes());
  Updater opened{board.flash, {.policy = Policy::stock_rollback}};
  ASSERT_EQ(opened.open(), Status::ok);
  EXPECT_EQ(opened.last_event().code, Status::opened);
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(RecoverTest, AnInterruptedFirstSwitchOfAFactoryBoardWithoutItsImageIsLeft) {
  Board factory{{.factory = true}};
  factory.install(kFactorySlot, firmware("uf2"));
  factory.flash.put(kOtadata + 32, Cell{.kind = CellKind::erased, .a = 1}.bytes());
  factory.flash.put(kOtadata + 48, Cell{CellKind::intent, 0, 1, 1, 0xFFFFFFFF}.bytes());
  Updater opened{factory.flash, {}};
  ASSERT_EQ(opened.open(), Status::ok);
  EXPECT_EQ(factory.operations(), 0U);
  ASSERT_EQ(send(opened, firmware("1.0")), Status::ok);
  ASSERT_EQ(opened.switch_slot(), Status::ok);
  EXPECT_EQ(factory.reset(), 0);
}

TEST_F(RecoverTest, AVendorsActiveRecordIsMadeFirmBeforeTheOtherSectorIsErased) {
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{firmware("2.0")}.first(400), 0), Status::ok);
  const sim::Op first = board.flash.log().front();
  EXPECT_EQ(first, (sim::Op{sim::OpKind::program, kOtadata, 32, false}));
  EXPECT_EQ(board.raw_record(0), record_bytes(1, 2));
}

TEST_F(RecoverTest, ARecordOfAnotherSlotIsMadeFirmBeforeTheAnchorTakesTheOldOnesSector) {
  board.install(1, firmware("2.0"));
  board.record(1, 2, 2);
  board.flash.forget();
  board.may_boot({0, 1});
  Updater runs_0{board.flash, {.running_slot = 0}};
  ASSERT_EQ(runs_0.open(), Status::ok);
  ASSERT_EQ(runs_0.flash(Bytes{firmware("3.0")}.first(400), 0), Status::ok);
  EXPECT_EQ(board.flash.log().front(), (sim::Op{sim::OpKind::program, kSector1, 32, false}));
  EXPECT_EQ(board.raw_record(0), record_bytes(3, 2));
}

TEST_F(RecoverTest, ADoomedRecordOnTrialIsLeftByOpenAndAnchoredByBegin) {
  board.install(1, firmware("2.0"));
  board.record(1, 2, 1);
  board.flash.put(kSector1 + 32, Cell{.kind = CellKind::doomed}.bytes());
  board.flash.forget();
  board.may_boot({0, 1});
  Updater on_trial{board.flash, {.running_slot = 1, .policy = Policy::stock_rollback, .allow_unconfirmed = true}};
  ASSERT_EQ(on_trial.open(), Status::ok);
  EXPECT_EQ(board.operations(), 0U);
  ASSERT_EQ(on_trial.begin({.identity = firmware("3.0")}), Status::ok);
  EXPECT_EQ(board.raw_record(0), record_bytes(4, 2)) << "names ota_1 above the record whose erase was begun";
}

TEST_F(RecoverTest, WhatAnOldUpdateLeftOpenIsErasedBeforeItsJournalGoes) {  // H14
  const ByteVector old = firmware("2.0", 20);
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.begin({.header = old}), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{old}.subspan(8192, 100), 8192), Status::ok);
  ASSERT_EQ(updater.open(), Status::ok) << "a reset";
  board.flash.forget();
  ASSERT_EQ(updater.begin({.header = firmware("3.0")}), Status::ok);
  std::size_t slot_erase = 0;
  std::size_t journal_goes = 0;
  for (std::size_t i = 0; i < board.flash.log().size(); ++i) {
    const sim::Op& op = board.flash.log()[i];
    if (op.kind == sim::OpKind::erase && op.address == board.extent(1).offset + 8192) slot_erase = i + 1;
    if (op.kind == sim::OpKind::erase && op.address == kSector1) journal_goes = i + 1;
  }
  EXPECT_GT(slot_erase, 0U);
  EXPECT_GT(journal_goes, slot_erase);
}

TEST_F(RecoverTest, WhatAnUpdateOfAnotherSlotLeftOpenIsErasedBeforeASwitch) {
  RunningBoard three{{.slots = 3}};
  three.install(2, firmware("9.0"));
  const ByteVector old = firmware("2.0", 20);
  Updater opened{three.flash, {}};
  ASSERT_EQ(opened.open(), Status::ok);
  ASSERT_EQ(opened.flash(Bytes{old}.first(5000), 0), Status::ok);
  ASSERT_EQ(opened.open(), Status::ok) << "a reset";
  three.flash.forget();
  three.may_boot({0, 2});
  ASSERT_EQ(opened.switch_slot(2), Status::ok);
  const auto in_slot = three.operations_in(three.extent(1).offset, 0x10000);
  ASSERT_EQ(in_slot.size(), 1U);
  EXPECT_EQ(in_slot[0].kind, sim::OpKind::erase);
  EXPECT_EQ(in_slot[0].address, three.extent(1).offset + 4096);
}

TEST_F(RecoverTest, ASwitchAtTheTopOfTheSequenceRenewsItFirst) {  // H6
  board.record(0, 0xFFFFFFFD, 2);
  board.install(1, firmware("2.0"));
  ASSERT_EQ(updater.open(), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::switched, {1, 2, 0}}));
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(RecoverTest, AnInterruptedAnchorOfASlotThatDoesNotRunAnyMoreIsBuried) {
  // 1.0 switched to 2.0 and began another update over it; the cut came inside its anchor, and 2.0 was booted.
  board.install(1, firmware("2.0"));
  ByteVector sector(0x1000, std::byte{0xFF});
  board.flash.put(kOtadata, sector);
  board.record(1, 2);
  board.flash.put(kOtadata + 32, Cell{.kind = CellKind::erased}.bytes());
  board.flash.put(kOtadata + 48, Cell{CellKind::intent, 0, 0, 3, 2}.bytes());
  board.may_boot({1});
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event(), (Event{Status::buried_record, {0, 0, 0}}));
  EXPECT_EQ(updater.status().boot_slot, 1);
  EXPECT_EQ(updater.confirm(), Status::ok);
}

TEST_F(RecoverTest, AnAbandonedUpdateNeverBootsWhateverItsTornIntentReads) {
  const ByteVector image = firmware("2.0", 9);
  int abandoned = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    Board torn;
    torn.install(0, firmware("1.0")).record(0, 1, 2);
    Updater sender{torn.flash, {.running_slot = 0}};
    ASSERT_EQ(sender.open(), Status::ok);
    ASSERT_EQ(send(sender, image), Status::ok);
    torn.flash.cut_at(0, {.kind = sim::Tear::Kind::prefix, .units = 15, .seed = seed, .marginal = true});
    ASSERT_EQ(sender.switch_slot(), Status::power_lost);
    torn.power_on();
    ASSERT_EQ(sender.open(), Status::ok);
    if (sender.last_event().code != Status::opened) continue;
    ASSERT_EQ(sender.abandon(), Status::ok);
    ++abandoned;
    for (int boots = 0; boots < 8; ++boots) {
      torn.power_on();
      ASSERT_EQ(sender.open(), Status::ok);
      ASSERT_EQ(torn.boots(), 0) << seed;
    }
  }
  EXPECT_GT(abandoned, 5);
}

}  // namespace
}  // namespace dualbank
