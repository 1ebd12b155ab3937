// Every flash operation of a whole update is cut: before, inside in many ways, and after. Whatever the moment, the
// board boots an image that may boot, the update goes on to its right end, and no sector whose last byte was
// acknowledged is sent again.
#include <gtest/gtest.h>

#include <optional>

#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/draw.hpp"
#include "tests/support/board.hpp"
#include "tests/support/sanitized.hpp"

namespace dualbank {
namespace {

using namespace tests;
using sim::Tear;

std::vector<Tear> tears() {
  std::vector<Tear> all{{.kind = Tear::Kind::before}, {.kind = Tear::Kind::after}};
  for (const bool marginal : {false, true}) {
    for (const std::uint32_t units : {1U, 3U, 4U, 5U, 9U, 13U, 15U, 27U, 29U, 200U}) {
      all.push_back({.kind = Tear::Kind::prefix, .units = units, .seed = units, .marginal = marginal});
      if (units < 16) all.push_back({.kind = Tear::Kind::suffix, .units = units, .seed = units, .marginal = marginal});
    }
    for (const std::uint32_t seed : {1U, 2U, 3U})
      all.push_back({.kind = Tear::Kind::bits, .seed = seed, .marginal = marginal});
    all.push_back({.kind = Tear::Kind::prefix, .units = 1, .seed = 4, .programs_first = true, .marginal = marginal});
  }
  return all;
}

struct Case {
  const char* name;
  Policy policy;
  BoardShape shape;
  std::function<void(Board&)> start;
  SlotIndex running;
  bool switched_before = false;  ///< the start is right after a switch without a reset
  std::size_t piece_bytes = 2000;
};

constexpr SlotIndex kTarget = 1;

class Story {
 public:
  explicit Story(const Case& c) : case_(c), image_(firmware("2.0", 9)) {}

  void prepare(Board& board) {
    case_.start(board);
    allowed_ = case_.switched_before ? std::set<SlotIndex>{case_.running, kTarget} : std::set<SlotIndex>{case_.running};
    board.may_boot(allowed_, case_.policy);
  }

  Options options(SlotIndex running) { return {.gaps = gaps_, .running_slot = running, .policy = case_.policy}; }

  /// The update, from wherever it stands, to its end or to the cut.
  Status run(Board& board, SlotIndex running) {
    Updater updater{board.flash, options(running)};
    if (const Status s = updater.open(); s != Status::ok) return s;
    if (running == kTarget) return updater.confirm();
    if (updater.last_event().code == Status::finished_switch)
      acknowledged_.clear();  // what begins now is another update
    EXPECT_EQ(first_resent(updater), std::nullopt);
    const Bytes header = Bytes{image_}.first(288);
    if (const Status s = updater.begin({.header = header}); s != Status::ok) return s;
    if (!updater.status().on_trial) allow(board, {running});
    for (Range gap = updater.next_missing(); !gap.empty() && gap.from < image_.size(); gap = updater.next_missing()) {
      const std::size_t size = std::min<std::size_t>({case_.piece_bytes, gap.length(), image_.size() - gap.from});
      if (const Status s = updater.flash(Bytes{image_}.subspan(gap.from, size), gap.from); s != Status::ok) return s;
      for (std::uint32_t sector = 0; sector < 3; ++sector) {
        const Range missing = updater.next_missing(sector * 4096);
        if (missing.from >= std::min<std::size_t>((sector + 1) * 4096, image_.size())) acknowledged_.insert(sector);
      }
    }
    allow(board, {running, kTarget});
    return updater.switch_slot();
  }

  /// A sector that was acknowledged and is missing again.
  std::optional<std::uint32_t> first_resent(Updater& updater) {
    for (const std::uint32_t sector : acknowledged_) {
      const Range missing = updater.next_missing(sector * 4096);
      if (updater.status().update_active && missing.from < std::min<std::size_t>((sector + 1) * 4096, image_.size()))
        return sector;
    }
    return std::nullopt;
  }

  void allow(Board& board, std::set<SlotIndex> slots) {
    allowed_ = std::move(slots);
    board.may_boot(allowed_, case_.policy);
  }
  [[nodiscard]] const std::set<SlotIndex>& allowed() const { return allowed_; }
  [[nodiscard]] const ByteVector& image() const { return image_; }

