#include "dualbank/sim/cut_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

namespace dualbank::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Geometry kGeometry{.size_bytes = 0x800, .erase_units = 0x400};
constexpr Level kEvery{};

/// Counts up to `goal`, a byte for each number, in one sector; may copy the last number to a second place, which a
/// correct device looks at only after the first.
class Counter : public Subject {
 public:
  explicit Counter(std::function<std::string(NorFlash&)> live) : live_(std::move(live)) {}

  NorFlash& flash() override { return flash_; }
  void start() override {
    flash_.put(0, std::vector<std::byte>(0x800, std::byte{0xFF}));
    runs = 0;
  }
  std::string run(Reads reads) override {
    last_reads = reads;
    ++runs;
    flash_.reset(reads == Reads::programmed_first ? MarginalBits::programmed : MarginalBits::erased);
    std::string problem = live_(flash_);
    return flash_.power_on() ? problem : std::string{};
  }
  Memory memory() const override { return {}; }
  void remember(const Memory&) override {}
  bool is_metadata(std::uint32_t) const override { return true; }
  std::size_t call_at(const Memory&) const override { return 3; }

  Reads last_reads = Reads::drawn;
  int runs = 0;

 private:
  NorFlash flash_{kGeometry};
  std::function<std::string(NorFlash&)> live_;
};

void write(NorFlash& flash, std::uint32_t address, std::uint8_t value) {
  const std::array bytes{std::byte{value}};
  static_cast<void>(flash.program(address, bytes));
}
std::uint8_t at(const NorFlash& flash, std::uint32_t address) {
  return std::to_integer<std::uint8_t>(flash.contents()[address]);
}

/// Three marks, one after the other, none of which means anything but "programmed" or "not".
std::string harmless(NorFlash& flash) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    if (at(flash, i) != 0) write(flash, i, 0);
  }
  return {};
}

/// Erases the only copy of a value and writes it again.
std::string in_place(NorFlash& flash) {
  if (at(flash, 1) == 0xFF) {
    if (at(flash, 0) != 0xFF) return "the value is lost";
    write(flash, 0, 0x5A);
    write(flash, 1, 0);
    return {};
  }
  if (at(flash, 0) != 0x5A) return "the value is lost";
  if (at(flash, 2) == 0) return {};
  static_cast<void>(flash.erase(0, 0x400));
  write(flash, 0, 0x5A);
  write(flash, 1, 0);
  write(flash, 2, 0);
  return {};
}

TEST(PathCode, IsReadBackAsItWasWritten) {
  const CutPath path{
      {17, {.kind = Tear::Kind::prefix, .units = 12}, Reads::drawn},
      {0, {.kind = Tear::Kind::before}, Reads::drawn},
      {3, {.kind = Tear::Kind::bits, .seed = 5, .marginal = true}, Reads::erased_twice},
      {4, {.kind = Tear::Kind::suffix, .units = 1, .seed = 1, .marginal = true}, Reads::programmed_first},
      {9, {.kind = Tear::Kind::prefix, .units = 2, .programs_first = true, .still_programs = true}, Reads::drawn}};
  const std::string code = path_code(path);
  EXPECT_EQ(code, "17p12+0b+3x5m.EE+4s1m1.P+9p2zw");
  CutPath read;
  ASSERT_TRUE(parse_path(code, read));
  EXPECT_EQ(path_code(read), code);
  EXPECT_EQ(read[2].reads, Reads::erased_twice);
  EXPECT_TRUE(read[4].tear.still_programs);
}

TEST(PathCode, TheSameCutAgainAndAgainIsWrittenOnce) {
  const Cut cut{0, {.kind = Tear::Kind::after}, Reads::drawn};
  CutPath path(57, cut);
  path.front().operation = 18;
  EXPECT_EQ(path_code(path), "18a+0a*56");
  CutPath read;
  ASSERT_TRUE(parse_path("18a+0a*56", read));
  EXPECT_EQ(read, path);
  ASSERT_TRUE(parse_path("3p2m1.EE*2", read));
  EXPECT_EQ(read.size(), 2U);
}

TEST(PathCode, NothingIsAPathWithoutCuts) {
  CutPath path{{}};
  EXPECT_TRUE(parse_path("", path));
  EXPECT_THAT(path, IsEmpty());
}

