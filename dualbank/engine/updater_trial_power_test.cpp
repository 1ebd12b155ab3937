// Power is cut at every operation of our bootloader and of boot_guard(), and of the application that opens, confirms or
// goes back: what boots verifies, a trial ends, what was given up stays so, and the next update works.
#include <gtest/gtest.h>

#include <memory>

#include "dualbank/sim/draw.hpp"
#include "tests/support/trial_board.hpp"

namespace dualbank::tests {
namespace {

struct Life {
  const char* name;
  Policy policy;
  BoardShape shape{};
  int confirms_at = 0;  ///< at which of its boots the new image confirms itself; 0: never
};

struct Cut {
  std::uint32_t operation = 0;  ///< of the life from its start, or from the cut before
  sim::Tear tear{};
};

class TrialCuts : public testing::TestWithParam<Life> {
 protected:
  /// One life of a board, cut after cut, until the same image has run for some boots.
  void live(const std::vector<Cut>& cuts) {
    board_ = std::make_unique<TrialBoard>(GetParam().policy, GetParam().shape);
    struck_ = 0;
    boots_on_trial_ = boots_of_old_ = 0;
    confirmed_ = false;
    std::uint32_t wait = cuts.empty() ? 0 : cuts[0].operation;
    for (int i = 0; i < 14; ++i) {
      board_->power_on();
      board_->flash.forget();
      if (struck_ < cuts.size()) board_->flash.cut_at(wait, cuts[struck_].tear);
      boot();
      const auto done = static_cast<std::uint32_t>(board_->operations());
      wait -= std::min(wait, done);
      if (!board_->flash.power_on() && ++struck_ < cuts.size()) wait = cuts[struck_].operation;
    }
    board_->power_on();
    end();
  }

  void boot() {
    const Policy policy = GetParam().policy;
    SlotIndex running = kNoSlot;
    if (policy == Policy::dualbank) {
      const Result<BootOutcome> booted = board_->bootloader();
      if (!board_->flash.power_on()) return;
      ASSERT_TRUE(booted.has_value() && !booted->journal.failed());
      running = booted->decision.slot;
      EXPECT_TRUE(boots_of_old_ == 0 || running == kOld) << "what was given up stays so";
    } else {
      running = board_->boots();
    }
    ASSERT_TRUE(board_->verifies(running));
    EXPECT_TRUE(!confirmed_ || running == kNew) << "what is confirmed stays";
    application(running);
    if (!board_->flash.power_on() || running != kOld) return;
    ++boots_of_old_;
    board_->most_tries = 255;
  }

  void application(SlotIndex running) {
    Updater updater{board_->flash, board_->options(running)};
    const Status opened = updater.open();
    const bool on_trial = running == kNew && (opened == Status::power_lost || updater.status().on_trial);
    const Status guarded = opened == Status::ok ? updater.boot_guard(board_->most_tries) : opened;
    if (guarded == Status::trial_failed) return;
    boots_on_trial_ += on_trial ? 1 : 0;
    EXPECT_EQ(guarded, board_->flash.power_on() ? Status::ok : Status::power_lost);
    if (guarded != Status::ok || !on_trial) return;
    EXPECT_EQ(boots_of_old_, 0) << "what was given up runs on";
    if (GetParam().confirms_at > 0 && boots_on_trial_ >= GetParam().confirms_at) {
      confirmed_ = updater.confirm() == Status::ok;
    }
  }

  void end() {
    const auto struck = static_cast<int>(struck_);
    EXPECT_LE(boots_on_trial_, kDefaultMostTries + struck);
    const int confirms_at = GetParam().confirms_at;
    if (confirms_at > 0 && confirms_at + struck <= kDefaultMostTries) {
      EXPECT_EQ(boots_of_old_, 0) << "confirmed in time";
    }
    EXPECT_TRUE(confirms_at > 0 || boots_of_old_ > 4) << boots_of_old_;
    board_->most_tries = kDefaultMostTries;
    board_->expect_updatable(boots_of_old_ > 0 ? kOld : kNew);
    EXPECT_EQ(board_->unsafe, 0U) << board_->first_unsafe;
  }

  std::unique_ptr<TrialBoard> board_;
  std::size_t struck_ = 0;
  int boots_on_trial_ = 0;
  int boots_of_old_ = 0;
  bool confirmed_ = false;
};

TEST_P(TrialCuts, OnceAnywhere) {
  const std::vector<sim::Tear> tears = cell_tears();
  std::uint32_t operation = 0;
  for (bool reached = true; reached; ++operation) {
    for (const sim::Tear& tear : tears) {
      live({{operation, tear}});
      ASSERT_FALSE(HasFailure()) << "operation " << operation << " " << say(tear);
    }
    reached = struck_ > 0;
  }
  EXPECT_GT(operation, GetParam().confirms_at > 0 ? 6U : 12U);
}

TEST_P(TrialCuts, ThreeTimesAtRandom) {
  sim::Random random{99};
  const std::vector<sim::Tear> tears = cell_tears();
  for (int i = 0; i < 300; ++i) {
    std::vector<Cut> cuts;
    std::string said;
    for (int n = 0; n < 3; ++n) {
      cuts.push_back({random.below(n == 0 ? 20 : 6), tears[random.below(tears.size())]});
      cuts.back().tear.seed = random.below(1000);
      said += "operation " + std::to_string(cuts.back().operation) + " " + say(cuts.back().tear) + "; ";
    }
    live(cuts);
    ASSERT_FALSE(HasFailure()) << said;
  }
}

const Life kLives[] = {
    {"NeverConfirmed", Policy::dualbank},
    {"NeverConfirmedOfThreeSlots", Policy::dualbank, {.slots = 3}},
    {"WordsOfFourBytes", Policy::dualbank, {.write_unit_bytes = 4}},
    {"ConfirmedAtOnce", Policy::dualbank, {}, 1},
    {"ConfirmedLate", Policy::dualbank, {}, 2},
    {"GuardedNeverConfirmed", Policy::stock},
    {"GuardedConfirmedLate", Policy::stock, {}, 2},
};

INSTANTIATE_TEST_SUITE_P(Lives, TrialCuts, testing::ValuesIn(kLives),
                         [](const auto& life) { return std::string{life.param.name}; });

}  // namespace
}  // namespace dualbank::tests
