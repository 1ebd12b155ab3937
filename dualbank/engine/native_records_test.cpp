// The log of a native record, cell by cell.
#include "dualbank/engine/native_records.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "tests/support/native_board.hpp"

namespace dualbank {
namespace {

using namespace tests;

constexpr std::uint32_t kFrame = 64;

class NativeRecordsTest : public testing::Test {
 protected:
  NativeRecordsTest() : board(native_part("EncryptedBlocks")) { read(); }
  ~NativeRecordsTest() override { EXPECT_TRUE(board.once.wrong.empty()); }

  /// As after a reset.
  void read() {
    sectors = BootSectors{};
    ASSERT_FALSE(sectors.read(board.once, board.layout, &kNativeRecords).failed());
  }
  [[nodiscard]] Bytes raw(std::uint32_t offset) const { return board.flash.contents().subspan(offset, kCellBytes); }
  [[nodiscard]] Cell cell(std::uint32_t offset) const {
    Cell found;
    EXPECT_EQ(Cell::parse_native(raw(offset), std::byte{0xFF}, found), CellForm::cell) << offset;
    return found;
  }
  /// Puts there what a cut might have left.
  void tear(std::uint32_t offset) { board.flash.put(offset + 5, ByteVector{std::byte{0}}); }
  void clear(std::uint32_t offset) { board.flash.put(offset, ByteVector(kCellBytes, std::byte{0xFF})); }
  void put(std::uint32_t offset, const Cell& what) { board.flash.put(offset, what.bytes()); }
  static Cell native(NativeCell what, std::uint32_t c = 0) {
    return {.kind = CellKind::native, .a = static_cast<std::uint8_t>(what), .c = c};
  }
  void expect_put(int sector, SlotIndex slot, std::uint32_t seq, Reason reason = Reason::switched) {
    ASSERT_FALSE(sectors.put(sector, slot, seq, RecordState::undefined, reason).failed());
  }

