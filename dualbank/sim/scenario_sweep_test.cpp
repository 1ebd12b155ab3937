#include "dualbank/sim/scenario_sweep.hpp"

#include <gmock/gmock.h>

#include "dualbank/sim/contract.hpp"
#include "dualbank/sim/random_sessions.hpp"
#include "tests/support/sanitized.hpp"

namespace dualbank::sim {
namespace {

using tests::kSanitized;

SweepPlan plan_of(SweepSize size, std::string_view part = "") {
  SweepPlan plan{.scenarios = {}, .size = size, .jobs = 2};
  for (const std::string_view line : built_in_scenarios()) {
    if (line.find(part) == line.npos) continue;
    Scenario scenario;
    std::string problem;
    if (parse_scenario(line, scenario, problem)) plan.scenarios.push_back(scenario);
  }
  return plan;
}

std::string told(const SweepReport& report) {
  std::string text;
  for (const SweepFailure& failure : report.failures) text += failure.replay_id() + "\n  " + failure.problem + "\n";
  return text;
}

TEST(ScenarioSweep, NoCutOfTheBuiltInScenariosIsUnsafe) {
  const SweepReport report = sweep(plan_of(SweepSize::quick, kSanitized ? "/f" : ""));
  EXPECT_TRUE(report.failures.empty()) << told(report);
  EXPECT_GT(report.counts.distinct, kSanitized ? 1'000U : 25'000U);
  // A sector and the piece in flight.
  EXPECT_LE(report.most_resent_bytes, 4096U + 1024U);
}

TEST(ScenarioSweep, TwoAndMoreCutsAreNotUnsafeEither) {
  const SweepReport report = sweep(plan_of(SweepSize::full, "words stock"));
  EXPECT_TRUE(report.failures.empty()) << told(report);
  EXPECT_GT(report.counts.by_depth[1], 10'000U);
  EXPECT_GT(report.counts.by_depth[2], 500U);
}

TEST(ScenarioSweep, HundredsOfCutsAtTheSamePlaceAreNotUnsafeEither) {
  if (kSanitized) GTEST_SKIP() << "hundreds of thousands of lives: without sanitizers they take seconds";
  for (const char* part : {"ecc-8", "blocks/updated dualbank"}) {
    const SweepReport report = sweep(plan_of(SweepSize::again, part));
    EXPECT_TRUE(report.failures.empty()) << told(report);
    EXPECT_GT(report.counts.by_depth.back(), 50'000U) << part;
    EXPECT_EQ(report.most_resent_bytes, 0U) << "no promise when the journal is full";
  }
}

TEST(ScenarioSweep, EveryClassOfTearIsTried) {
  const SweepReport report = sweep(plan_of(SweepSize::quick, "two-slots stock: flash switch reset confirm"));
  for (std::size_t i = 0; i < kTearClasses; ++i) {
    EXPECT_GT(report.counts.by_class[i], 0U) << tear_class_name(static_cast<TearClass>(i));
  }
}

TEST(ScenarioSweep, TheSameOnOneThreadAndOnTwo) {
  SweepPlan plan = plan_of(SweepSize::quick, "three-slots");
  const SweepReport two = sweep(plan);
  plan.jobs = 1;
  const SweepReport one = sweep(plan);
  EXPECT_EQ(one.counts.cuts, two.counts.cuts);
  EXPECT_EQ(one.counts.distinct, two.counts.distinct);
}

TEST(ScenarioSweep, CanBeStopped) {
  const SweepReport report = sweep(plan_of(SweepSize::full), [](auto, auto, auto) { return false; });
  EXPECT_TRUE(report.interrupted);
  EXPECT_LT(report.seconds, 30);
}

TEST(Replay, DoesTheCutsAndSaysWhatIsWrongWithAnId) {
  std::string outcome;
  std::string problem;
  EXPECT_TRUE(replay("two-slots stock: flash switch reset confirm @ 17p12+3b", outcome, problem));
  EXPECT_EQ(outcome, "");
  EXPECT_FALSE(replay("two-slots stock: flash", outcome, problem));
  EXPECT_THAT(problem, testing::HasSubstr("@"));
  EXPECT_FALSE(replay("two-slots stock: flash @ 17q", outcome, problem));
  EXPECT_THAT(problem, testing::HasSubstr("17q"));
  EXPECT_FALSE(replay("toaster stock: flash @ 1b", outcome, problem));
  EXPECT_THAT(problem, testing::HasSubstr("toaster"));
}

TEST(Contract, EveryCallHasARowForEveryPolicy) {
  for (std::size_t call = 0; call < static_cast<std::size_t>(Call::vendor_switch); ++call) {
    for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
      const Promise& row = promise_of(static_cast<Call>(call), policy, {});
      EXPECT_EQ(row.call, static_cast<Call>(call));
      EXPECT_EQ(row.when, "");
    }
  }
}

TEST(Contract, WhatAfterPromisesMayBootDuringTheCallToo) {
  for (const Promise& row : promises()) {
    EXPECT_EQ(row.after & ~(row.during | Role::running | Role::chosen), 0) << call_name(row.call);
    EXPECT_EQ(row.before & ~row.during, 0) << call_name(row.call);
  }
}

TEST(RandomSessions, AllEndInTheRightImage) {
  const std::uint64_t sessions = kSanitized ? 3'000 : 100'000;
  const RandomSessionsReport report = random_sessions({.first_seed = 1, .sessions = sessions, .jobs = 2});
  EXPECT_EQ(report.sessions, sessions);
  EXPECT_EQ(report.failed, 0U) << "seed " << report.first_failed_seed << ": " << report.first_problem;
  EXPECT_GT(report.power_cuts, sessions);
  EXPECT_GT(report.pieces, 10 * sessions);
}

TEST(RandomSessions, ASeedIsTheSameEveryTime) {
  const auto once = random_sessions({.first_seed = 77, .sessions = 200, .jobs = 1});
  const auto again = random_sessions({.first_seed = 77, .sessions = 200, .jobs = 2});
  EXPECT_EQ(once.power_cuts, again.power_cuts);
  EXPECT_EQ(once.pieces, again.pieces);
}

}  // namespace
}  // namespace dualbank::sim