TEST(PathCode, RefusesWhatIsNone) {
  for (const char* text : {"p1", "1", "1q", "1b+", "1b+ ", "1b 2b", "1b.X", "-1b", "1b++2b", "1b*", "1b*0", "1b*-1",
                           "1b*10001", "1b*9999+2b*2"}) {
    CutPath path;
    EXPECT_FALSE(parse_path(text, path)) << text;
  }
}

TEST(CutTree, CutsEveryOperationInEveryWay) {
  Counter device{harmless};
  Seen seen;
  CutTree tree{device, seen};
  tree.sweep({kEvery});
  EXPECT_THAT(tree.failures(), IsEmpty());
  const std::size_t tears = tears_of({OpKind::program, 0, 1}, kGeometry, Thoroughness::every).size();
  EXPECT_EQ(tree.counts().cuts, 3 * tears);
  EXPECT_EQ(tree.counts().by_call[3], 3 * tears);
  EXPECT_EQ(tree.counts().by_depth[0], 3 * tears);
  EXPECT_EQ(tree.counts().by_depth[1], 0u);
  EXPECT_EQ(tree.counts().by_class[static_cast<std::size_t>(TearClass::before)], 3u);
  std::uint64_t sum = 0;
  for (const std::uint64_t count : tree.counts().by_class) sum += count;
  EXPECT_EQ(sum, tree.counts().cuts);
  EXPECT_LT(tree.counts().distinct, tree.counts().cuts) << "one operation's after is the next one's before";
}

TEST(CutTree, SharesMakeTheWhole) {
  CutCounts sum;
  Seen seen;
  for (std::uint32_t share = 0; share < 3; ++share) {
    Counter device{harmless};
    CutTree tree{device, seen};
    tree.sweep({kEvery}, share, 3);
    sum.add(tree.counts());
  }
  Counter device{harmless};
  Seen alone;
  CutTree tree{device, alone};
  tree.sweep({kEvery});
  EXPECT_EQ(sum.cuts, tree.counts().cuts);
  EXPECT_EQ(sum.distinct, tree.counts().distinct);
  EXPECT_EQ(seen.contents.size(), alone.contents.size());
}

TEST(CutTree, TheSecondCutIsInWhatTheDeviceDoesAfterTheFirst) {
  Counter device{harmless};
  Seen seen;
  CutTree tree{device, seen};
  tree.sweep({kEvery, kEvery});
  EXPECT_THAT(tree.failures(), IsEmpty());
  EXPECT_GT(tree.counts().by_depth[1], 2 * tree.counts().by_depth[0]);
}

TEST(CutTree, AFailureIsReplayedAsItWasFoundAndShrinks) {
  for (const std::size_t depth : {1U, 2U}) {
    Counter device{in_place};
    Seen seen;
    CutTree tree{device, seen};
    tree.stop_after(1000);
    // One run ends after the first part: a boot later the value is rewritten in place.
    tree.sweep(std::vector<Level>(depth, kEvery));
    ASSERT_FALSE(tree.failures().empty());
    for (const Failure& failure : tree.failures()) {
      EXPECT_EQ(tree.replay(failure.path), failure.problem) << path_code(failure.path);
      const CutPath shortest = tree.shrink(failure.path);
      EXPECT_LE(shortest.size(), failure.path.size());
      EXPECT_THAT(tree.replay(shortest), HasSubstr("lost")) << path_code(shortest);
    }
  }
}

TEST(CutTree, ShrinksAwayTheCutsAndTearsThatDoNotMatter) {
  // Lost as soon as the first mark is neither programmed nor erased, whatever went before.
  Counter device{[](NorFlash& flash) -> std::string {
    if (at(flash, 0) != 0 && at(flash, 0) != 0xFF) return "half a mark";
    return harmless(flash);
  }};
  Seen seen;
  CutTree tree{device, seen};
  CutPath path;
  ASSERT_TRUE(parse_path("0b+0x3m.E", path));
  ASSERT_NE(tree.replay(path), "");
  const CutPath shortest = tree.shrink(path);
  ASSERT_EQ(shortest.size(), 1u);
  EXPECT_EQ(path_code(shortest), "0x3");
}

