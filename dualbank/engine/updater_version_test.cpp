// An updater with a version counter: lower versions are refused before anything is erased, and the counter follows what
// is confirmed.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

ByteVector version(std::uint32_t number, std::uint32_t seed = 1) {
  return ImageBuilder().chip(kTestChip).secure_version(number).seed(seed).length(8192).build();
}

class Versions : public testing::Test {
 protected:
  Versions() : board_({.more_bytes = 0x2000}), counter_({board_.extent(1).offset + 0x10000, 0x2000}) {
    board_.install(0, version(5));
    board_.may_boot({0, 1});
  }
  std::uint32_t counted() { return *counter_.lowest(board_.flash); }
  Status open(Updater& updater) { return updater.open(); }
  Options options(Policy policy = Policy::stock) { return {.policy = policy, .versions = &counter_}; }

  RunningBoard board_;
  VersionRecord counter_;
};

TEST_F(Versions, ALowerOneIsRefusedBeforeAnErase) {
  ASSERT_EQ(counter_.raise(board_.flash, 5), Event{});
  Updater updater{board_.flash, options()};
  ASSERT_EQ(updater.open(), Status::ok);
  const auto before = board_.operations();
  const ByteVector old = version(4);
  EXPECT_EQ(updater.begin({.header = Bytes{old}.first(kImageStartBytes)}), Status::image_version_too_low);
  EXPECT_EQ(updater.last_event(), (Event{Status::image_version_too_low, {4, 5, 0}}));
  EXPECT_EQ(updater.flash(old, 0), Status::image_version_too_low);
  EXPECT_EQ(board_.operations(), before);
  EXPECT_EQ(send(updater, version(5, 2)), Status::ok);
}

TEST_F(Versions, ALowerOneThatIsThereAlreadyBootsByNoCall) {
  ASSERT_EQ(counter_.raise(board_.flash, 5), Event{});
  board_.install(1, version(4));
  Updater updater{board_.flash, options()};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::image_version_too_low);
  EXPECT_EQ(updater.rollback(1), Status::image_version_too_low);
  EXPECT_EQ(updater.rollback(), Status::no_rollback_target);
  EXPECT_EQ(board_.boots(), 0);
}

TEST_F(Versions, TheCounterFollowsTheConfirmedImageAndNoOther) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    board_.install(0, version(5)).record(0, 1, 2).record(1, kBlankSeq).install(1, version(1));
    board_.flash.put(board_.extent(1).offset + 0x10000, ByteVector(0x2000, std::byte{0xFF}));
    Updater updater{board_.flash, options(policy)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, version(7)), Status::ok);
    ASSERT_EQ(updater.switch_slot(), Status::ok);
    EXPECT_EQ(counted(), 0U);
    board_.reset(policy);
    Options running = options(policy);
    running.running_slot = 1;
    Updater next{board_.flash, running};
    ASSERT_EQ(next.open(), Status::ok);
    EXPECT_EQ(counted(), 0U) << "on trial";
    ASSERT_EQ(next.confirm(), Status::ok);
    EXPECT_EQ(counted(), 7U);
  }
}

TEST_F(Versions, AFailedTrialLeavesTheCounter) {
  ASSERT_EQ(counter_.raise(board_.flash, 5), Event{});
  board_.install(1, version(7));
  Updater updater{board_.flash, options()};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  Options running = options();
  running.running_slot = 1;
  Updater next{board_.flash, running};
  ASSERT_EQ(next.open(), Status::ok);
  EXPECT_EQ(next.rollback(), Status::ok) << "5 is not below 5";
  EXPECT_EQ(counted(), 5U);
  EXPECT_EQ(board_.boots(), 0);
}

TEST_F(Versions, WhatACutKeptFromTheCounterTheNextOpenDoes) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback}) {
    board_.install(0, version(5)).record(0, 1, 2).record(1, kBlankSeq).install(1, version(7));
    board_.flash.put(board_.extent(1).offset + 0x10000, ByteVector(0x2000, std::byte{0xFF}));
    Updater updater{board_.flash, {.policy = policy}};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.switch_slot(), Status::ok);
    board_.reset(policy);
    Updater without{board_.flash, {.running_slot = 1, .policy = policy}};
    ASSERT_EQ(without.open(), Status::ok);
    ASSERT_EQ(without.confirm(), Status::ok);
    EXPECT_EQ(counted(), 0U);
    Updater next{board_.flash, {.running_slot = 1, .policy = policy, .versions = &counter_}};
    ASSERT_EQ(next.open(), Status::ok);
    EXPECT_EQ(counted(), 7U);
    const auto before = board_.operations();
    ASSERT_EQ(next.open(), Status::ok);
    EXPECT_EQ(board_.operations(), before);
  }
}

// It reads as confirmed at one boot, and would not at the next.
TEST_F(Versions, AConfirmationThatACutLeftInDoubtIsMadeCertainBeforeItCounts) {
  board_.install(1, version(7));
  Updater updater{board_.flash, options()};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  Options running = options();
  running.running_slot = 1;
  const auto start = board_.flash.snapshot();
  int counted_boots = 0;
  for (std::uint32_t operation = 0; operation < 4; ++operation) {
    for (std::uint32_t units = 0; units <= 16; ++units) {
      board_.flash.restore(start);
      Updater next{board_.flash, running};
      ASSERT_EQ(next.open(), Status::ok);
      board_.flash.cut_at(operation, {.kind = sim::Tear::Kind::prefix, .units = units, .marginal = true});
      if (next.confirm() == Status::ok) break;
      board_.flash.reboot(sim::MarginalBits::programmed);
      Updater again{board_.flash, running};
      ASSERT_EQ(again.open(), Status::ok);
      if (counted() != 7) continue;
      ++counted_boots;
      board_.flash.reboot(sim::MarginalBits::erased);
      Updater last{board_.flash, running};
      ASSERT_EQ(last.open(), Status::ok);
      EXPECT_FALSE(last.status().on_trial) << operation << " " << units;
    }
  }
  EXPECT_GT(counted_boots, 0);
}

TEST_F(Versions, ABoardThatWasNeverSwitchedCountsWhenItIsConfirmed) {
  Updater updater{board_.flash, options()};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(counted(), 0U) << "nobody confirmed it";
  ASSERT_EQ(updater.confirm(), Status::ok);
  EXPECT_EQ(counted(), 5U);
}

TEST_F(Versions, WithoutACounterTheConfirmedImagesOwn) {
  OwnVersion own;
  Updater updater{board_.flash, {.versions = &own}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(send(updater, version(4)), Status::image_version_too_low);
  EXPECT_EQ(updater.last_event(), (Event{Status::image_version_too_low, {4, 5, 0}}));
  ASSERT_EQ(send(updater, version(6)), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  Updater next{board_.flash, {.running_slot = 1, .versions = &own}};
  ASSERT_EQ(next.open(), Status::ok);
  EXPECT_EQ(next.rollback(), Status::ok) << "on trial nothing is the least";
}

TEST_F(Versions, AnotherSlotThatIsChosenMeanwhileDoesNotCount) {
  board_.install(1, version(4));
  Updater updater{board_.flash, options()};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(updater.confirm(), Status::not_confirmable);
  EXPECT_EQ(counted(), 0U) << "4 boots next";
}

}  // namespace
}  // namespace dualbank
