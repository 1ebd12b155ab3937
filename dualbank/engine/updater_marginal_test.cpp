// What the sweep of scenarios found, each as a test of its own: bits between 0 and 1 that read one way when a decision
// is made and the other way at the next boot.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;
using sim::MarginalBits;
using sim::Tear;

constexpr Tear kLastByteMarginal{.kind = Tear::Kind::prefix, .units = 15, .seed = 1, .marginal = true};
constexpr Tear kFirstPageMarginal{.kind = Tear::Kind::prefix, .units = 0, .seed = 1, .marginal = true};

/// ota_1 was switched to by dualbank and has booted; the board asserts nothing.
class Trial : public testing::Test {
 protected:
  Trial() {
    board.install(0, firmware("1.0")).record(0, 1, 2);
    Updater old{board.flash, {.running_slot = 0}};
    EXPECT_EQ(old.open(), Status::ok);
    EXPECT_EQ(send(old, firmware("2.0")), Status::ok);
    EXPECT_EQ(old.switch_slot(), Status::ok);
  }
  void power_on(MarginalBits reads) { board.flash.reboot(reads); }

  Board board;
};

/// Operation of the call under test that programs a cell of this kind, counted from 0.
template <class Call>
std::uint32_t operation_of(Board& board, CellKind kind, Call call) {
  const auto before = board.flash.snapshot();
  std::uint32_t at = 0;
  std::uint32_t found = ~0U;
  board.flash.witness([&](const sim::Op& op, Bytes data) {
    Cell cell;
    if (op.size_bytes == kCellBytes && Cell::parse(data, cell) == CellForm::cell && cell.kind == kind) found = at;
    ++at;
  });
  static_cast<void>(call());
  board.flash.witness({});
  board.flash.restore(before);
  EXPECT_NE(found, ~0U);
  return found;
}

