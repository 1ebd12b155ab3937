#include "dualbank/sim/state_space.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "dualbank/sim/state_calls.hpp"
#include "dualbank/sim/state_key.hpp"
#include "dualbank/sim/state_starts.hpp"
#include "tests/support/sanitized.hpp"

namespace dualbank::sim {
namespace {

void expect_closed_and_safe(const StateSpacePlan& plan) {
  const StateSpaceReport report = explore_state_space(plan);
  EXPECT_TRUE(report.closed_and_safe());
  for (const StateSpaceRun& run : report.runs) {
    EXPECT_GT(run.states, 1u) << run.line(plan.max_cuts);
    EXPECT_TRUE(run.closed) << run.line(plan.max_cuts);
    for (const std::string& history : run.unsafe) ADD_FAILURE() << history;
  }
}

TEST(StateSpace, IsClosedAndSafeFromAllStartsOnTwoSlotsWithoutCuts) {
  StateSpacePlan plan{.policies = {Policy::stock, Policy::stock_rollback}, .max_cuts = 0};
  for (const StateStart& start : all_state_starts()) {
    if (start.board->slots == 2 && !start.board->factory) plan.starts.emplace_back(start.name);
  }
  EXPECT_GE(plan.starts.size(), 12u);
  expect_closed_and_safe(plan);
}

TEST(StateSpace, IsClosedAndSafeWithOneCutUnderARollbackBootloader) {
  if (tests::kSanitized) GTEST_SKIP() << "long";
  expect_closed_and_safe({.starts = {"one-record"}, .policies = {Policy::stock_rollback}, .tears = Thoroughness::few});
}

TEST(StateSpace, IsSafeInTheFirstStatesAfterOneCutUnderStock) {
  if (tests::kSanitized) GTEST_SKIP() << "long";
  const StateSpaceReport report = explore_state_space({.starts = {"one-record", "fresh", "damaged"},
                                                       .policies = {Policy::stock},
                                                       .tears = Thoroughness::few,
                                                       .most_steps = 5});
  ASSERT_EQ(report.runs.size(), 1u);
  EXPECT_GT(report.runs[0].cuts, 1000u);
  EXPECT_FALSE(report.runs[0].closed);
  for (const std::string& history : report.runs[0].unsafe) ADD_FAILURE() << history;
}

// What is found when states are the same only byte by byte is among what the abstraction finds.
TEST(StateSpace, TheAbstractionLosesNoState) {
  const StateSpacePlan plan{.starts = {"two-records"}, .policies = {Policy::stock}, .max_cuts = 0, .keeps_keys = true};
  StateSpacePlan exact_plan = plan;
  exact_plan.exact = true;
  exact_plan.most_steps = 5;
  const StateSpaceReport abstract = explore_state_space(plan);
  const StateSpaceReport exact = explore_state_space(exact_plan);
  const std::set<std::uint64_t> known(abstract.runs[0].keys.begin(), abstract.runs[0].keys.end());
  const std::set<std::uint64_t> found(exact.runs[0].keys.begin(), exact.runs[0].keys.end());
  EXPECT_GT(exact.runs[0].states, found.size());  // or it abstracts nothing
  EXPECT_GT(found.size(), 100u);
  EXPECT_TRUE(exact.runs[0].unsafe.empty());
  EXPECT_TRUE(std::includes(known.begin(), known.end(), found.begin(), found.end()));
}

// The same after one cut, each of few kinds.
TEST(StateSpace, TheAbstractionLosesNoStateAfterACut) {
  if (tests::kSanitized) GTEST_SKIP() << "long";
  const StateSpacePlan plan{.starts = {"one-record"},
                            .policies = {Policy::stock_rollback},
                            .tears = Thoroughness::few,
                            .keeps_keys = true,
                            .draws = false};
  StateSpacePlan exact_plan = plan;
  exact_plan.exact = true;
  exact_plan.most_steps = 3;
  const StateSpaceReport abstract = explore_state_space(plan);
  const StateSpaceReport exact = explore_state_space(exact_plan);
  const std::set<std::uint64_t> known(abstract.runs[0].keys.begin(), abstract.runs[0].keys.end());
  const std::set<std::uint64_t> found(exact.runs[0].keys.begin(), exact.runs[0].keys.end());
  std::size_t lost = 0;
  for (const std::uint64_t key : found) lost += known.count(key) == 0 ? 1U : 0U;
  EXPECT_GT(exact.runs[0].states, found.size());
  EXPECT_GT(found.size(), 500u);
  EXPECT_TRUE(exact.runs[0].unsafe.empty());
  EXPECT_EQ(lost, 0u) << "of " << found.size() << ", " << known.size() << " known";
}

TEST(StateSpace, EachScriptGoesOnFromOneOther) {
  for (const Script& script : scripts()) {
    const auto count =
        std::count_if(scripts().begin(), scripts().end(), [&](const Script& other) { return goes_on(script, other); });
    EXPECT_EQ(count, script.verbs[0] == Verb::none ? 0 : 1) << script.name;
  }
}

TEST(StateSpace, TwoJobsFindTheSame) {
  StateSpacePlan plan{
      .starts = {"one-record", "factory"}, .policies = {Policy::stock, Policy::dualbank}, .max_cuts = 0};
  const StateSpaceReport one = explore_state_space(plan);
  plan.jobs = 3;
  const StateSpaceReport three = explore_state_space(plan);
  ASSERT_EQ(one.runs.size(), 4u);
  ASSERT_EQ(three.runs.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(one.runs[i].line(0), three.runs[i].line(0));
}

TEST(StateSpace, EveryStartRunsAsItSays) {
  for (const StateStart& start : all_state_starts()) {
    Board board{*start.board, Policy::stock};
    set_up(board, start);
    const bool switched = start.name == "switched" || start.name == "trial";
    EXPECT_EQ(board.decide().slot, switched ? 1 : start.running) << start.name;
  }
}

TEST(StateSpace, ProgressCanEndIt) {
  StateSpacePlan plan{.starts = {"one-record"}, .policies = {Policy::stock}, .max_cuts = 0};
  const StateSpaceReport report = explore_state_space(plan, [](const StateSpaceRun&, std::uint64_t) { return false; });
  EXPECT_TRUE(report.interrupted);
  EXPECT_FALSE(report.closed_and_safe());
}

TEST(StateSpace, RefusesAStartThatThereIsNot) {
  EXPECT_THROW(static_cast<void>(explore_state_space({.starts = {"nowhere"}})), std::invalid_argument);
}

TEST(StateKey, SaysTheSameOfOtherSequenceNumbersButNotOfAnotherOrder) {
  const StateStart& start = all_state_starts()[3];
  const auto key_of = [&](std::uint32_t first, std::uint32_t second) {
    Board board{*start.board, Policy::stock};
    set_up(board, start);
    board.put_record(0, first, RecordState::valid);
    board.put_record(1, second, RecordState::valid);
    return state_key(board).hash;
  };
  EXPECT_EQ(key_of(3, 2), key_of(103, 102));
  EXPECT_NE(key_of(3, 2), key_of(3, 4));
  EXPECT_NE(key_of(3, 2), key_of(kHighestSeq - 3, 2));
}

TEST(StateKey, SeesBitsThatCanReadDifferently) {
  const StateStart& start = all_state_starts()[0];
  Board board{*start.board, Policy::stock};
  set_up(board, start);
  const StateKey before = state_key(board);
  const std::uint32_t at = board.layout().otadata.offset;
  board.flash.tear({OpKind::erase, at, kOtadataSectorBytes}, {}, {.kind = Tear::Kind::prefix, .marginal = true});
  EXPECT_FALSE(state_key(board) == before);
}

}  // namespace
}  // namespace dualbank::sim
