#include "dualbank/engine/received.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace dualbank {
namespace {

std::vector<Range> all(const Received& set) {
  std::vector<Range> ranges;
  for (std::uint32_t i = 0; i < set.count(); ++i) ranges.push_back(set.range(i));
  return ranges;
}

TEST(Received, RangesThatTouchBecomeOne) {
  Received set{{}};
  EXPECT_TRUE(set.add({10, 20}));
  EXPECT_TRUE(set.add({30, 40}));
  EXPECT_EQ(all(set), (std::vector<Range>{{10, 20}, {30, 40}}));
  EXPECT_TRUE(set.add({20, 30}));
  EXPECT_EQ(all(set), (std::vector<Range>{{10, 40}}));
  EXPECT_TRUE(set.add({0, 10}));
  EXPECT_TRUE(set.add({5, 60}));
  EXPECT_EQ(all(set), (std::vector<Range>{{0, 60}}));
  EXPECT_TRUE(set.add({7, 7})) << "nothing";
  EXPECT_EQ(set.count(), 1U);
}

TEST(Received, AFullListTakesOnlyWhatMerges) {
  Received set{{}};
  for (std::uint32_t i = 0; i < Received::kOwnRanges; ++i) ASSERT_TRUE(set.add({i * 10, i * 10 + 5}));
  EXPECT_FALSE(set.fits({7, 8}));
  EXPECT_FALSE(set.add({7, 8}));
  EXPECT_FALSE(set.add({1000, 1001}));
  EXPECT_EQ(set.count(), Received::kOwnRanges);
  EXPECT_TRUE(set.fits({5, 6}));
  EXPECT_TRUE(set.add({5, 10}));
  EXPECT_EQ(set.count(), Received::kOwnRanges - 1);
}

TEST(Received, UsesTheRoomItIsGiven) {
  std::vector<Range> room(Received::kOwnRanges + 1);
  Received set{room};
  for (std::uint32_t i = 0; i < room.size(); ++i) ASSERT_TRUE(set.add({i * 10, i * 10 + 5}));
  EXPECT_FALSE(set.add({1000, 1001}));
  EXPECT_EQ(room[1], (Range{10, 15}));
  set.clear();
  EXPECT_EQ(set.count(), 0U);
}

TEST(Received, DoesNotTakeLessRoomThanItHas) {
  std::vector<Range> room(1);
  Received set{room};
  for (std::uint32_t i = 0; i < Received::kOwnRanges; ++i) ASSERT_TRUE(set.add({i * 10, i * 10 + 5}));
}

TEST(Received, RemoveCutsOut) {
  Received set{{}};
  ASSERT_TRUE(set.add({0, 100}));
  set.remove({40, 60});
  EXPECT_EQ(all(set), (std::vector<Range>{{0, 40}, {60, 100}}));
  set.remove({0, 10});
  set.remove({90, 200});
  EXPECT_EQ(all(set), (std::vector<Range>{{10, 40}, {60, 90}}));
  set.remove({10, 90});
  EXPECT_EQ(set.count(), 0U);
  set.remove({5, 5});
  EXPECT_EQ(set.count(), 0U);
}

TEST(Received, GapsAndPartsAreFoundInOrder) {
  Received set{{}};
  ASSERT_TRUE(set.add({10, 20}));
  ASSERT_TRUE(set.add({30, 40}));
  EXPECT_EQ(set.first_gap({0, 50}), (Range{0, 10}));
  EXPECT_EQ(set.first_gap({10, 50}), (Range{20, 30}));
  EXPECT_EQ(set.first_gap({12, 18}), (Range{18, 18}));
  EXPECT_EQ(set.first_gap({35, 50}), (Range{40, 50}));
  EXPECT_EQ(set.first_in({0, 50}), (Range{10, 20}));
  EXPECT_EQ(set.first_in({15, 50}), (Range{15, 20}));
  EXPECT_EQ(set.first_in({20, 30}), (Range{30, 30}));
  EXPECT_EQ(set.first_in({41, 50}), (Range{50, 50}));
  EXPECT_TRUE(set.covers({10, 20}));
  EXPECT_TRUE(set.covers({5, 5}));
  EXPECT_FALSE(set.covers({10, 21}));
}

TEST(Received, AgreesWithABitForEachByte) {
  std::mt19937 random{11};
  for (int round = 0; round < 200; ++round) {
    std::vector<Range> room(100);
    Received set{room};
    std::vector<bool> bits(200);
    for (int step = 0; step < 60; ++step) {
      const auto from = static_cast<std::uint32_t>(random() % 200);
      const Range range{from, from + static_cast<std::uint32_t>(random() % (201 - from))};
      const bool adding = random() % 3 != 0;
      if (adding) {
        ASSERT_TRUE(set.add(range));
      } else {
        set.remove(range);
      }
      for (std::uint32_t i = range.from; i < range.to; ++i) bits[i] = adding;
      for (std::uint32_t i = 0; i < 200; ++i) ASSERT_EQ(set.covers({i, i + 1}), bits[i]) << i;
      for (std::uint32_t i = 1; i < set.count(); ++i) ASSERT_LT(set.range(i - 1).to, set.range(i).from);
    }
  }
}

}  // namespace
}  // namespace dualbank
