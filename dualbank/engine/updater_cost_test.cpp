// What the calls cost, in operations of the flash: nothing grows with what a device has behind it or beside it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;
using testing::ElementsAreArray;

struct Cost {
  std::uint64_t reads, bytes_read, programs, bytes_programmed, erases;
  bool operator==(const Cost&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Cost& cost) {
  return out << cost.reads << " reads of " << cost.bytes_read << " bytes, " << cost.programs << " programs of "
             << cost.bytes_programmed << " bytes, " << cost.erases << " erases";
}

template <class Call>
Cost cost_of(RunningBoard& board, Call call) {
  const auto before = board.flash.counts();
  EXPECT_EQ(call(), Status::ok);
  const auto after = board.flash.counts();
  return {after.reads - before.reads, after.bytes_read - before.bytes_read, after.programs - before.programs,
          after.bytes_programmed - before.bytes_programmed, after.erases - before.erases};
}

/// open, begin, each flash, switch, and after a reset: open, confirm.
std::vector<Cost> costs_of_an_update(RunningBoard& board, Policy policy = Policy::stock) {
  std::vector<Cost> costs;
  const auto count = [&](auto call) { costs.push_back(cost_of(board, call)); };
  board.may_boot({0, 1}, policy);
  Updater updater{board.flash, {.policy = policy}};
  count([&] { return updater.open(); });
  const ByteVector& image = firmware(updater.status().running_slot == 0 ? "2.0" : "3.0");
  count([&] { return updater.begin({.header = Bytes{image}.first(kImageStartBytes)}); });
  for (std::uint32_t at = 0; at < image.size(); at += 1024) {
    count([&] { return updater.flash(Bytes{image}.subspan(at, 1024), at); });
  }
  count([&] { return updater.switch_slot(); });
  board.reset(policy);
  Updater next{board.flash, {.policy = policy}};
  count([&] { return next.open(); });
  count([&] { return next.confirm(); });
  return costs;
}

TEST(Cost, IsTheSameForEverySequenceNumber) {
  std::vector<Cost> first;
  for (const std::uint32_t seq : {3U, 1001U, 0x7FFF'FFFFU, 0xF000'0001U}) {
    RunningBoard board;
    board.record(0, seq).record(1, seq - 1);
    const std::vector<Cost> costs = costs_of_an_update(board);
    if (first.empty()) first = costs;
    EXPECT_THAT(costs, ElementsAreArray(first)) << seq;
  }
}

TEST(Cost, IsTheSameAfterManyUpdates) {
  for (const Policy policy : {Policy::stock, Policy::dualbank}) {
    RunningBoard board;
    std::array<std::vector<Cost>, 2> early;  // of updates from one slot, and from the other
    for (unsigned updates = 0; updates < 60; ++updates) {
      const std::vector<Cost> costs = costs_of_an_update(board, policy);
      if (updates == 4 || updates == 5) early[updates % 2] = costs;
      if (updates > 5) {
        EXPECT_THAT(costs, ElementsAreArray(early[updates % 2])) << updates;
      }
    }
  }
}

TEST(Cost, IsTheSameOnALargerFlash) {
  RunningBoard small;
  RunningBoard large{{.more_bytes = 0xFC'0000}};
  EXPECT_THAT(costs_of_an_update(large), ElementsAreArray(costs_of_an_update(small)));
}

class StreamedTest : public testing::Test {
 protected:
  StreamedTest() { options_.streamed = &verifier_; }
  std::uint64_t bytes_read_by_switch(Updater& updater) {
    board_.may_boot({0, 1});
    return cost_of(board_, [&] { return updater.switch_slot(); }).bytes_read;
  }

  RunningBoard board_;
  ImageVerifier verifier_{ImageRules{}};
  Options options_{};
  const ByteVector& image_ = firmware("2.0", 40);
};

TEST_F(StreamedTest, AnImageThatCameInOrderIsNotReadAgain) {
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image_, 1000), Status::ok);
  EXPECT_LT(bytes_read_by_switch(updater), 0x2000U);
  EXPECT_EQ(board_.reset(), 1);
}

TEST_F(StreamedTest, ItIsWhereNoRoomIsGiven) {
  Updater updater{board_.flash, {}};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image_, 1000), Status::ok);
  EXPECT_GT(bytes_read_by_switch(updater), image_.size());
}

TEST_F(StreamedTest, AndWhereAPieceCameOutOfOrder) {
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image_}.first(0x1000), 0), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image_}.subspan(0x2000, 0x1000), 0x2000), Status::ok);
  ASSERT_EQ(send_missing(updater, image_), Status::ok);
  EXPECT_GT(bytes_read_by_switch(updater), image_.size());
  EXPECT_EQ(board_.reset(), 1);
}

TEST_F(StreamedTest, AndWhereTheUpdateWasOpenedAnew) {
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{image_}.first(0x3000), 0), Status::ok);
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send_missing(updater, image_), Status::ok);
  EXPECT_GT(bytes_read_by_switch(updater), image_.size());
}

TEST_F(StreamedTest, ABadImageIsRefusedByTheSameError) {
  ByteVector bad = image_;
  bad.back() ^= std::byte{1};
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, bad), Status::ok);
  const std::uint64_t before = board_.operations();
  EXPECT_EQ(updater.switch_slot(), Status::image_hash_mismatch);
  EXPECT_EQ(board_.operations(), before);
}

TEST_F(StreamedTest, WhatWasVerifiedOfAnAbandonedUpdateCountsForNoOther) {
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send(updater, image_), Status::ok);
  ASSERT_EQ(updater.abandon(), Status::ok);
  ByteVector bad = firmware("3.0", 40);
  bad.back() ^= std::byte{1};
  board_.install(1, bad);
  EXPECT_EQ(updater.switch_slot(), Status::image_hash_mismatch);
  ASSERT_EQ(updater.flash(Bytes{bad}.first(0x1000), 0), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{bad}.subspan(0x2000), 0x2000), Status::ok);
  ASSERT_EQ(updater.flash(Bytes{bad}.subspan(0x1000, 0x1000), 0x1000), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::image_hash_mismatch);
}

TEST_F(StreamedTest, APieceThatComesTwiceCountsOnce) {
  Updater updater{board_.flash, options_};
  ASSERT_EQ(updater.open(), Status::ok);
  for (std::uint32_t at = 0; at < image_.size(); at += 2048) {
    const Bytes piece = Bytes{image_}.subspan(at, 2048);
    ASSERT_EQ(updater.flash(piece, at), Status::ok);
    if (at != 0) {
      ASSERT_EQ(updater.flash(piece, at), Status::ok);
    }
  }
  EXPECT_LT(bytes_read_by_switch(updater), 0x2000U);
  EXPECT_EQ(board_.reset(), 1);
}

}  // namespace
}  // namespace dualbank