TEST_F(Trial, AConfirmationThatIsReadIsMadeFirmBeforeItIsAcknowledged) {
  const auto confirm = [&] {
    Updater updater{board.flash, {.running_slot = 1}};
    EXPECT_EQ(updater.open(), Status::ok);
    return updater.confirm();
  };
  board.flash.cut_at(operation_of(board, CellKind::confirmed, confirm), kLastByteMarginal);
  EXPECT_EQ(confirm(), Status::power_lost);
  power_on(MarginalBits::programmed);
  EXPECT_EQ(confirm(), Status::ok);
  power_on(MarginalBits::erased);
  Updater updater{board.flash, {.running_slot = 1}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_FALSE(updater.status().on_trial);
}

TEST(Marginal, ARollbackErasesTheRecordOfATrialThatCanComeBack) {
  RunningBoard board;
  board.may_boot({0, 1}, Policy::stock_rollback);
  const Options options{.running_slot = 0, .policy = Policy::stock_rollback};
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  // As the bootloader erases it, to write it anew: dualbank makes a record's CRC zeros before.
  board.flash.cut_at(0, kFirstPageMarginal);
  ASSERT_EQ(board.flash.erase(kOtadata + 0x1000, 0x1000), Status::power_lost);
  board.flash.reboot(MarginalBits::erased);
  Updater again{board.flash, options};
  ASSERT_EQ(again.open(), Status::ok);
  ASSERT_EQ(again.rollback(0), Status::ok) << "the record of ota_0 is the only one that is seen";
  board.flash.reboot(MarginalBits::programmed);
  EXPECT_EQ(board.boots(Policy::stock_rollback), 0);
}

TEST(Marginal, AConfirmationRestsOnWhatOtherCallsChoseMeanwhile) {
  Board board;
  board.install(0, firmware("1.0")).install(1, firmware("2.0")).record(1, 2, 1);
  constexpr Tear kCrcMarginal{.kind = Tear::Kind::prefix, .units = 31, .seed = 1, .marginal = true};
  board.flash.cut_at(0, kCrcMarginal);
  const auto chosen = BootRecord::make(3, RecordState::fresh).bytes();
  ASSERT_EQ(board.flash.program(kOtadata, chosen), Status::power_lost);
  board.flash.reboot(MarginalBits::programmed);
  Updater updater{board.flash, {.running_slot = 1, .policy = Policy::stock_rollback}};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_TRUE(updater.status().on_trial);
  ASSERT_EQ(updater.confirm(), Status::ok);
  board.flash.reboot(MarginalBits::erased);
  EXPECT_EQ(board.raw_record(0), ByteVector(chosen.begin(), chosen.end()));
}

TEST(Marginal, CellsBehindAFreeOneDoNotStopAWipe) {
  RunningBoard board;
  const auto sound = Cell{.kind = CellKind::note}.bytes();
  for (std::uint32_t at = 48; at < 0x1000; at += kCellBytes) board.flash.put(kOtadata + 0x1000 + at, sound);
  Updater updater{board.flash, {.running_slot = 0}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(send(updater, firmware("2.0")), Status::ok) << "the free cell at 32 was what an erase, cut, had left";
  board.may_boot({0, 1});
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(Trial, BothRecordsThatACutLeftUnfinishedAreFinished) {
  // The anchor's firm mark and the switch's record are gone: as after two cuts.
  Board two{{.slots = 2}};
  two.install(0, firmware("1.0")).install(1, firmware("0.9")).record(0, 1).record(1, 2);
  const Options options{.running_slot = 0};
  {
    Updater updater{two.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
    ASSERT_EQ(updater.switch_slot(), Status::ok);
  }
  for (int sector = 0; sector < 2; ++sector) {  // takes both firm marks away
    const std::uint32_t base = kOtadata + 0x1000U * static_cast<unsigned>(sector);
    for (std::uint32_t at = kLogOffset; at < 0x400; at += kCellBytes) {
      Cell cell;
      if (Cell::parse(two.flash.contents().subspan(base + at, kCellBytes), cell) != CellForm::cell) continue;
      if (cell.kind == CellKind::firm) two.flash.put(base + at, ByteVector(kCellBytes, std::byte{0xFF}));
    }
  }
  Updater updater{two.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::finished_switch);
  const std::uint64_t operations = two.operations();
  Updater once_more{two.flash, options};
  ASSERT_EQ(once_more.open(), Status::ok);
  EXPECT_EQ(once_more.last_event().code, Status::opened) << "nothing is left to finish";
  EXPECT_EQ(two.operations(), operations);
}

TEST(Marginal, FromTheFactoryAppASecondSwitchChangesNothing) {
  Board board{{.factory = true}};
  board.install(kFactorySlot, firmware("uf2"));
  Updater updater{board.flash, {.running_slot = kFactorySlot}};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.switch_slot(0), Status::ok);
  EXPECT_EQ(updater.last_event().code, Status::already_switched);
}

TEST(Marginal, ASessionThatWasHalfWrittenDoesNotTakeTheNextOnesPlace) {
  Board board{{.factory = true}};
  board.install(kFactorySlot, firmware("uf2"));
  const Options options{.running_slot = kFactorySlot};
  const auto update = [&](const ByteVector& image) {
    Updater updater{board.flash, options};
    EXPECT_EQ(updater.open(), Status::ok);
    return send(updater, image);
  };
  board.flash.cut_at(operation_of(board, CellKind::session, [&] { return update(firmware("2.0")); }),
                     kLastByteMarginal);
  EXPECT_EQ(update(firmware("2.0")), Status::power_lost);
  board.flash.reboot(MarginalBits::erased);
  EXPECT_EQ(update(firmware("2.0")), Status::ok);
  board.flash.reboot(MarginalBits::programmed);
  Updater updater{board.flash, options};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_TRUE(updater.status().update_active);
  EXPECT_TRUE(updater.next_missing().empty()) << "all of it was acknowledged";
}

TEST_F(Trial, AnIntentThatDoesNotCountWhenItIsLookedAtNeverDoes) {
  const auto open = [&](Updater& updater) { ASSERT_EQ(updater.open(), Status::ok); };
  const auto roll_back = [&] {
    Updater updater{board.flash, {.running_slot = 1}};
    open(updater);
    return updater.rollback();
  };
  board.flash.cut_at(operation_of(board, CellKind::intent, roll_back), kLastByteMarginal);
  EXPECT_EQ(roll_back(), Status::power_lost);
  power_on(MarginalBits::erased);
  {
    Updater updater{board.flash, {.running_slot = 1}};
    open(updater);
    EXPECT_EQ(updater.confirm(), Status::ok);
  }
  power_on(MarginalBits::programmed);
  Updater updater{board.flash, {.running_slot = 1}};
  open(updater);
  EXPECT_EQ(updater.status().boot_slot, 1) << "the rollback that was given up takes place";
}

TEST(Marginal, ASessionOnASlotThatBootsNextIsOver) {
  RunningBoard board;
  {
    Updater updater{board.flash, {.running_slot = 0}};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.header = firmware("2.0")}), Status::ok);
    ASSERT_EQ(updater.flash(Bytes{firmware("2.0")}.first(1000), 0), Status::ok);
  }
  board.may_boot({0, 1});
  board.install(1, firmware("2.0")).record(0, 4);
  Updater updater{board.flash, {.running_slot = 0}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().boot_slot, 1);
  EXPECT_FALSE(updater.status().update_active);
  EXPECT_EQ(updater.abandon(), Status::no_update) << "it would erase what boots next";
  EXPECT_TRUE(board.holds(1, firmware("2.0")));
}

}  // namespace
}  // namespace dualbank