  NativeBoard board;
  BootSectors sectors;
};

TEST_F(NativeRecordsTest, BlankSectorsSayNothing) {
  EXPECT_EQ(sectors.active(), -1);
  EXPECT_TRUE(sectors.facts(0).all_blank);
  EXPECT_FALSE(sectors.facts(0).clean());
  EXPECT_EQ(sectors.address(1), 0x1000U);
}

TEST_F(NativeRecordsTest, ARecordIsIntentFirmAndSeal) {
  expect_put(0, 1, 6);
  const std::vector<sim::Op>& log = board.flash.log();
  std::vector<std::uint32_t> places;
  for (const sim::Op& op : log) places.push_back(op.address);
  EXPECT_EQ(places, (std::vector<std::uint32_t>{0, 0, 0xFF0, 0x30, 0x40, 0x50, 0x60, 0x70}));
  EXPECT_EQ(log[0].kind, sim::OpKind::erase);
  EXPECT_EQ(cell(0x40), native(NativeCell::start));
  EXPECT_EQ(cell(0x50), (Cell{CellKind::intent, 1, 1, 6, 0xFFFFFFFF}));
  EXPECT_EQ(cell(0x60), (Cell{.kind = CellKind::firm, .c = 6}));
  EXPECT_EQ(cell(0x70), native(NativeCell::seal));
  read();
  EXPECT_EQ(sectors.records()[0], BootRecord::make(6, RecordState::undefined));
  EXPECT_FALSE(sectors.records()[1].usable());
  EXPECT_EQ(sectors.active_slot(), 1);
  EXPECT_TRUE(sectors.facts(0).ours());
  EXPECT_FALSE(sectors.facts(0).record_doubtful);
}

TEST_F(NativeRecordsTest, WithoutFirmThereIsNoRecord) {
  expect_put(0, 1, 6);
  clear(0x60);
  clear(0x70);
  read();
  EXPECT_EQ(sectors.active(), -1);
  EXPECT_TRUE(sectors.facts(0).unfinished());
  board.flash.forget();
  clear(0x60);
  ASSERT_FALSE(sectors.finish(0).failed());
  read();
  EXPECT_EQ(sectors.active(), 0);
}

TEST_F(NativeRecordsTest, AFirmOfAnotherIntentCommitsNothing) {
  expect_put(0, 1, 6);
  clear(0x60);
  put(0x60, {.kind = CellKind::firm, .c = 5});
  read();
  EXPECT_EQ(sectors.active(), -1);
}

TEST_F(NativeRecordsTest, WhatIsLastIsDoubtfulUntilItIsSettled) {
  expect_put(0, 1, 6);
  clear(0x70);
  read();
  EXPECT_TRUE(sectors.facts(0).record_doubtful);
  ASSERT_FALSE(sectors.rely_on_record(0).failed());
  EXPECT_EQ(cell(kFrame * 2), native(NativeCell::start));
  EXPECT_EQ(cell(kFrame * 2 + 0x10), native(NativeCell::settled, 0x60));
  EXPECT_EQ(cell(kFrame * 2 + 0x20), (Cell{.kind = CellKind::firm, .c = 6}));
  EXPECT_EQ(cell(kFrame * 2 + 0x30), native(NativeCell::seal));
  clear(0x60);  // what was half programmed reads as free now: the copy stands
  read();
  EXPECT_EQ(sectors.active(), 0);
  EXPECT_FALSE(sectors.facts(0).record_doubtful);
  const auto before = board.flash.counts().operations();
  ASSERT_FALSE(sectors.rely_on_record(0).failed());
  EXPECT_EQ(board.flash.counts().operations(), before);
}

TEST_F(NativeRecordsTest, WhatReadAsTornStaysVoid) {
  expect_put(0, 1, 6);
  clear(0x70);
  clear(0x60);
  read();  // the intent is the last one that counts
  ASSERT_FALSE(sectors.settle(0).failed());
  put(0x60, {.kind = CellKind::firm, .c = 6});  // and now it reads as sound
  read();
  EXPECT_EQ(sectors.active(), -1);
  EXPECT_TRUE(sectors.facts(0).unfinished());
}

TEST_F(NativeRecordsTest, AConfirmedThatReadAsFreeStaysVoid) {  // unlike an intent's copy, the seal's overrules nothing
  expect_put(0, 1, 6);
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::confirmed}).failed());
  ASSERT_EQ(cell(0x90), (Cell{.kind = CellKind::confirmed}));
  clear(0x90);
  read();
  ASSERT_FALSE(sectors.settle(0).failed());
  put(0x90, {.kind = CellKind::confirmed});
  read();
  EXPECT_FALSE(sectors.facts(0).confirmed);
  EXPECT_EQ(sectors.active(), 0);
}

TEST_F(NativeRecordsTest, HalfAFrameThatSettlesIsNone) {
  expect_put(0, 1, 6);
  clear(0x70);
  read();
  ASSERT_FALSE(sectors.settle(0).failed());
  clear(kFrame * 2 + 0x20);
  clear(kFrame * 2 + 0x30);
  read();
  EXPECT_EQ(sectors.active(), 0) << "nothing is void yet";
  ASSERT_FALSE(sectors.settle(0).failed());
  EXPECT_EQ(cell(kFrame * 3 + 0x10), native(NativeCell::settled, 0x60));
  put(kFrame * 2 + 0x20, {.kind = CellKind::confirmed});  // the copy of before, another one, appears
  read();
  EXPECT_EQ(sectors.active(), 0);
  EXPECT_FALSE(sectors.facts(0).confirmed);
}

TEST_F(NativeRecordsTest, ACopyThatIsLastIsSettledWithItsOwnRange) {
  ASSERT_FALSE(sectors.wipe(0).failed());
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::tried, .a = 1}).failed());
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::tried, .a = 2}).failed());
  clear(0x60);  // torn: reads as free
  read();
  ASSERT_FALSE(sectors.settle(0).failed());
  read();
  ASSERT_FALSE(sectors.settle(0).failed());
  EXPECT_EQ(cell(kFrame * 3 + 0x10), native(NativeCell::settled, 0x50));
  put(0x60, {.kind = CellKind::tried, .a = 2});
  read();
  EXPECT_EQ(sectors.facts(0).tries, 1);
}

