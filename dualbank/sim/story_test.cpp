#include "dualbank/sim/story.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dualbank/sim/scenario_sweep.hpp"

namespace dualbank::sim {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Story told(std::string_view id) {
  Story story;
  std::string problem;
  EXPECT_TRUE(tell(id, story, problem)) << problem;
  return story;
}

TEST(Story, AScenarioIsToldCallByCall) {
  const Story story = told("two-slots stock: flash switch reset confirm @ 3p12+0b");
  EXPECT_EQ(story.problem, "");
  EXPECT_EQ(story.lines.front(), "The power is on.");
  EXPECT_EQ(story.lines[1], "  ota_0 boots (1.0)");
  EXPECT_THAT(story.lines, Contains(HasSubstr("flash ")));
  EXPECT_THAT(story.lines, Contains(HasSubstr("switch programs ")));
  EXPECT_THAT(story.lines, Contains(HasSubstr("the power goes when the first 12 of ")));
  EXPECT_THAT(story.lines, Contains(HasSubstr("    0         ")));
  EXPECT_THAT(story.lines, Contains(HasSubstr(": the power goes before it")));
  EXPECT_EQ(std::count(story.lines.begin(), story.lines.end(), "The power comes back."), 2);
  EXPECT_EQ(story.lines.back(), "All is well: ota_1 boots (2.0) in the end.");
}

TEST(Story, AModelIsToldToItsBadEnd) {
  const Story story = told("vendor-confirm @ 0a");
  EXPECT_THAT(story.problem, HasSubstr("only the recovery app boots, now and for ever"));
  EXPECT_THAT(story.lines, Contains("    0         erases 4096 bytes of sector 0: the power goes right after it"));
  EXPECT_EQ(story.lines.back(), "WRONG: " + story.problem + ".");
}

TEST(Story, EndsAsTheReplayDoes) {
  for (const char* id : {"two-slots stock: flash switch reset confirm @ 17p12",
                         "two-slots stock-rollback: flash switch reset confirm @ 5x3zwm.EE+2a",
                         "two-slots dualbank: flash switch reset confirm @ "}) {
    std::string outcome;
    std::string problem;
    ASSERT_TRUE(replay(id, outcome, problem)) << problem;
    EXPECT_EQ(told(id).problem, outcome) << id;
  }
}

TEST(Story, ACutBehindTheEndIsSaid) {
  EXPECT_THAT(told("vendor-plain @ 9999b").lines,
              Contains("It comes to its end before operation 9999: this cut is never made."));
}

TEST(Story, RefusesWhatIsNoId) {
  const auto refused = [](std::string_view id) {
    Story story;
    std::string problem;
    EXPECT_FALSE(tell(id, story, problem)) << id;
    return problem;
  };
  EXPECT_THAT(refused("two-slots stock: flash"), HasSubstr("no @"));
  EXPECT_THAT(refused("two-slots stock: flash @ 17q"), StartsWith("\"17q\" is no list of cuts"));
  EXPECT_THAT(refused("two-slot stock: flash @ 17b"), HasSubstr("no board is called \"two-slot\""));
}

TEST(Story, TearsInWords) {
  const Geometry geometry{.size_bytes = 0x1000};
  const Op erase{OpKind::erase, 0, 0x1000};
  const Op program{OpKind::program, 0, 32};
  EXPECT_EQ(tear_words(program, {.kind = Tear::Kind::prefix, .units = 12}, geometry),
            "the power goes when the first 12 of 32 bytes are programmed");
  EXPECT_EQ(tear_words(erase, {.kind = Tear::Kind::suffix, .units = 3, .programs_first = true}, geometry),
            "the power goes when the last 3 of 16 pages are erased, after all bits were programmed to zero");
  EXPECT_EQ(tear_words(
                erase,
                {.kind = Tear::Kind::bits, .seed = 1, .programs_first = true, .still_programs = true, .marginal = true},
                geometry),
            "the power goes when some of its bits are programmed to zero before the erase, and bits are left "
            "between 0 and 1");
}

}  // namespace
}  // namespace dualbank::sim
