// Whole updates in native records, on flashes of every kind.
#include <gtest/gtest.h>

#include "dualbank/engine/bootloader.hpp"
#include "tests/support/native_board.hpp"

namespace dualbank {
namespace {

using namespace tests;

ByteVector start_of(const ByteVector& image, std::size_t count) {
  return {image.begin(), image.begin() + static_cast<std::ptrdiff_t>(count)};
}

class NativeUpdate : public testing::TestWithParam<Part> {
 protected:
  NativeUpdate() : board(GetParam()) {
    board.install(0, firmware("1.0", 9));
    board.allowed = {0};
  }
  ~NativeUpdate() override { board.expect_right(); }

  Status switch_to(SlotIndex running, const ByteVector& image) {
    Updater updater{board.once, board.options(running)};
    EXPECT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(send(updater, image, 2048), Status::ok) << int(updater.last_event().code);
    board.allowed = {0, 1};
    const Status s = updater.switch_slot();
    board.allowed = {updater.layout().next_update_slot(running)};
    return s;
  }
  Status confirm(SlotIndex running) {
    Updater updater{board.once, board.options(running)};
    EXPECT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.status().on_trial, true);
    return updater.confirm();
  }

  NativeBoard board;
};

TEST_P(NativeUpdate, ThereAndBackAgainManyTimes) {
  SlotIndex running = 0;
  for (int round = 0; round < 6; ++round) {
    const ByteVector& image = firmware("2." + std::to_string(round), 9);
    ASSERT_EQ(switch_to(running, image), Status::ok);
    running = board.power_on();
    ASSERT_EQ(running, (round + 1) % 2);
    ASSERT_TRUE(board.holds(running, image));
    board.allowed = {running};
    ASSERT_EQ(confirm(running), Status::ok);
    ASSERT_EQ(board.power_on(), running);
  }
}

TEST_P(NativeUpdate, AnIntactFlashIsNotWrittenByOpening) {
  ASSERT_EQ(switch_to(0, firmware("2.0", 9)), Status::ok);
  ASSERT_EQ(board.power_on(), 1);
  const auto before = board.flash.counts().operations();
  for (int i = 0; i < 3; ++i) {
    Updater updater{board.once, board.options(1)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.last_event().code, Status::opened);
    board.power_on();
  }
  EXPECT_EQ(board.flash.counts().operations(), before);
}

TEST_P(NativeUpdate, GoesOnAfterAReset) {
  const ByteVector& image = firmware("2.0", 18);
  std::size_t sent = 0;
  std::uint32_t granule = 0;
  for (; sent + 2048 <= image.size(); sent += 2048) {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.header = Bytes{image}.first(288)}), Status::ok);
    EXPECT_EQ(updater.last_event().code, sent == 0 ? Status::update_begun : Status::update_resumed);
    granule = updater.status().update_granule_bytes;
    const std::uint32_t missing = updater.next_missing().from;
    EXPECT_EQ(missing, sent & ~std::size_t{granule - 1}) << "at most one granule is lost";
    ASSERT_EQ(send(updater, start_of(image, sent + 2048), 2048, missing), Status::ok);
    board.power_on();
  }
  Updater updater{board.once, board.options(0)};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(send_missing(updater, image), Status::ok);
  board.allowed = {0, 1};
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board.power_on(), 1);
}

TEST_P(NativeUpdate, PausedPiecesAreKept) {
  const ByteVector& image = firmware("2.0", 9);
  {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, start_of(image, 1024), 512), Status::ok);
    ASSERT_EQ(updater.pause(), Status::ok);
  }
  board.power_on();
  for (int i = 0; i < 2; ++i) {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.next_missing().from, 1024U);
    if (i == 1) {
      EXPECT_EQ(send_missing(updater, image), Status::ok);
      board.allowed = {0, 1};
      EXPECT_EQ(updater.switch_slot(), Status::ok);
    }
  }
  EXPECT_EQ(board.power_on(), 1);
  EXPECT_TRUE(board.holds(1, image));
}

TEST_P(NativeUpdate, KeptPiecesCountOnce) {
  const ByteVector& image = firmware("2.0", 9);
  Options options = board.options(0);
  {
    Updater updater{board.once, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, start_of(image, 1024), 512), Status::ok);
    ASSERT_EQ(updater.pause(), Status::ok);
    ASSERT_EQ(updater.flash(Bytes{image}.subspan(1024, 512), 1024), Status::ok);
  }
  board.power_on();
  Updater updater{board.once, options};
  ASSERT_EQ(updater.open(), Status::ok);
  const std::uint32_t granule = updater.status().update_granule_bytes;
  EXPECT_EQ(updater.next_missing().from, 1536U & ~(granule - 1)) << "what came after the pause may be torn";
  ByteVector workspace(granule);
  options.workspace = workspace;
  Updater could_keep_them{board.once, options};
  ASSERT_EQ(could_keep_them.open(), Status::ok);
  EXPECT_EQ(could_keep_them.next_missing().from, updater.next_missing().from) << "nor are they kept over an erase";
}

