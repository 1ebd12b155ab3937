#include "dualbank/sim/scenario.hpp"

#include <gmock/gmock.h>

#include "dualbank/sim/device.hpp"

namespace dualbank::sim {
namespace {

using testing::HasSubstr;

Scenario scenario_of(std::string_view line) {
  Scenario scenario;
  std::string problem;
  EXPECT_TRUE(parse_scenario(line, scenario, problem)) << problem;
  return scenario;
}

std::string refusal_of(std::string_view line) {
  Scenario scenario;
  std::string problem;
  EXPECT_FALSE(parse_scenario(line, scenario, problem));
  return problem;
}

TEST(Scenario, ALineSaysAllOfIt) {
  const Scenario scenario = scenario_of("three-slots+1k/updated stock-rollback: flash-shuffled switch reset");
  EXPECT_EQ(scenario.board->name, "three-slots");
  EXPECT_EQ(scenario.start, "updated");
  EXPECT_EQ(scenario.policy, Policy::stock_rollback);
  EXPECT_TRUE(scenario.short_images);
  EXPECT_THAT(scenario.calls, testing::ElementsAre(Call::flash_shuffled, Call::switch_slot, Call::reset));
}

TEST(Scenario, EveryBuiltInLineComesBackAsItWas) {
  EXPECT_GE(built_in_scenarios().size(), 60U);
  for (const std::string_view line : built_in_scenarios()) EXPECT_EQ(scenario_of(line).line(), line);
}

TEST(Scenario, EveryCallBoardPolicyAndStartIsInSomeLine) {
  std::string all;
  for (const std::string_view line : built_in_scenarios()) all += std::string{line} + " ";
  for (std::size_t i = 0; i < kCalls; ++i) {
    EXPECT_THAT(all, HasSubstr(" " + std::string{call_name(static_cast<Call>(i))} + " "));
  }
  for (const BoardKind& board : boards()) EXPECT_THAT(all, HasSubstr(std::string{board.name}));
  for (const StartKind& start : starts()) EXPECT_THAT(all, HasSubstr(std::string{start.name}));
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    EXPECT_THAT(all, HasSubstr(" " + std::string{policy_name(policy)} + ":"));
  }
}

TEST(Scenario, WhatIsWrongIsNamedWithWhatWouldBeRight) {
  EXPECT_THAT(refusal_of("toaster stock: flash"), testing::AllOf(HasSubstr("toaster"), HasSubstr("two-slots")));
  EXPECT_THAT(refusal_of("two-slots/never stock: flash"), testing::AllOf(HasSubstr("never"), HasSubstr("fallback")));
  EXPECT_THAT(refusal_of("two-slots magic: flash"), testing::AllOf(HasSubstr("magic"), HasSubstr("stock-rollback")));
  EXPECT_THAT(refusal_of("two-slots stock flash"), HasSubstr("colon"));
  EXPECT_THAT(refusal_of("two-slots stock: fly"), testing::AllOf(HasSubstr("fly"), HasSubstr("flash-shuffled")));
  EXPECT_THAT(refusal_of("two-slots stock:"), HasSubstr("no call"));
  EXPECT_THAT(refusal_of(""), HasSubstr("board"));
}

TEST(Scenario, EveryBuiltInEndsWellUncut) {
  for (const std::string_view line : built_in_scenarios()) {
    Device device{scenario_of(line)};
    device.start();
    device.flash().reboot();
    EXPECT_EQ(device.run(Reads::drawn), "") << line;
  }
}

}  // namespace
}  // namespace dualbank::sim
