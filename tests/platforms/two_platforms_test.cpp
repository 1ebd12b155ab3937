// Two platforms in two slots, and a board that goes back and forth between them for years: never a wrong boot, wear
// that does not grow, sequence numbers up to their end, and the power cut at any moment.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dualbank/sim/tears.hpp"
#include "tests/support/board.hpp"
#include "tests/support/sanitized.hpp"

namespace dualbank {
namespace {

using namespace tests;

constexpr std::uint32_t kTop = 0xFFFF'FFFE;

ByteVector circuitpython() { return ImageBuilder().chip(kTestChip).project("circuitpython").version("10.3.0").build(); }
ByteVector micropython() {
  return ImageBuilder().chip(kTestChip).project("micropython").version("10.3.0").seed(7).build();
}
ByteVector bare() {  // of neither: nothing says its name, nothing but a checksum guards it
  return ImageBuilder().chip(kTestChip).no_descriptor().no_hash().payload(random_bytes(5000, 2)).build();
}

struct Pair {
  const char* name;
  ByteVector first;
  ByteVector second;
  bool foreign;
};

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> kPairs{{"CircuitPython and MicroPython", circuitpython(), micropython(), false},
                                        {"MicroPython and a bare image", micropython(), bare(), true},
                                        {"the same firmware twice", circuitpython(), circuitpython(), false}};
  return kPairs;
}

constexpr std::array kPolicies{Policy::stock, Policy::stock_rollback, Policy::dualbank};

SlotIndex other(SlotIndex slot) { return slot == 0 ? 1 : 0; }

class Switching {
 public:
  Switching(Policy policy, const Pair& pair, const BoardShape& shape = {})
      : board(shape), policy_(policy), foreign_(pair.foreign) {
    board.install(0, pair.first).install(1, pair.second).record(0, 1, 2);
    board.may_boot({0}, policy);
  }

  /// What the firmware in `running` does: keep itself, then choose the other, with `image` installed there first.
  Status go(SlotIndex running, const ByteVector& image = {}) {
    Updater updater{board.flash, {.running_slot = running, .policy = policy_, .allow_foreign = foreign_}};
    if (const Status s = updater.open(); s != Status::ok) return s;
    if (updater.status().on_trial) {
      if (const Status s = updater.confirm(); s != Status::ok) return s;
    }
    board.may_boot({running, other(running)}, policy_);
    if (!image.empty()) {
      if (const Status s = send(updater, image); s != Status::ok) return s;
    }
    return updater.switch_slot();
  }

  /// To the other slot and into it. A trial of the slot that runs may end with any reset until it is confirmed.
  void there(SlotIndex running, const ByteVector& image = {}) {
    board.may_boot({0, 1}, policy_);
    ASSERT_EQ(go(running, image), Status::ok);
    ASSERT_EQ(board.reset(policy_), other(running));
  }

  Board board;