TEST_F(NativeRecordsTest, AFrameThatIsVoidVoidsNothing) {
  ASSERT_FALSE(sectors.wipe(0).failed());
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::tried, .a = 1}).failed());
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::confirmed}).failed());
  clear(0x60);  // read as free by a session whose copy, of the cell before, was torn
  read();
  ASSERT_FALSE(sectors.settle(0).failed());
  clear(kFrame * 2 + 0x20);
  put(0x60, {.kind = CellKind::confirmed});  // read as sound by the next one
  read();
  ASSERT_FALSE(sectors.settle(0).failed());
  put(kFrame * 2 + 0x20, {.kind = CellKind::tried, .a = 1});  // and now the torn copy appears
  read();
  EXPECT_EQ(sectors.facts(0).tries, 1);
  EXPECT_TRUE(sectors.facts(0).confirmed);
}

TEST_F(NativeRecordsTest, AFrameWithoutItsStartDoesNotCount) {
  expect_put(0, 1, 6);
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::confirmed}).failed());
  ASSERT_FALSE(sectors.append(0, native(NativeCell::seal)).failed());
  read();
  EXPECT_TRUE(sectors.facts(0).confirmed);
  clear(kFrame * 2);
  read();
  EXPECT_FALSE(sectors.facts(0).confirmed);
}

TEST_F(NativeRecordsTest, APowerSessionBeginsBehindAllThatIsNotFree) {
  expect_put(0, 1, 6);
  tear(kFrame * 7 + 0x20);
  read();
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::confirmed}).failed());
  EXPECT_EQ(cell(kFrame * 8), native(NativeCell::start));
  EXPECT_EQ(cell(kFrame * 8 + 0x30), (Cell{.kind = CellKind::confirmed}));
  read();
  EXPECT_TRUE(sectors.facts(0).confirmed);
}

TEST_F(NativeRecordsTest, AUnitThatTheFlashRefusesCostsItsFrame) {
  expect_put(0, 1, 6);
  read();
  board.flash.fail_at(0, Status::flash_not_erased);
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::confirmed}).failed());
  EXPECT_TRUE(all_equal(raw(kFrame * 2), std::byte{0xFF}));
  EXPECT_EQ(cell(kFrame * 3 + 0x30), (Cell{.kind = CellKind::confirmed}));
  read();
  EXPECT_TRUE(sectors.facts(0).confirmed);
  board.flash.fail_at(1, Status::flash_verify_failed);
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::gave_up}).failed());
  read();
  EXPECT_TRUE(sectors.facts(0).gave_up);
}

TEST_F(NativeRecordsTest, OtherErrorsArePassedOn) {
  expect_put(0, 1, 6);
  for (std::uint32_t operation = 0; operation < 4; ++operation) {
    read();
    board.flash.fail_at(operation, Status::flash_timeout);
    EXPECT_EQ(sectors.append(0, {.kind = CellKind::confirmed}).code, Status::flash_timeout);
    read();
    EXPECT_FALSE(sectors.facts(0).confirmed);
    EXPECT_EQ(sectors.active(), 0);
  }
  read();
  board.flash.fail_read_at(0, Status::flash_timeout);
  EXPECT_EQ(BootSectors{}.read(board.once, board.layout, &kNativeRecords).code, Status::flash_timeout);
}

TEST_F(NativeRecordsTest, AnErasedSectorIsSoAtBothEnds) {
  for (const std::uint32_t offset : {0U, 0xFF0U, 0x30U}) {
    ASSERT_FALSE(sectors.wipe(0).failed());
    read();
    EXPECT_TRUE(sectors.facts(0).clean());
    clear(offset);
    read();
    EXPECT_FALSE(sectors.facts(0).clean()) << offset;
  }
}

TEST_F(NativeRecordsTest, AnythingInADoomedPlaceDooms) {
  for (const std::uint32_t offset : {0x10U, 0x20U}) {
    ASSERT_FALSE(sectors.wipe(0).failed());
    tear(offset);
    read();
    EXPECT_TRUE(sectors.facts(0).doomed);
    EXPECT_FALSE(sectors.facts(0).clean());
  }
}

TEST_F(NativeRecordsTest, AWipeDoomsTwiceWhereTheSectorIsClean) {
  ASSERT_FALSE(sectors.wipe(0).failed());
  board.flash.forget();
  ASSERT_FALSE(sectors.wipe(0).failed());
  std::vector<std::uint32_t> places;
  for (const sim::Op& op : board.flash.log()) places.push_back(op.address);
  EXPECT_EQ(places, (std::vector<std::uint32_t>{0x40, 0x50, 0x10, 0, 0, 0xFF0, 0x30}));
}

