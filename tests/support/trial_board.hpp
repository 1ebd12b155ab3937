// A board whose new image was just switched to and has not booted yet, and the ways in which power can go.
#pragma once

#include <vector>

#include "tests/support/board.hpp"

namespace dualbank::tests {

inline constexpr SlotIndex kOld = 0;
inline constexpr SlotIndex kNew = 1;

class TrialBoard : public Board {
 public:
  explicit TrialBoard(Policy policy, const BoardShape& board_shape = {}) : Board(board_shape), policy_(policy) {
    install(kOld, firmware("1.0"));
    install(kNew, firmware("2.0"));
    record(0, 1, 2);
    Updater updater{flash, {.running_slot = kOld, .policy = policy}};
    EXPECT_EQ(updater.open(), Status::ok);
    EXPECT_EQ(updater.switch_slot(kNew), Status::ok);
    flash.forget();
    may_boot({kOld, kNew}, policy);
  }
  ~TrialBoard() {
    EXPECT_EQ(unsafe, 0U) << first_unsafe;
    EXPECT_TRUE(flash.violations().empty());
  }

  [[nodiscard]] Options options(SlotIndex running) const { return {.running_slot = running, .policy = policy_}; }
  [[nodiscard]] SectorFacts facts(int sector = 1) const { return journals().facts(sector); }
  void damage(SlotIndex slot) {
    ByteVector bytes = firmware(slot == kOld ? "1.0" : "2.0");
    flip_bit(bytes, 8 * 5000);
    install(slot, bytes);
  }
  void repair(SlotIndex slot) { install(slot, firmware(slot == kOld ? "1.0" : "2.0")); }
  /// Appends cells that mean nothing here until the log of a sector has just that much room.
  void fill_log(int sector, std::uint32_t room) {
    BootSectors sectors;
    ASSERT_FALSE(sectors.read(flash, layout()).failed());
    while (sectors.room(sector) > room) ASSERT_FALSE(sectors.append(sector, {.kind = CellKind::firm}).failed());
    flash.forget();
  }
  /// The running image updates the other slot, and the new one confirms itself at its first boot.
  void expect_updatable(SlotIndex running) {
    const ByteVector& image = firmware("3.0");
    may_boot({});
    {
      Updater updater{flash, options(running)};
      ASSERT_EQ(updater.open(), Status::ok);
      ASSERT_EQ(updater.begin({.header = Bytes{image}.first(288)}), Status::ok);
      ASSERT_EQ(send(updater, image), Status::ok);
      ASSERT_EQ(updater.switch_slot(), Status::ok);
    }
    power_on();
    const SlotIndex slot = reset(policy_);
    ASSERT_NE(slot, running);
    ASSERT_TRUE(holds(slot, image));
    Updater updater{flash, options(slot)};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_TRUE(updater.status().on_trial);
    ASSERT_EQ(updater.confirm(), Status::ok);
    for (int i = 0; i < most_tries + 2; ++i) ASSERT_EQ(reset(policy_), slot);
  }

 private:
  Policy policy_;
};

/// Ways in which a program of a cell can be torn, and how it ends.
inline std::vector<sim::Tear> cell_tears() {
  using sim::Tear;
  std::vector<Tear> all{{.kind = Tear::Kind::before}, {.kind = Tear::Kind::after}};
  for (const bool marginal : {false, true}) {
    for (const std::uint32_t units : {1U, 2U, 5U, 13U, 15U}) {
      all.push_back({.kind = Tear::Kind::prefix, .units = units, .seed = units, .marginal = marginal});
      all.push_back({.kind = Tear::Kind::suffix, .units = units, .seed = units, .marginal = marginal});
    }
    for (const std::uint32_t seed : {1U, 2U, 3U, 4U, 5U})
      all.push_back({.kind = Tear::Kind::bits, .seed = seed, .marginal = marginal});
    all.push_back({.kind = Tear::Kind::prefix, .units = 1, .seed = 6, .programs_first = true, .marginal = marginal});
  }
  return all;
}

inline std::string say(const sim::Tear& t) {
  return "kind " + std::to_string(static_cast<int>(t.kind)) + " units " + std::to_string(t.units) + " seed " +
         std::to_string(t.seed) + (t.marginal ? " marginal" : "") + (t.programs_first ? " programs first" : "");
}

}  // namespace dualbank::tests