TEST(CutTree, APathThatEndsBeforeItsCutIsNoFailure) {
  Counter device{harmless};
  Seen seen;
  CutTree tree{device, seen};
  CutPath path;
  ASSERT_TRUE(parse_path("3b", path));
  EXPECT_EQ(tree.replay(path), "");
}

TEST(CutTree, ARunThatGoesWrongWithoutACutIsAFailureWithoutOne) {
  Counter device{[](NorFlash&) -> std::string { return "always wrong"; }};
  Seen seen;
  CutTree tree{device, seen};
  tree.sweep({kEvery});
  ASSERT_EQ(tree.failures().size(), 1u);
  EXPECT_THAT(tree.failures()[0].path, IsEmpty());
}

TEST(CutTree, StopsWhenItIsTold) {
  std::atomic<bool> stop = true;
  Counter device{harmless};
  Seen seen;
  CutTree tree{device, seen};
  tree.stop_when(&stop);
  tree.sweep({kEvery});
  EXPECT_EQ(tree.counts().cuts, 0u);
}

/// Notes every life, and has room for twenty.
std::string short_of_room(NorFlash& flash) {
  std::uint32_t lives = 0;
  while (at(flash, lives) != 0xFF) ++lives;
  if (lives == 20) return "no room";
  write(flash, lives, 0);
  if (flash.power_on()) write(flash, 0x100, 0);
  return {};
}

TEST(CutTree, TheSameCutAgainAndAgainFindsWhatFewDoNot) {
  Counter device{short_of_room};
  Seen seen;
  CutTree few{device, seen};
  few.sweep({kEvery, kEvery});
  EXPECT_THAT(few.failures(), IsEmpty());
  CutTree many{device, seen};
  many.again(30);
  ASSERT_EQ(many.failures().size(), 1U);
  const Failure& failure = many.failures()[0];
  EXPECT_EQ(many.replay(failure.path), failure.problem) << path_code(failure.path);
  EXPECT_EQ(path_code(many.shrink(failure.path)), "0a*20");
  EXPECT_GT(many.counts().by_depth.back(), 10U);
}

TEST(CutTree, ItGoesOnUntilNothingChangesAnyMore) {
  Counter device{harmless};
  Seen seen;
  CutTree tree{device, seen};
  tree.again(10'000);
  EXPECT_THAT(tree.failures(), IsEmpty());
  EXPECT_LT(tree.counts().by_class[static_cast<std::size_t>(TearClass::before)], 20U) << "it leaves all as it was";
  EXPECT_GT(tree.counts().by_class[static_cast<std::size_t>(TearClass::program_marginal)], 10'000U)
      << "reads differently each time";
}

TEST(CutTree, TellsTheDeviceThatManyCutsCome) {
  struct Told : Counter {
    using Counter::Counter;
    void expect_many_cuts(bool expected) override { many = expected; }
    std::string run(Reads reads) override {
      most_runs_with_many += many ? 1 : 0;
      return Counter::run(reads);
    }
    bool many = false;
    int most_runs_with_many = 0;
  };
  Told device{harmless};
  Seen seen;
  CutTree tree{device, seen};
  CutPath path(8, {0, {.kind = Tear::Kind::before}, Reads::drawn});
  EXPECT_EQ(tree.replay(path), "");
  tree.sweep({kEvery});
  EXPECT_EQ(device.most_runs_with_many, 0);
  path.push_back(path[0]);
  EXPECT_EQ(tree.replay(path), "");
  EXPECT_EQ(device.most_runs_with_many, 10);
  EXPECT_FALSE(device.many);
}

TEST(CutTree, RandomLivesAreTheSameForTheSameSeed) {
  const auto lives = [](std::uint64_t seed) {
    Counter device{in_place};
    Seen seen;
    CutTree tree{device, seen};
    tree.stop_after(1000);
    tree.wander(seed, 200, 3);
    std::string found;
    for (const Failure& failure : tree.failures()) {
      EXPECT_EQ(tree.replay(failure.path), failure.problem) << path_code(failure.path);
      found += path_code(failure.path) + " ";
    }
    EXPECT_GT(tree.counts().by_depth[2], 0u);
    return found;
  };
  EXPECT_EQ(lives(1), lives(1));
  EXPECT_NE(lives(1), lives(2));
  EXPECT_NE(lives(1), "");
}

}  // namespace
}  // namespace dualbank::sim
