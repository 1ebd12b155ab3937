#include "dualbank/sim/model_subject.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace dualbank::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Models, EachHasItsOwnNameAndSaysWhatItDoes) {
  std::set<std::string_view> names;
  for (const ModelKind& kind : models()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_GT(kind.says.size(), 20u);
    EXPECT_EQ(find_model(kind.name), &kind);
    const auto model = kind.make();
    ModelSubject subject{*model};
    subject.start();
    EXPECT_EQ(subject.what_boots(), "version 1 boots");
    EXPECT_EQ(subject.run(Reads::drawn), "") << "with the power on it updates";
    EXPECT_EQ(subject.what_boots(), "version 2 boots");
  }
  EXPECT_EQ(find_model("vendor"), nullptr);
}

TEST(Models, EveryOneThatLosesIsCaughtAndItsReplayIdDoesItAgain) {
  for (const ModelKind& kind : models()) {
    if (kind.survives) continue;
    const SweepReport report = sweep_model(kind, {.scenarios = {}, .size = SweepSize::quick, .most_failures = 1});
    ASSERT_FALSE(report.failures.empty()) << kind.name;
    for (const SweepFailure& failure : report.failures) {
      EXPECT_THAT(failure.replay_id(), HasSubstr(std::string{kind.name} + " @ "));
      EXPECT_THAT(failure.problem, HasSubstr("version 2 never will"));
      CutPath path;
      ASSERT_TRUE(parse_path(failure.path, path));
      EXPECT_EQ(path.size(), 1u) << failure.path;
      const auto model = kind.make();
      ModelSubject subject{*model};
      Seen seen;
      EXPECT_EQ((CutTree{subject, seen}.replay(path)), failure.problem) << failure.path;
    }
  }
}

TEST(Models, EveryOneThatSurvivesSurvives) {
  for (const ModelKind& kind : models()) {
    if (!kind.survives) continue;
    const SweepReport report = sweep_model(kind, {.scenarios = {}, .size = SweepSize::quick, .jobs = 2});
    EXPECT_THAT(report.failures, IsEmpty()) << kind.name << " @ " << report.failures.front().path;
    EXPECT_GT(report.counts.distinct, 500u);
    EXPECT_FALSE(report.interrupted);
  }
}

TEST(Models, ASweepCanBeStopped) {
  const SweepReport report = sweep_model(*find_model("vendor-plain"), {.scenarios = {}, .size = SweepSize::full},
                                         [](std::uint64_t, std::uint64_t, std::uint64_t cuts) { return cuts < 20; });
  EXPECT_TRUE(report.interrupted);
  EXPECT_GE(report.counts.distinct, 20u);
}

}  // namespace
}  // namespace dualbank::sim