 private:
  const Case& case_;
  ByteVector image_;
  std::set<SlotIndex> allowed_;
  std::set<std::uint32_t> acknowledged_;
  std::array<Range, 32> gaps_{};
};

class PowerCut : public testing::TestWithParam<Case> {
 protected:
  /// One life of a board: cut after cut, then to the end. Returns false when the last cut never came.
  bool live(const std::vector<std::pair<std::uint32_t, Tear>>& cuts) {
    const Case& c = GetParam();
    Board board{c.shape};
    Story story{c};
    story.prepare(board);
    SlotIndex running = c.running;
    bool struck = true;
    for (const auto& [index, tear] : cuts) {
      board.flash.cut_at(index, tear);
      const Status s = story.run(board, running);
      struck = s == Status::power_lost;
      EXPECT_TRUE(struck || s == Status::ok) << static_cast<int>(s);
      board.power_on();
      const SlotIndex now = board.reset(c.policy);
      EXPECT_TRUE(story.allowed().contains(now)) << "boots " << int{now};
      running = now;
      const bool earlier_switch_stands =
          c.switched_before && running == kTarget && !board.holds(kTarget, story.image());
      if (earlier_switch_stands) {
        story.allow(board, {kTarget});
        EXPECT_EQ(story.run(board, running), Status::ok) << "confirm";
        EXPECT_EQ(board.reset(c.policy), kTarget);
        EXPECT_EQ(board.unsafe, 0U) << board.first_unsafe;
        return struck;
      }
      if (!struck) break;
    }
    for (int boots = 0; boots < 3 && running != kTarget; ++boots) {
      EXPECT_EQ(story.run(board, running), Status::ok);
      board.power_on();
      running = board.reset(c.policy);
    }
    EXPECT_EQ(running, kTarget);
    EXPECT_EQ(story.run(board, running), Status::ok) << "confirm";
    board.power_on();
    EXPECT_EQ(board.reset(c.policy), kTarget) << "it stays";
    EXPECT_TRUE(board.holds(kTarget, story.image()));
    EXPECT_EQ(board.unsafe, 0U) << board.first_unsafe;
    EXPECT_TRUE(board.flash.violations().empty());
    return struck;
  }
  static std::string say(const std::vector<std::pair<std::uint32_t, Tear>>& cuts) {
    std::string text;
    for (const auto& [index, t] : cuts) {
      text += "operation " + std::to_string(index) + " kind " + std::to_string(static_cast<int>(t.kind)) + " units " +
              std::to_string(t.units) + " seed " + std::to_string(t.seed) + (t.marginal ? " marginal" : "") +
              (t.programs_first ? " programs first" : "") + "; ";
    }
    return text;
  }
};

/// Where each operation of an uncut update goes.
std::vector<bool> operations_on_otadata(const Case& c) {
  Board board{c.shape};
  Story story{c};
  story.prepare(board);
  EXPECT_EQ(story.run(board, c.running), Status::ok);
  std::vector<bool> found;
  for (const sim::Op& op : board.flash.log()) found.push_back(op.address < kFirstSlot);
  return found;
}

TEST_P(PowerCut, OnceAnywhere) {
  const std::vector<bool> on_otadata = operations_on_otadata(GetParam());
  std::uint32_t lives = 0;
  const std::vector<Tear> all = tears();
  for (std::uint32_t index = 0; index <= on_otadata.size(); ++index) {
    // Slots are told apart from records by their content only: there a few tears stand for all.
    const std::size_t step = (index == on_otadata.size() || on_otadata[index] ? 1 : 7) * (kSanitized ? 5 : 1);
    for (std::size_t tear = 0; tear < all.size(); tear += step, ++lives) {
      const std::vector<std::pair<std::uint32_t, Tear>> cuts{{index, all[tear]}};
      EXPECT_EQ(live(cuts), index < on_otadata.size());
      ASSERT_FALSE(HasFailure()) << say(cuts);
    }
  }
  EXPECT_GT(lives, kSanitized ? 100U : 500U);
}

TEST_P(PowerCut, ThreeTimesAtRandom) {
  sim::Random random{12345};
  const std::vector<Tear> kinds = tears();
  for (int i = 0; i < 300; ++i) {
    std::vector<std::pair<std::uint32_t, Tear>> cuts;
    for (int n = 0; n < 3; ++n) {
      Tear tear = kinds[random.below(kinds.size())];
      tear.seed = random.below(1000);
      cuts.emplace_back(random.below(30), tear);
    }
    live(cuts);
    ASSERT_FALSE(HasFailure()) << say(cuts);
  }
}

const Case kCases[] = {
    {"Plain", Policy::stock, {}, [](Board& b) { b.install(0, firmware("1.0")).record(0, 1, 2); }, 0},
    {"PlainOverAnOldImage",
     Policy::stock,
     {},
     [](Board& b) { b.install(0, firmware("1.0")).install(1, firmware("0.9")).record(0, 3, 2).record(1, 2); },
     0},
    {"Fresh", Policy::stock, {}, [](Board& b) { b.install(0, firmware("1.0")); }, 0},
    {"WordsOfFourBytes",
     Policy::stock,
     {.write_unit_bytes = 4},
     [](Board& b) { b.install(0, firmware("1.0")).record(1, 1, 2); },
     0},
    {"AfterAFallback",
     Policy::stock,
     {},
     [](Board& b) { b.install(0, firmware("1.0")).install(1, random_bytes(5000, 1)).record(0, 1).record(1, 2); },
     0},
    {"AfterASwitch",
     Policy::stock,
     {},
     [](Board& b) { b.install(0, firmware("1.0")).install(1, firmware("1.5")).record(0, 1).record(1, 2); },
     0,
     true},
    {"RollbackBootloader",
     Policy::stock_rollback,
     {},
     [](Board& b) { b.install(0, firmware("1.0")).record(0, 1, 2); },
     0},
    {"OwnBootloader", Policy::dualbank, {}, [](Board& b) { b.install(0, firmware("1.0")).record(0, 1, 2); }, 0},
    {"TopOfTheSequence",
     Policy::stock,
     {},
     [](Board& b) { b.install(0, firmware("1.0")).record(0, 0xFFFFFFFD, 2); },
     0},
    {"BesideAFactoryApp",
     Policy::stock,
     {.factory = true},
     [](Board& b) { b.install(0, firmware("1.0")).install(kFactorySlot, firmware("uf2")).record(0, 1, 2); },
     0},
};

INSTANTIATE_TEST_SUITE_P(Starts, PowerCut, testing::ValuesIn(kCases),
                         [](const auto& start) { return start.param.name; });

class BadSupply : public PowerCut {};

// It breaks down at the same operation each time, and that is an early one, or nothing would be left to do some time:
// in an update that begins, and in one of which the second sector is on its way.
TEST_P(BadSupply, BreaksDownHundredsOfTimesAtTheSameOperation) {
  constexpr std::size_t kTimes = 280;  // a log has 254 cells
  const auto operations = static_cast<std::uint32_t>(operations_on_otadata(GetParam()).size());
  const std::vector<Tear> all = tears();
  for (std::uint32_t index = 0; index < 10; ++index) {
    for (const std::size_t tear : {std::size_t{0}, std::size_t{1}, 2 + index % (all.size() - 2), std::size_t{4}}) {
      if (kSanitized && (index + tear) % 5 != 0) continue;
      std::vector<std::pair<std::uint32_t, Tear>> cuts(kTimes, {index, all[tear]});
      if (index % 2 == 0) cuts[0] = {operations * 2 / 3, all[1]};
      live(cuts);
      ASSERT_FALSE(HasFailure()) << kTimes << " times " << say({cuts[1]});
    }
  }
}

// Of a slot of 3 MiB the marks leave the log 55 cells.
const Case kLargeSlots{.name = "LargeSlots",
                       .policy = Policy::dualbank,
                       .shape = {.slot_bytes = 0x300000},
                       .start = [](Board& b) { b.install(0, firmware("1.0")).record(0, 1, 2); },
                       .running = 0};

TEST(LargeSlots, CutsBeforeAnUpdateHasBegunCostItNothing) {
  const ByteVector& image = firmware("2.0", 9);
  for (std::uint32_t index = 2; index < 6; ++index) {
    Board board{kLargeSlots.shape};
    kLargeSlots.start(board);
    board.may_boot({0}, kLargeSlots.policy);
    board.flash.put(kOtadata + kOtadataSectorBytes + kLogOffset, Cell{.kind = CellKind::erased}.bytes());
    const Options options{.running_slot = 0, .policy = kLargeSlots.policy};
    for (int times = 0; times < 100; ++times) {
      Updater updater{board.flash, options};
      ASSERT_EQ(updater.open(), Status::ok);
      board.flash.cut_at(index, {.kind = Tear::Kind::before});
      static_cast<void>(updater.begin({.header = Bytes{image}.first(288)}));
      board.power_on();
    }
    Updater updater{board.flash, options};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.begin({.header = Bytes{image}.first(288)}), Status::ok);
    ASSERT_EQ(updater.flash(Bytes{image}.first(9000), 0), Status::ok);
    ASSERT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.next_missing().from, 8192U) << "cut before operation " << index;
    EXPECT_EQ(board.unsafe, 0U) << board.first_unsafe;
  }
}

INSTANTIATE_TEST_SUITE_P(Starts, BadSupply,
                         testing::Values(kCases[0], kCases[2], kCases[4], kCases[6], kCases[7], kCases[8], kLargeSlots),
                         [](const auto& start) { return start.param.name; });

}  // namespace
}  // namespace dualbank
