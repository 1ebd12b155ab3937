// What the journal knows of an update after a power cut.
#include "dualbank/engine/session.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

class SessionTest : public testing::Test {
 protected:
  SessionTest() : image(firmware("2.0", 64)) {
    board.install(0, firmware("1.0")).record(0, 1, 2);
    layout = *read_layout(board.flash);
  }
  /// As after a reset.
  void load() {
    received.clear();
    ASSERT_EQ(sectors.read(board.flash, layout), kDone);
    ASSERT_EQ(session.load(board.flash, sectors, 1, layout, received), kDone);
  }
  void start(std::uint32_t length = 0xFFFFFFFF) {
    ASSERT_EQ(sectors.read(board.flash, layout), kDone);
    ASSERT_EQ(session.start(board.flash, sectors, 1, layout, {1, {11, 22}, length, 33}), kDone);
  }
  void write(std::uint32_t granule) {
    const Range range = session.range_of(granule);
    ASSERT_EQ(session.open(session.range_of(granule), [] {}), kDone);
    ASSERT_EQ(program_bytes(board.flash, session.extent().offset + range.from,
                            Bytes{image}.subspan(range.from, range.length())),
              kDone);
  }
  void write_done(std::uint32_t granule) {
    write(granule);
    ASSERT_EQ(session.finish(granule), kDone);
  }
  [[nodiscard]] std::uint32_t mark_at(std::uint32_t granule) const {
    return load_u32(board.flash.contents(), kOtadata + 0x2000 - 4 * (session.granules() - granule));
  }

  Board board;
  ByteVector image;
  Layout layout;
  BootSectors sectors;
  Session session;
  std::array<Range, 16> room{};
  Received received{room};
};

TEST_F(SessionTest, ANewSessionComesBackAsItWasBegun) {
  start(5000);
  load();
  ASSERT_TRUE(session.active());
  EXPECT_EQ(session.terms().slot, 1);
  EXPECT_EQ(session.terms().identity, (std::array<std::uint32_t, 2>{11, 22}));
  EXPECT_EQ(session.terms().length_bytes, 5000U);
  EXPECT_EQ(session.terms().header_crc, 33U);
  EXPECT_TRUE(session.length_declared());
  EXPECT_EQ(session.granules(), 16U);
  EXPECT_EQ(session.granule_bytes(), 4096U);
  EXPECT_EQ(session.marked_range_of(1), (Range{4096, 5000}));
  EXPECT_EQ(session.marked_range_of(2), (Range{8192, 12288}));
}

TEST_F(SessionTest, TheMarkIsTheCrcOfTheGranule) {
  start();
  write_done(3);
  EXPECT_EQ(mark_at(3), mark_of(crc32(Bytes{image}.subspan(3 * 4096, 4096))));
  EXPECT_EQ(mark_at(2), kNoMark);
  load();
  EXPECT_TRUE(session.done(3));
  EXPECT_FALSE(session.done(2));
  EXPECT_FALSE(session.unfinished(2));
}

TEST_F(SessionTest, OpenedAndNotDoneIsSuspectAfterACut) {
  start();
  write(2);
  EXPECT_TRUE(session.fresh(2));
  EXPECT_FALSE(session.suspect(2));
  load();
  EXPECT_TRUE(session.suspect(2));
  EXPECT_FALSE(session.suspect(1));
}

TEST_F(SessionTest, ASuspectGranulesMarkIsVoidedAndComesAsACell) {
  start();
  write(2);
  load();
  write_done(2);
  EXPECT_EQ(mark_at(2), kBurntMark);
  load();
  EXPECT_TRUE(session.done(2));
}

TEST_F(SessionTest, AMarkThatDoesNotMatchTheContentIsNone) {
  start();
  write_done(1);
  write_done(4);
  board.flash.put(board.extent(1).offset + 4096 + 100, ByteVector(4, std::byte{0}));  // a vendor tool was here
  load();
  EXPECT_FALSE(session.done(1));
  EXPECT_TRUE(session.suspect(1));
  EXPECT_TRUE(session.done(4));
  write_done(1);
  EXPECT_EQ(mark_at(1), kBurntMark);
  load();
  EXPECT_TRUE(session.done(1));
}