TEST_P(NativeUpdate, AMarkThatDidNotFitIsVoidOnceItsGranuleIsOpened) {
  const ByteVector& image = firmware("2.0", 9);
  const std::uint32_t at = board.layout.slots[1].offset;
  {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.header = Bytes{image}.first(288)}), Status::ok);
    ASSERT_EQ(send(updater, image, 2048), Status::ok);
    ASSERT_TRUE(updater.next_missing().empty());
  }
  board.flash.put(at, ByteVector(32, std::byte{0x12}));  // as by another program
  for (int boot = 0; boot < 2; ++boot) {
    board.power_on();
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.next_missing().from, 0U) << boot;
    if (boot == 1) break;
    ASSERT_EQ(updater.flash(Bytes{image}.first(512), 0), Status::ok);
    const std::uint32_t granule = std::min<std::uint32_t>(updater.status().update_granule_bytes, 9 * 1024);
    board.flash.put(at + 512, Bytes{image}.subspan(512, granule - 512));  // weak bits that read right
  }
}

TEST_P(NativeUpdate, AbandonedAndBegunAgain) {
  const ByteVector& image = firmware("2.0", 9);
  for (int i = 0; i < 3; ++i) {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(send(updater, start_of(image, 2048), 512), Status::ok);
    ASSERT_EQ(updater.abandon(), Status::ok);
    EXPECT_NE(updater.switch_slot(), Status::ok);
    if (i == 1) board.power_on();
    Updater again{board.once, board.options(0)};
    ASSERT_EQ(again.open(), Status::ok);
    EXPECT_FALSE(again.status().update_active);
  }
  EXPECT_EQ(switch_to(0, image), Status::ok);
  EXPECT_EQ(board.power_on(), 1);
}

TEST_P(NativeUpdate, RollsBackBeforeAndAfterTheReset) {
  ASSERT_EQ(switch_to(0, firmware("2.0", 9)), Status::ok);
  board.allowed = {0, 1};
  {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.rollback(), Status::ok);
    EXPECT_EQ(board.boots(), 0);
    ASSERT_EQ(updater.switch_slot(), Status::ok);
  }
  ASSERT_EQ(board.power_on(), 1);
  Updater updater{board.once, board.options(1)};
  ASSERT_EQ(updater.open(), Status::ok);
  ASSERT_EQ(updater.rollback(), Status::ok) << int(updater.last_event().code);
  EXPECT_EQ(board.power_on(), 0);
}

TEST_P(NativeUpdate, OurBootloaderCountsTheTrialAndGoesBack) {
  ASSERT_EQ(switch_to(0, firmware("2.0", 9)), Status::ok);
  board.allowed.clear();
  BootSettings settings{.policy = Policy::dualbank, .chip_id = kTestChip};
  settings.most_tries = 2;
  settings.native = &kNativeRecords;
  ByteVector buffer(1024);
  std::vector<int> booted;
  for (int boot = 0; boot < 4; ++boot) {
    board.flash.reboot();
    const Result<BootOutcome> out = run_bootloader(board.once, board.layout, settings, buffer);
    ASSERT_TRUE(out.has_value());
    EXPECT_FALSE(out->journal.failed()) << int(out->journal.code);
    booted.push_back(out->decision.slot);
  }
  EXPECT_EQ(booted, (std::vector<int>{1, 1, 0, 0}));
}

TEST_P(NativeUpdate, WithoutTheFormItIsRefusedByName) {
  Options options = board.options(0);
  options.native = nullptr;
  Updater updater{board.once, options};
  EXPECT_EQ(updater.open(), Status::flash_geometry);
  EXPECT_EQ(board.flash.counts().operations(), 0U);
}

TEST_P(NativeUpdate, ManyPowerSessionsEndInAFreshStartNotInAFault) {
  const ByteVector& image = firmware("2.0", 9);
  bool started_over = false;
  for (int boot = 0; boot < 600 && !started_over; ++boot) {
    Updater updater{board.once, board.options(0)};
    ASSERT_EQ(updater.open(), Status::ok);
    started_over = boot > 0 && !updater.status().update_active;
    if (boot > 0 && !started_over) {
      ASSERT_EQ(updater.begin({.header = Bytes{image}.first(288)}), Status::ok);
    }
    ASSERT_EQ(updater.flash(Bytes{image}.first(512), 0), Status::ok) << boot;
    board.power_on();
  }
  EXPECT_TRUE(started_over);
  EXPECT_EQ(switch_to(0, image), Status::ok);
  EXPECT_EQ(board.power_on(), 1);
}

INSTANTIATE_TEST_SUITE_P(Parts, NativeUpdate, testing::ValuesIn(native_parts()),
                         [](const auto& part) { return part.param.name; });

}  // namespace
}  // namespace dualbank