TEST_F(NativeRecordsTest, WhatMayBeHalfErasedIsNotProgrammed) {
  ASSERT_FALSE(sectors.wipe(0).failed());
  clear(0xFF0);
  read();
  board.flash.forget();
  ASSERT_FALSE(sectors.wipe(0).failed());
  EXPECT_EQ(board.flash.log().front().kind, sim::OpKind::erase);
}

TEST_F(NativeRecordsTest, AFullLogStillTakesARecord) {
  ASSERT_FALSE(sectors.wipe(0).failed());
  Event e;
  for (int i = 0; i < 300 && !e.failed(); ++i) e = sectors.append(0, {.kind = CellKind::mark});
  EXPECT_EQ(e.code, Status::journal_full);
  EXPECT_EQ(e.values[0], 0U);
  EXPECT_EQ(sectors.room(0), 18U);
  board.flash.forget();
  expect_put(0, 1, 6, Reason::anchor);
  for (const sim::Op& op : board.flash.log()) EXPECT_EQ(op.kind, sim::OpKind::program);
  read();
  EXPECT_EQ(sectors.active(), 0);
  for (int i = 0; i < 300 && !e.failed(); ++i) e = sectors.append(0, {.kind = CellKind::tried});
  ASSERT_FALSE(sectors.wipe(0).failed()) << "which needs no room";
}

TEST_F(NativeRecordsTest, ATrialGetsRoomToBeCounted) {
  for (const std::uint32_t room : {33U, 32U}) {
    ASSERT_FALSE(sectors.wipe(0).failed());
    while (sectors.room(0) > room) ASSERT_FALSE(sectors.append(0, {.kind = CellKind::tried}).failed());
    board.flash.forget();
    expect_put(0, 1, 6);
    EXPECT_EQ(board.flash.counts().erases, room == 32 ? 1U : 0U);
    EXPECT_GE(sectors.room(0), sectors.cells_for_a_trial());
  }
}

TEST_F(NativeRecordsTest, ANewerCellMakesTheJournalAbsentButNotTheRecord) {
  expect_put(0, 1, 6);
  ASSERT_FALSE(sectors.append(0, {.kind = CellKind::confirmed}).failed());
  auto bytes = Cell{}.bytes();
  store_u8(bytes, 0, 0x21);
  store_u32(bytes, 12, crc32(Bytes{bytes}.first(12)));
  board.flash.put(kFrame * 3, bytes);
  read();
  EXPECT_TRUE(sectors.facts(0).newer);
  EXPECT_FALSE(sectors.facts(0).confirmed);
  EXPECT_EQ(sectors.active(), 0);
}

TEST_F(NativeRecordsTest, TheBootSideReadsThem) {
  expect_put(0, 1, 6);
  const Result<BootRecords> records = read_boot_records(board.flash, board.layout, &kNativeRecords);
  ASSERT_TRUE(records.has_value());
  EXPECT_EQ((*records)[0].seq, 6U);
  BootDecision decision{.write_count = 1};
  EXPECT_EQ(perform_boot_writes(board.flash, board.layout, decision), Status::flash_geometry);
  decision.write_count = 0;
  EXPECT_EQ(perform_boot_writes(board.flash, board.layout, decision), Status::ok);
}

TEST(NativeForm, IsUsedOnlyWhereTheEspFormCannotBe) {
  sim::NorFlash flash{{.size_bytes = 0x4000}};
  Layout layout;
  layout.slot_count = 2;
  layout.otadata = {0, 0x2000};
  BootSectors sectors;
  ASSERT_FALSE(sectors.read(flash, layout, &kNativeRecords).failed());
  EXPECT_EQ(sectors.native(), nullptr);
  for (const Part& part : native_parts()) {
    EXPECT_FALSE(keeps_esp_records(geometry_of(part))) << part.name;
    EXPECT_TRUE(keeps_native_records(geometry_of(part))) << part.name;
  }
  EXPECT_FALSE(keeps_native_records({.size_bytes = 0x4000, .write_unit_bytes = 64}));
}

}  // namespace
}  // namespace dualbank
