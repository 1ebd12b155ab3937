#include "dualbank/engine/serial_server.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

#include "tests/support/board.hpp"
#include "tests/support/serial_host.hpp"

namespace dualbank {
namespace {

using tests::Board;
using tests::ByteVector;
using tests::firmware;
using tests::framed;
using tests::RunningBoard;
using tests::SerialBoard;

TEST(SerialServer, HelloSaysWhoIsThere) {
  SerialBoard board;
  const SerialReply reply = board.ask({.verb = SerialVerb::hello});
  EXPECT_EQ(reply.event, Event{});
  EXPECT_EQ(std::string_view(board.device.name.data()), "bench");
  EXPECT_EQ(std::string_view(board.device.version.data()), "1.0");
  EXPECT_EQ(board.device.chip_id, tests::kTestChip);
  EXPECT_EQ(board.device.largest_piece_bytes, 1024);
  EXPECT_EQ(board.device.slot_offset, 0x20000U);
  EXPECT_EQ(board.device.slot_size_bytes, 0x10000U);
  EXPECT_EQ(board.device.trial_boot, 0);
  EXPECT_EQ(reply.state.running_slot, 0);
  EXPECT_EQ(reply.state.boot_slot, 0);
  EXPECT_EQ(reply.state.next_update_slot, 1);
  EXPECT_FALSE(reply.state.update_active);
  EXPECT_FALSE(reply.state.recovery);
}

TEST(SerialServer, LessRoomMeansSmallerPieces) {
  const struct {
    std::size_t room;
    unsigned piece;
  } cases[]{{kSerialLeastInBytes, 320}, {kSerialInBytes - 1, 960}, {kSerialInBytes, 1024}, {kSerialInBytes + 64, 1088}};
  for (const auto& c : cases) {
    SerialBoard board(c.room);
    (void)board.ask({.verb = SerialVerb::hello});
    EXPECT_EQ(board.device.largest_piece_bytes, c.piece) << c.room;
    EXPECT_LE(serial_encoded_bytes(kSerialDataHeadBytes + c.piece), c.room);
  }
}

TEST(SerialServer, AnUpdateFromBeginToReset) {
  SerialBoard board;
  const ByteVector& image = firmware("2.0");
  SerialReply reply = board.ask(board.begin_of(image));
  EXPECT_EQ(reply.event.code, Status::update_begun);
  EXPECT_TRUE(reply.state.update_active);
  EXPECT_EQ(reply.state.update_length_bytes, image.size());
  while (!reply.state.missing.empty()) {
    const Range gap = reply.state.missing;
    reply = board.ask(board.piece_of(image, gap.from));
    ASSERT_EQ(reply.event.code, Status::bytes_written);
    ASSERT_NE(reply.state.missing, gap);
  }
  board.board.may_boot({0, 1});
  EXPECT_EQ(board.ask({.verb = SerialVerb::switch_slot}).event.code, Status::switched);
  EXPECT_FALSE(board.server->reset_asked());
  EXPECT_EQ(board.ask({.verb = SerialVerb::reset}).event, Event{});
  EXPECT_TRUE(board.server->reset_asked());
  EXPECT_FALSE(board.server->reset_asked()) << "said once";
  EXPECT_TRUE(board.board.holds(1, image));
  EXPECT_EQ(board.board.boots(), 1);
}

TEST(SerialServer, MissingCountsFromTheOffset) {
  SerialBoard board;
  const ByteVector& image = firmware("2.0");
  (void)board.ask(board.begin_of(image));
  (void)board.ask(board.piece_of(image, 0));
  (void)board.ask(board.piece_of(image, 4096));
  const auto length = static_cast<std::uint32_t>(image.size());
  EXPECT_EQ(board.ask({.verb = SerialVerb::missing}).state.missing, (Range{1024, 4096}));
  EXPECT_EQ(board.ask({.verb = SerialVerb::missing, .offset = 2000}).state.missing, (Range{2000, 4096}));
  EXPECT_EQ(board.ask({.verb = SerialVerb::missing, .offset = 4096}).state.missing, (Range{5120, length}));
  EXPECT_TRUE(board.ask({.verb = SerialVerb::missing, .offset = 0xFFFF'FFFF}).state.missing.empty());
}

TEST(SerialServer, ARefusalComesWithItsValues) {
  SerialBoard board;
  const ByteVector& image = firmware("2.0");
  EXPECT_EQ(board.ask(board.piece_of(image, 4096)).event.code, Status::header_first);
  const SerialReply switched = board.ask({.verb = SerialVerb::switch_slot});
  EXPECT_EQ(switched.event, board.updater->last_event());
  EXPECT_TRUE(switched.event.failed());
  SerialRequest begin = board.begin_of(image);
  begin.length_bytes = 0x10001;
  EXPECT_EQ(board.ask(begin).event, (Event{Status::image_too_long, {0x10001, 0x10000, 0}}));
  EXPECT_EQ(board.board.operations(), 0U);
}

TEST(SerialServer, ARepeatedRequestIsAnsweredAndNotDoneAgain) {
  SerialBoard board;
  board.board.may_boot({0, 1});
  board.board.install(1, firmware("0.9"));
  const ByteVector frame = framed({.verb = SerialVerb::rollback, .sequence = 40});
  const ByteVector first = board.send(frame);
  const std::uint64_t operations = board.board.operations();
  EXPECT_GT(operations, 0U);
  EXPECT_EQ(board.send(frame), first);
  EXPECT_EQ(board.send(frame), first);
  EXPECT_EQ(board.board.operations(), operations);
  EXPECT_EQ(board.board.boots(), 1);
  const SerialReply other = board.ask({.verb = SerialVerb::status});
  EXPECT_EQ(other.state.answered, 1U);
}

TEST(SerialServer, FailGoesBackAndAsksForAReset) {
  SerialBoard board;
  board.board.may_boot({0, 1});
  EXPECT_EQ(board.ask({.verb = SerialVerb::fail}).event.code, Status::no_rollback_target);
  EXPECT_FALSE(board.server->reset_asked()) << "there is nothing to go back to";
  board.board.install(1, firmware("0.9"));
  EXPECT_EQ(board.ask({.verb = SerialVerb::fail}).event.code, Status::rolled_back);
  EXPECT_TRUE(board.server->reset_asked());
}

TEST(SerialServer, ConfirmAndAbandon) {
  SerialBoard board;
  EXPECT_EQ(board.ask({.verb = SerialVerb::confirm}).event.code, Status::confirmed);
  EXPECT_EQ(board.ask({.verb = SerialVerb::abandon}).event.code, Status::no_update);
  (void)board.ask(board.begin_of(firmware("2.0")));
  EXPECT_EQ(board.ask({.verb = SerialVerb::abandon}).event.code, Status::abandoned);
}

TEST(SerialServer, NewerRequestsAreToldTheVersion) {
  SerialBoard board;
  const SerialReply reply = board.ask({.version = 2, .verb = SerialVerb::rollback});
  EXPECT_EQ(reply.event, (Event{Status::serial_version, {2, 1, 0}}));
  EXPECT_EQ(reply.version, 1);
  EXPECT_EQ(board.ask({.verb = static_cast<SerialVerb>(99)}).event, (Event{Status::serial_bad_request, {99, 8, 0}}));
  EXPECT_EQ(board.board.operations(), 0U);
}

TEST(SerialServer, NothingIsDoneForADamagedFrame) {
  SerialBoard board;
  board.board.may_boot({0, 1});
  board.board.install(1, firmware("0.9"));
  const ByteVector good = framed({.verb = SerialVerb::rollback, .sequence = 3});
  for (std::size_t at = 1; at + 1 < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      ByteVector bad = good;
      bad[at] ^= static_cast<std::byte>(1 << bit);
      ASSERT_TRUE(board.send(bad).empty()) << at;
    }
  }
  EXPECT_EQ(board.board.operations(), 0U);
  const ByteVector reply = board.send(framed({.verb = SerialVerb::confirm}, {std::byte{0xBD}}));
  EXPECT_TRUE(reply.empty()) << "a reply is no request";
  EXPECT_GE(board.ask({.verb = SerialVerb::status}).state.dropped, 8 * (good.size() - 2) / 2);
  EXPECT_FALSE(board.send(good).empty());
  EXPECT_EQ(board.board.boots(), 1);
}

TEST(SerialServer, AfterAFlashErrorBeginOpensAgain) {
  SerialBoard board;
  board.board.may_boot({0, 1});
  const ByteVector& image = firmware("2.0");
  (void)board.ask(board.begin_of(image));
  (void)board.ask(board.piece_of(image, 0));
  board.board.flash.fail_at(0, Status::flash_program_failed);
  EXPECT_EQ(board.ask(board.piece_of(image, 1024)).event.code, Status::flash_program_failed);
  EXPECT_EQ(board.ask(board.begin_of(image)).event.code, Status::update_resumed);
  EXPECT_EQ(board.send_missing(image), Status::ok);
  EXPECT_EQ(board.ask({.verb = SerialVerb::switch_slot}).event.code, Status::switched);
}

// An update without begin() whose segments never end was found again at each open(), which refused to go on.
TEST(SerialServer, AnImageThatNeverEndsDoesNotOutliveAReset) {
  SerialBoard board;
  ByteVector endless =
      tests::ImageBuilder().chip(tests::kTestChip).segment(0x2000'0000, ByteVector(64)).length(12 * 1024).build();
  const std::uint32_t first_bytes = load_u32(endless, kImageHeaderBytes + 4);
  store_u32(endless, kImageHeaderBytes + kSegmentHeaderBytes + first_bytes + 4, 0xC635'0000);
  Status status = Status::ok;
  for (std::uint32_t at = 0; at < endless.size(); at += 1024)
    status = board.ask(board.piece_of(endless, at)).event.code;
  EXPECT_EQ(status, Status::image_too_long);
  (void)board.ask({.verb = SerialVerb::reset});
  board.boot(0);
  const ByteVector& image = firmware("3.0");
  EXPECT_EQ(board.ask(board.begin_of(image)).event.code, Status::update_begun);
  EXPECT_EQ(board.send_missing(image), Status::ok);
}

TEST(SerialServer, TextBetweenFramesDoesNoHarm) {
  SerialBoard board;
  EXPECT_TRUE(board.send(tests::bytes_of("help\r\n")).empty());
  EXPECT_EQ(board.ask({.verb = SerialVerb::status}).event, Event{});
}

}  // namespace
}  // namespace dualbank