TEST_F(SessionTest, AnOldMarkCellNeverCountsForANewTry) {  // H15
  start();
  write(2);
  load();
  write_done(2);  // its mark is a cell now
  board.flash.put(board.extent(1).offset + 2 * 4096, ByteVector(4, std::byte{0}));
  load();
  ASSERT_TRUE(session.suspect(2));
  ASSERT_EQ(session.open(session.range_of(2), [] {}), kDone);
  board.flash.put(board.extent(1).offset + 2 * 4096, Bytes{image}.subspan(2 * 4096, 4096));  // reads right by chance
  load();
  EXPECT_FALSE(session.done(2));
}

TEST_F(SessionTest, AGranuleThatHeldTheRightBytesIsMarkedWithoutAnErase) {
  board.install(1, image);
  start();
  ASSERT_EQ(session.finish(5), kDone);
  EXPECT_TRUE(board.operations_in(board.extent(1).offset, 0x10000).empty());
  load();
  EXPECT_TRUE(session.done(5));
}

TEST_F(SessionTest, TheLengthIsKeptWhenItIsLearned) {
  start();
  EXPECT_FALSE(session.length_declared());
  session.learn_length(6000);
  ASSERT_EQ(session.save_length(), kDone);
  load();
  EXPECT_EQ(session.length_bytes(), 6000U);
  EXPECT_FALSE(session.length_declared());
  EXPECT_EQ(session.marked_range_of(1), (Range{4096, 6000}));
  ASSERT_EQ(session.set_header(77), kDone);
  load();
  EXPECT_EQ(session.terms().header_crc, 77U);
  ASSERT_EQ(session.declare_length(7000), kDone);
  load();
  EXPECT_TRUE(session.length_declared());
  EXPECT_EQ(session.length_bytes(), 7000U);
  EXPECT_EQ(session.terms().header_crc, 77U);
}

TEST_F(SessionTest, ASessionOverAnotherStartsWithoutItsMarks) {
  start();
  write_done(0);
  ASSERT_EQ(sectors.read(board.flash, layout), kDone);
  ASSERT_EQ(session.start(board.flash, sectors, 1, layout, {1, {5, 6}, 0xFFFFFFFF, 7}), kDone);
  load();
  EXPECT_EQ(session.terms().header_crc, 7U);
  EXPECT_FALSE(session.done(0));
  EXPECT_FALSE(session.unfinished(0));
}

TEST_F(SessionTest, KeptPiecesComeBackOnceAndTheFirstChangeDropsThem) {
  start();
  write(2);
  ASSERT_EQ(session.keep({2 * 4096, 2 * 4096 + 1000}), kDone);
  load();
  EXPECT_TRUE(session.fresh(2));
  EXPECT_TRUE(received.covers({2 * 4096, 2 * 4096 + 1000}));
  ASSERT_EQ(session.wake(), kDone);
  load();
  EXPECT_FALSE(session.fresh(2));
  EXPECT_TRUE(session.suspect(2));
  EXPECT_EQ(received.count(), 0U);
}

TEST_F(SessionTest, AKeptPieceThatWasHalfBurntIsGoneForGoodWhenTheUpdateGoesOn) {
  start();
  write(2);
  ASSERT_EQ(session.keep({2 * 4096, 2 * 4096 + 1000}), kDone);
  load();
  constexpr std::uint32_t kSettles = 2;
  board.flash.cut_at(kSettles, {.kind = sim::Tear::Kind::prefix, .units = 0, .seed = 1, .marginal = true});
  ASSERT_EQ(session.wake().code, Status::power_lost);
  board.flash.reboot(sim::MarginalBits::programmed);
  load();
  EXPECT_EQ(received.count(), 0U);
  ASSERT_EQ(session.wake(), kDone);
  board.flash.reboot(sim::MarginalBits::erased);
  load();
  EXPECT_EQ(received.count(), 0U);
}