 private:
  Policy policy_;
  bool foreign_;
};

TEST(TwoPlatforms, AThousandSwitchesBackAndForthBootTheRightOneWithBoundedWear) {
  const int switches = kSanitized ? 100 : 1000;
  for (const Pair& pair : pairs()) {
    for (const Policy policy : kPolicies) {
      SCOPED_TRACE(std::string(pair.name) + ", policy " + std::to_string(static_cast<int>(policy)));
      Switching life{policy, pair};
      const std::uint64_t before = life.board.erases();
      for (int i = 0; i < switches; ++i) ASSERT_NO_FATAL_FAILURE(life.there(static_cast<SlotIndex>(i % 2)));
      EXPECT_EQ(life.board.unsafe, 0u) << life.board.first_unsafe;
      EXPECT_TRUE(life.board.flash.violations().empty());
      RecordProperty(pair.first == pairs()[0].first ? "erases_" + std::to_string(static_cast<int>(policy)) : "others",
                     std::to_string(life.board.erases() - before));
      // One otadata sector each time, and under rollback that of the record which is confirmed.
      const std::uint64_t most = policy == Policy::stock_rollback ? 2 : 1;
      EXPECT_LE(life.board.erases() - before, most * static_cast<std::uint64_t>(switches) + 4);
      for (const std::uint32_t sector : {kOtadata, kOtadata + 0x1000})
        EXPECT_LE(life.board.flash.erases_of(sector), most * static_cast<std::uint64_t>(switches) / 2 + 4);
      for (std::uint32_t at = kFirstSlot; at < kFirstSlot + 0x20000; at += 0x1000)
        EXPECT_EQ(life.board.flash.erases_of(at), 0u);
    }
  }
}

struct Records {
  const char* name;
  std::uint32_t first;
  std::uint32_t second;
  SlotIndex running;
};

// 0xFFFFFFFE names ota_1 of two, 0xFFFFFFFD ota_0.
constexpr std::array kNearTheTop{
    Records{"six below", kTop - 6, kTop - 7, 1},   Records{"top in record 0", kTop, kTop - 1, 1},
    Records{"top in record 1", kTop - 1, kTop, 1}, Records{"one below, alone", kTop - 1, 0xFFFF'FFFF, 0},
    Records{"top, alone", kTop, 0xFFFF'FFFF, 1},   Records{"top twice", kTop, kTop, 1},
};

/// Another firmware each time, alternately of each platform.
ByteVector update_number(int i) {
  return i % 2 == 0 ? ImageBuilder().chip(kTestChip).project("micropython").version("2." + std::to_string(i)).build()
                    : ImageBuilder().chip(kTestChip).project("circuitpython").version("9." + std::to_string(i)).build();
}

TEST(TwoPlatforms, NearTheEndOfTheSequenceNumbersItGoesOnFromTheStart) {
  for (const Policy policy : kPolicies) {
    for (const Records& records : kNearTheTop) {
      for (const bool updates : {false, true}) {
        SCOPED_TRACE(std::string(records.name) + ", policy " + std::to_string(static_cast<int>(policy)) +
                     (updates ? ", updates" : ""));
        Switching life{policy, pairs()[0]};
        life.board.may_boot({});
        life.board.record(0, records.first, 2).record(1, records.second, 2);
        SlotIndex running = records.running;
        for (int i = 0; i < 40; ++i, running = other(running))
          ASSERT_NO_FATAL_FAILURE(life.there(running, updates ? update_number(i) : ByteVector{}));
        EXPECT_EQ(life.board.unsafe, 0u) << life.board.first_unsafe;
        EXPECT_LT(std::min(life.board.record_at(0).seq, life.board.record_at(1).seq), 100u);
      }
    }
  }
}

/// Cuts each operation of each of the next switches; whatever boots then can switch on.
std::size_t cut_everywhere(Policy policy, const Records& records, bool updates, int switches) {
  std::size_t cuts = 0;
  Switching life{policy, pairs()[0]};
  Board& board = life.board;
  board.may_boot({});
  board.record(0, records.first, 2).record(1, records.second, 2);
  SlotIndex running = records.running;
  for (int i = 0; i < switches; ++i, running = other(running)) {
    const ByteVector image = updates ? update_number(i) : ByteVector{};
    const auto start = board.flash.snapshot();
    const std::size_t logged = board.flash.log().size();
    EXPECT_EQ(life.go(running, image), Status::ok);
    const std::vector<sim::Op> operations(board.flash.log().begin() + static_cast<std::ptrdiff_t>(logged),
                                          board.flash.log().end());
    const auto end = board.flash.snapshot();
    for (std::uint32_t at = 0; at < operations.size(); ++at) {
      for (const sim::Tear& tear : tears_of(operations[at], board.flash.geometry(), sim::Thoroughness::few)) {
        SCOPED_TRACE(std::string(records.name) + ", policy " + std::to_string(static_cast<int>(policy)) + ", switch " +
                     std::to_string(i) + ", operation " + std::to_string(at) + ", " + tear_code(tear));
        board.flash.restore(start);
        board.flash.cut_at(at, tear);
        EXPECT_EQ(life.go(running, image), Status::power_lost);
        board.power_on();
        ++cuts;
        SlotIndex now = board.reset(policy);
        EXPECT_TRUE(now == 0 || now == 1);
        // With an update the other slot may be half written: it is sent again.
        for (int more = 0; more < (updates ? 1 : 3) && !testing::Test::HasFailure(); ++more, now = other(now))
          life.there(now, updates ? update_number(i + more) : ByteVector{});
        EXPECT_EQ(board.unsafe, 0u) << board.first_unsafe;
        if (testing::Test::HasFailure()) return cuts;
      }
    }
    board.flash.restore(end);
    board.power_on();
    EXPECT_EQ(board.reset(policy), other(running));
  }
  return cuts;
}

TEST(TwoPlatforms, ThePowerCutAnywhereNearTheEndNeverLeavesItStuck) {
  std::size_t cuts = 0;
  for (const Policy policy : kPolicies) {
    for (const Records& records : kNearTheTop) {
      cuts += cut_everywhere(policy, records, false, kSanitized ? 3 : 10);
      cuts += cut_everywhere(policy, records, true, kSanitized ? 1 : 3);
    }
  }
  RecordProperty("cuts", std::to_string(cuts));
  EXPECT_GT(cuts, kSanitized ? 1'000u : 20'000u);
}

/// The states that one platform's code writes, under the other's bootloader. Whatever is found: the firmware that runs
/// can switch, and the board then runs the other one.
TEST(TwoPlatforms, EachOnesRecordStatesAreUnderstoodUnderTheOthersBootloader) {
  constexpr std::array<std::uint32_t, 6> kStates{0, 1, 2, 3, 4, 0xFFFF'FFFF};
  std::size_t lives = 0;
  for (const Policy policy : kPolicies) {
    for (const std::uint32_t first : kStates) {
      for (const std::uint32_t second : kStates) {
        for (const bool newer : {false, true}) {
          SCOPED_TRACE("states " + std::to_string(first) + " " + std::to_string(second) + (newer ? ", r1" : ", r0") +
                       ", policy " + std::to_string(static_cast<int>(policy)));
          Switching life{policy, pairs()[0]};
          life.board.may_boot({});
          life.board.record(0, newer ? 1 : 3, first).record(1, 2, second);
          SlotIndex running = life.board.reset(policy);
          ASSERT_TRUE(running == 0 || running == 1);
          for (int i = 0; i < 4; ++i, running = other(running)) ASSERT_NO_FATAL_FAILURE(life.there(running));
          EXPECT_EQ(life.board.unsafe, 0u) << life.board.first_unsafe;
          ++lives;
        }
      }
    }
  }
  EXPECT_EQ(lives, 3u * 36 * 2);
}

TEST(TwoPlatforms, AnImageThatNobodyConfirmsIsDroppedOnlyWhereTheBootloaderHasRollback) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback}) {
    Switching life{policy, pairs()[0]};
    ASSERT_EQ(life.go(0), Status::ok);
    ASSERT_EQ(life.board.reset(policy), 1);
    EXPECT_EQ(life.board.reset(policy), policy == Policy::stock ? 1 : 0);
  }
}

TEST(TwoPlatforms, ThereIsNoVersionRule) {
  Switching life{Policy::stock, pairs()[2]};  // CircuitPython's module refuses the same version for ever
  Updater updater{life.board.flash, {.running_slot = 0}};
  ASSERT_EQ(updater.open(), Status::ok);
  life.board.may_boot({0, 1});
  ASSERT_EQ(send(updater, circuitpython()), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST(TwoPlatforms, ABareImageNeedsItsOption) {
  Switching life{Policy::stock, pairs()[1]};
  Updater strict{life.board.flash, {.running_slot = 0}};
  ASSERT_EQ(strict.open(), Status::ok);
  const auto before = life.board.operations();
  EXPECT_EQ(strict.switch_slot(), Status::image_no_descriptor);
  EXPECT_EQ(strict.flash(bare(), 0), Status::image_no_descriptor);
  EXPECT_EQ(life.board.operations(), before);
  EXPECT_EQ(life.go(0), Status::ok);
}

}  // namespace
}  // namespace dualbank
