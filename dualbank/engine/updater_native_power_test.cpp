// Every flash operation of a whole update in native records is cut: before, inside in many ways, and after. Whatever
// the moment, and whatever half programmed bits read as at each boot, what boots may boot, the update goes on to its
// right end, and no unit is programmed twice.
#include <gtest/gtest.h>

#include "dualbank/sim/draw.hpp"
#include "tests/support/native_board.hpp"
#include "tests/support/sanitized.hpp"

namespace dualbank {
namespace {

using namespace tests;
using sim::MarginalBits;
using sim::Tear;

constexpr SlotIndex kRunning = 0;
constexpr SlotIndex kTarget = 1;

std::vector<Tear> tears() {
  std::vector<Tear> all{{.kind = Tear::Kind::before}, {.kind = Tear::Kind::after}};
  for (const bool marginal : {false, true}) {
    for (const std::uint32_t units : {0U, 1U, 3U, 12U}) {
      if (units != 0 || marginal) {
        all.push_back({.kind = Tear::Kind::prefix, .units = units, .seed = units, .marginal = marginal});
        all.push_back({.kind = Tear::Kind::suffix, .units = units, .seed = units, .marginal = marginal});
      }
    }
    for (const std::uint32_t seed : {1U, 2U}) {
      all.push_back({.kind = Tear::Kind::bits, .seed = seed, .marginal = marginal});
    }
    all.push_back({.kind = Tear::Kind::prefix, .units = 1, .seed = 4, .programs_first = true, .marginal = marginal});
  }
  return all;
}

struct Cut {
  std::uint32_t index;
  Tear tear;
  MarginalBits reads;
};

struct Case {
  const char* part;
  bool used;  ///< the board was updated before: both records and both slots are taken
};

class NativePowerCut : public testing::TestWithParam<Case> {
 protected:
  NativePowerCut() : board_(native_part(GetParam().part)) {
    board_.install(kRunning, firmware("1.0", 5));
    if (GetParam().used) {
      for (const SlotIndex running : {kRunning, kTarget}) {
        Updater updater{board_.once, board_.options(running)};
        EXPECT_EQ(updater.open(), Status::ok);
        EXPECT_EQ(send(updater, running == kRunning ? firmware("0.9", 5) : firmware("1.0", 5), 2048), Status::ok);
        EXPECT_EQ(updater.switch_slot(), Status::ok);
        Updater next{board_.once, board_.options(board_.power_on())};
        EXPECT_EQ(next.open(), Status::ok);
        EXPECT_EQ(next.confirm(), Status::ok);
      }
    }
    board_.keep_as_start();
  }

  /// The update, from wherever it stands, to its end or to the cut.
  Status run(SlotIndex running) {
    Updater updater{board_.once, board_.options(running)};
    if (const Status s = updater.open(); s != Status::ok) return s;
    if (running == kTarget) return updater.confirm();
    if (const Status s = updater.begin({.header = Bytes{image_}.first(288)}); s != Status::ok) return s;
    if (board_.boots() == kRunning) board_.allowed = {kRunning};
    if (const Status s = send_missing(updater, image_, 1536); s != Status::ok) return s;
    board_.allowed = {kRunning, kTarget};
    return updater.switch_slot();
  }

  SlotIndex power_on(MarginalBits reads) {
    SlotIndex now = kNoSlot;
    for (int boots = 0; boots < 3; ++boots) {  // reads differ from boot to boot: none of them may go wrong
      now = board_.power_on(reads);
      EXPECT_TRUE(board_.allowed.contains(now)) << "boots " << int{now};
    }
    return now;
  }

  /// One life: cut after cut, then to the end. False when the last cut never came.
  bool live(const std::vector<Cut>& cuts) {
    board_.start_again();
    board_.allowed = {kRunning};
    SlotIndex running = kRunning;
    bool struck = true;
    for (const Cut& cut : cuts) {
      board_.flash.cut_at(cut.index, cut.tear);
      const Status s = run(running);
      struck = s == Status::power_lost;
      EXPECT_TRUE(struck || s == Status::ok) << static_cast<int>(s);
      running = power_on(cut.reads);
      if (!struck) break;
    }
    for (int boots = 0; boots < 3 && running != kTarget; ++boots) {
      const Status s = run(running);
      EXPECT_EQ(s, Status::ok) << static_cast<int>(s);
      running = power_on(MarginalBits::drawn);
    }
    EXPECT_EQ(running, kTarget);
    EXPECT_EQ(run(running), Status::ok) << "confirm";
    EXPECT_EQ(power_on(MarginalBits::drawn), kTarget) << "it stays";
    EXPECT_TRUE(board_.holds(kTarget, image_));
    EXPECT_EQ(board_.first_unsafe, "");
    check_units();
    return struck;
  }

  // The first program of a power session, cut so that no bit tells of it, is made again in the next one.
  void check_units() {
    EXPECT_TRUE(board_.once.wrong.empty()) << "at " << *board_.once.wrong.begin();
    const std::uint32_t record = native_sector_bytes(board_.flash.geometry());
    const std::uint32_t cell = NativeLog::of(record, board_.flash.geometry().write_unit_bytes).cell_bytes;
    for (const std::uint32_t address : board_.once.again) {
      EXPECT_LT(address, 2 * record);
      const std::uint32_t place = (address & (record - 1)) / cell;
      EXPECT_TRUE(place % kCellsPerFrame == 0 || place == 1 || place == 2) << "at " << address;
      ++made_again_;
    }
    for (const sim::Violation& v : board_.flash.violations()) {
      EXPECT_EQ(v.kind, sim::Violation::Kind::programs_again);
      EXPECT_TRUE(board_.once.again.contains(v.address)) << "at " << v.address;
    }
  }