TEST_F(SessionTest, AKeptPieceWhoseBytesChangedIsDropped) {
  start();
  write(2);
  ASSERT_EQ(session.keep({2 * 4096, 2 * 4096 + 1000}), kDone);
  board.flash.put(board.extent(1).offset + 2 * 4096 + 500, ByteVector(1, std::byte{0}));
  load();
  EXPECT_EQ(received.count(), 0U);
  EXPECT_TRUE(session.suspect(2));
}

TEST_F(SessionTest, WakingWritesOnlyWhatAlreadyStands) {
  start();
  write_done(0);
  write_done(15);
  load();
  const ByteVector before{board.flash.contents().begin(), board.flash.contents().end()};
  const std::size_t logged = board.flash.log().size();
  ASSERT_EQ(session.wake(), kDone);
  ByteVector after{board.flash.contents().begin(), board.flash.contents().end()};
  const std::uint32_t burnt = kOtadata + 0x1000 + sectors.facts(1).last_cell;
  std::fill_n(after.begin() + burnt, 16, std::byte{0xFF});  // but for the burnt cell
  EXPECT_EQ(before, after);
  for (const std::uint32_t granule : {0U, 15U}) {  // a mark that reads right today may be half programmed
    const std::uint32_t at = kOtadata + 0x2000 - 4 * (session.granules() - granule);
    const auto covers = [at](const sim::Op& op) { return op.address <= at && at < op.address + op.size_bytes; };
    EXPECT_EQ(std::count_if(board.flash.log().begin() + static_cast<long>(logged), board.flash.log().end(), covers), 1);
  }
  const std::uint64_t ops = board.operations();
  ASSERT_EQ(session.wake(), kDone) << "once a power session";
  EXPECT_EQ(board.operations(), ops);
}

TEST_F(SessionTest, WithAFullLogAGranuleIsDoneUntilTheNextBootOnly) {
  start();
  write(2);
  load();
  while (!sectors.append(1, {CellKind::note, 0, 0, 0, 0}).failed()) {
  }
  write_done(2);
  EXPECT_TRUE(session.done(2));
  load();
  EXPECT_FALSE(session.done(2)) << "it is sent again, that is all";
}

TEST_F(SessionTest, NoSessionInASectorThatIsNotClean) {
  start();
  ASSERT_EQ(sectors.append(1, {.kind = CellKind::doomed}), kDone);
  load();
  EXPECT_FALSE(session.active());
}

TEST_F(SessionTest, LargeSlotsAreFollowedInLargerGranules) {
  Board large{{.slot_bytes = 0x310000}};  // 784 sectors
  Layout big = *read_layout(large.flash);
  BootSectors both;
  large.record(0, 1, 2);
  ASSERT_EQ(both.read(large.flash, big), kDone);
  Session big_session;
  ASSERT_EQ(big_session.start(large.flash, both, 1, big, {1, {1, 2}, 0xFFFFFFFF, 0}), kDone);
  EXPECT_EQ(big_session.granule_bytes(), 8192U);
  EXPECT_EQ(big_session.granules(), 392U);
  int erased = 0;
  ASSERT_EQ(big_session.open(big_session.range_of(391), [&erased] { ++erased; }), kDone);
  EXPECT_EQ(erased, 2);
  EXPECT_EQ(big_session.granule_at(0x30FFFF), 391U);
}

TEST_F(SessionTest, FlashErrorsArePassedOn) {
  start();
  write_done(0);
  write(1);
  ASSERT_EQ(session.keep({4096, 5000}), kDone);
  std::uint32_t failures = 0;
  for (std::uint32_t i = 0; i < 200; ++i) {
    ASSERT_EQ(sectors.read(board.flash, layout), kDone);
    received.clear();
    board.flash.fail_read_at(i, Status::flash_read_failed);
    const Event e = session.load(board.flash, sectors, 1, layout, received);
    board.flash.disarm();
    if (e.failed()) {
      EXPECT_EQ(e.code, Status::flash_read_failed);
      ++failures;
    }
  }
  EXPECT_GT(failures, 20U);
}

}  // namespace
}  // namespace dualbank