  static std::string say(const std::vector<Cut>& cuts) {
    std::string text;
    for (const auto& [index, t, reads] : cuts) {
      text += "operation " + std::to_string(index) + " kind " + std::to_string(static_cast<int>(t.kind)) + " units " +
              std::to_string(t.units) + " seed " + std::to_string(t.seed) + (t.marginal ? " marginal" : "") +
              (t.programs_first ? " programs first" : "") + " reads " + std::to_string(static_cast<int>(reads)) + "; ";
    }
    return text;
  }

  NativeBoard board_;
  const ByteVector& image_ = firmware("2.0", 5);
  std::uint32_t made_again_ = 0;
};

TEST_P(NativePowerCut, OnceAnywhere) {
  board_.flash.forget();
  ASSERT_EQ(run(kRunning), Status::ok);
  std::vector<bool> on_record;
  for (const sim::Op& op : board_.flash.log()) on_record.push_back(board_.is_record(op.address));
  const std::vector<Tear> all = tears();
  std::uint32_t lives = 0;
  for (std::uint32_t index = 0; index <= on_record.size(); ++index) {
    // Slots are told apart from records by their content only: there a few tears stand for all.
    const bool record = index == on_record.size() || on_record[index];
    const bool many = on_record.size() > 100;
    if (!record && many && index % 61 != 0) continue;
    const std::size_t step = !record ? 11 : many || kSanitized ? 7 : 1;
    for (std::size_t i = step == 1 ? 0 : index % step; i < all.size(); i += step) {
      std::vector<MarginalBits> reads{MarginalBits::drawn};
      if (record && all[i].marginal) reads = {MarginalBits::drawn, MarginalBits::erased, MarginalBits::programmed};
      for (const MarginalBits how : reads) {
        const std::vector<Cut> cuts{{index, all[i], how}};
        EXPECT_EQ(live(cuts), index < on_record.size());
        ASSERT_FALSE(HasFailure()) << say(cuts);
        ++lives;
      }
    }
  }
  EXPECT_GT(lives, kSanitized ? 20U : 100U);
  EXPECT_LT(made_again_, lives / 20);
}

TEST_P(NativePowerCut, AgainAndAgainAtRandom) {
  sim::Random random{4711};
  const std::vector<Tear> kinds = tears();
  constexpr int kLives = 150;
  for (int i = 0; i < kLives; ++i) {
    std::vector<Cut> cuts;
    const std::uint32_t count = 2 + random.below(3);
    for (std::uint32_t n = 0; n < count; ++n) {
      Tear tear = kinds[random.below(kinds.size())];
      tear.seed = random.below(1000);
      cuts.push_back({random.below(random.below(2) == 0 ? 12 : 60), tear, static_cast<MarginalBits>(random.below(3))});
    }
    live(cuts);
    ASSERT_FALSE(HasFailure()) << say(cuts);
  }
  EXPECT_LT(made_again_, kLives / 10U);
}

class NativeBadSupply : public NativePowerCut {};

// At an early operation of each power session, behind a first cut in the switch or none.
TEST_P(NativeBadSupply, BreaksDownHundredsOfTimesAtTheSameOperation) {
  constexpr std::size_t kTimes = 300;  // more than frames in any of these logs
  board_.flash.forget();
  ASSERT_EQ(run(kRunning), Status::ok);
  const auto operations = static_cast<std::uint32_t>(board_.flash.log().size());
  const Tear kinds[] = {{.kind = Tear::Kind::before},
                        {.kind = Tear::Kind::after},
                        {.kind = Tear::Kind::prefix, .units = 1},
                        {.kind = Tear::Kind::bits, .seed = 3, .marginal = true}};
  for (std::uint32_t index = 0; index < 8; ++index) {
    for (const Tear& tear : kinds) {
      for (const bool behind_a_cut : {false, true}) {
        if (kSanitized && (index + tear.units) % 3 != (behind_a_cut ? 1 : 0)) continue;
        std::vector<Cut> cuts(kTimes, {index, tear, MarginalBits::drawn});
        if (behind_a_cut) cuts[0] = {operations - 1 - index % 5, kinds[index % 2], MarginalBits::drawn};
        live(cuts);
        ASSERT_FALSE(HasFailure()) << kTimes << " times " << say({cuts[0], cuts[1]});
      }
    }
  }
}

const Case kCases[] = {
    {"Sectors8KiB", false},       {"Sectors8KiB", true},        {"WriteOnceBytes", true},
    {"EncryptedBlocks", false},   {"EncryptedBlocks", true},    {"DoublewordsWithEccSectors2KiB", true},
    {"ErasedZeroPages128", true}, {"Ecc32Sectors4KiB", true},   {"Ecc16Sectors8KiB", true},
    {"ErasedZeroBytes", true},    {"WriteOnceWords16KiB", true}};

INSTANTIATE_TEST_SUITE_P(Starts, NativePowerCut, testing::ValuesIn(kCases), [](const auto& start) {
  return std::string(start.param.part) + (start.param.used ? "Used" : "Fresh");
});
INSTANTIATE_TEST_SUITE_P(Starts, NativeBadSupply, testing::Values(kCases[2], kCases[4], kCases[5], kCases[7]),
                         [](const auto& start) { return std::string(start.param.part); });

}  // namespace
}  // namespace dualbank
