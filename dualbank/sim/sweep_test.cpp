#include "dualbank/sim/sweep.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <sstream>
#include <stdexcept>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/factory_flash.hpp"
#include "dualbank/sim/firmware_image.hpp"
#include "dualbank/sim/models/vendor_ota.hpp"

namespace dualbank::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint32_t kSlot0 = 0x1'0000;
constexpr std::uint32_t kSlot1 = 0x2'0000;
constexpr std::uint32_t kRecords = 0xE000;
constexpr Part kChip{.name = "test", .geometry = {.size_bytes = 0x3'0000}};

const std::vector<std::byte>& old_image() {
  static const auto image = firmware_image("1.0", 1024);
  return image;
}
const std::vector<std::byte>& new_image() {
  static const auto image = firmware_image("2.0", 2048);
  return image;
}

void write(Flash& flash, std::uint32_t address, Bytes bytes) {
  for (std::uint32_t at = 0; at < bytes.size(); at += 256) {
    const std::size_t size = std::min<std::size_t>(256, bytes.size() - at);
    if (flash.program(address + at, bytes.subspan(at, size)) != Status::ok) return;
  }
}
void erase(Flash& flash, std::uint32_t address, std::uint32_t size) {
  for (std::uint32_t at = 0; at < size; at += 0x1000) {
    if (flash.erase(address + at, 0x1000) != Status::ok) return;
  }
}

bool one_of_both(const Boot& boot) { return boot.valid_image && (boot.version == "1.0" || boot.version == "2.0"); }
bool only_new(const Boot& boot) { return boot.version == "2.0"; }
bool as_the_records_say(const Boot& boot) { return one_of_both(boot) && boot.reason != BootReason::fallback; }

Sweep sweep_of_a_board() { return {.flash = kChip, .start = factory_flash(old_image()), .finally = only_new}; }

/// With the library's own engine.
void update_under(Policy policy, Flash& flash) {
  Updater updater{flash, {.policy = policy}};
  if (updater.open() != Status::ok || updater.status().running_slot != 0) return;
  if (updater.begin({.header = Bytes{new_image()}.first(kImageStartBytes)}) != Status::ok) return;
  for (Range gap = updater.next_missing(); !gap.empty(); gap = updater.next_missing()) {
    const std::uint32_t size = std::min(gap.to - gap.from, 1000U);
    if (updater.flash(Bytes{new_image()}.subspan(gap.from, size), gap.from) != Status::ok) return;
  }
  static_cast<void>(updater.switch_slot());
}

void good_update(Flash& flash) { update_under(Policy::stock, flash); }

/// A record for ota_1 first, the image then.
void record_first(Flash& flash) {
  erase(flash, kRecords, 0x1000);
  write(flash, kRecords, BootRecord::make(2, RecordState::undefined).bytes());
  erase(flash, kSlot1, 0x2000);
  write(flash, kSlot1, new_image());
}

/// Writes over what runs.
void in_place(Flash& flash) {
  erase(flash, kSlot0, 0x2000);
  write(flash, kSlot0, new_image());
}

TEST(Sweep, ACorrectUpdaterIsSafe) {
  Sweep sweep = sweep_of_a_board();
  sweep.depth = 2;
  sweep.thoroughness = Thoroughness::few;
  sweep.lives = 20;
  const CutReport report = sweep.run(good_update, one_of_both);
  EXPECT_TRUE(report) << report;
  EXPECT_GT(report.counts.distinct, 200u);
  EXPECT_GT(report.counts.by_depth[1], 0u);
  EXPECT_GT(report.counts.by_depth[2], 0u) << "random lives have one cut more";
  EXPECT_THAT(report.to_text(), HasSubstr("program, prefix"));
  EXPECT_THAT(report.to_text(), HasSubstr(std::to_string(report.counts.distinct) + " distinct cuts, 0 unsafe, in "));
}

TEST(Sweep, ARecordBeforeItsImageIsCaught) {
  const CutReport report = sweep_of_a_board().run(record_first, as_the_records_say);
  ASSERT_FALSE(report) << report;
  const CutReport::Unsafe& found = report.failures.front();
  EXPECT_THAT(found.problem, HasSubstr("ota_0 boots: "));
  EXPECT_THAT(found.problem, HasSubstr("(fallback)"));
  EXPECT_EQ(found.replay_id, "3a") << "0 and 1 are the bootloader's: it writes a first record";
  EXPECT_EQ(sweep_of_a_board().replay(found.replay_id, record_first, as_the_records_say), found.problem);
  EXPECT_THAT(report.to_text(), HasSubstr("UNSAFE " + found.replay_id + ": "));
  EXPECT_THAT(report.to_text(), HasSubstr(" 1 unsafe, "));
  std::ostringstream out;
  out << report;
  EXPECT_EQ(out.str(), report.to_text());
}

TEST(Sweep, AnUpdaterThatWritesOverWhatRunsIsCaughtWithOneCut) {
  Sweep sweep = sweep_of_a_board();
  sweep.depth = 3;
  sweep.most_failures = 20;
  const CutReport report = sweep.run(in_place, one_of_both);
  ASSERT_FALSE(report);
  for (const CutReport::Unsafe& found : report.failures) {
    EXPECT_THAT(found.problem, HasSubstr("nothing boots"));
    EXPECT_THAT(found.replay_id, Not(HasSubstr("+")));
    EXPECT_EQ(sweep.replay(found.replay_id, in_place, one_of_both), found.problem);
  }
}

// The vendor's own way to confirm: the only record is rewritten in place.
TEST(Sweep, SeesWhatAConfirmInPlaceCosts) {
  Sweep sweep = sweep_of_a_board();
  NorFlash chip{kChip.geometry};
  chip.put(0, sweep.start);
  const Layout layout = *read_layout(chip);
  const auto confirm = [&](Flash& flash) { static_cast<void>(vendor_confirm(flash, layout)); };
  const BootRecord record = BootRecord::make(1, RecordState::undefined);
  const auto bytes = record.bytes();
  std::copy(bytes.begin(), bytes.end(), sweep.start.begin() + kRecords);
  sweep.finally = nullptr;
  EXPECT_TRUE(sweep.run(confirm, one_of_both)) << "ota_0 is what a board without records boots";
  const auto named = [](const Boot& boot) { return boot.reason == BootReason::active_record; };
  const CutReport report = sweep.run(confirm, named);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.failures.front().replay_id, "0a");
}

TEST(Sweep, AnUpdateThatNeverComesToItsEndIsCaught) {
  const auto gives_up = [](Flash& flash) {
    std::array<std::byte, 1> byte{};
    static_cast<void>(flash.read(kSlot1, byte));
    if (byte[0] == std::byte{0xFF}) good_update(flash);
  };
  const CutReport report = sweep_of_a_board().run(gives_up, one_of_both);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.failures.front().problem, StartsWith("what must boot in the end does not: ota_0 boots: "));
}

TEST(Sweep, WhatTheUserThrowsIsAFailureWithThePowerOnOnly) {
  const auto throws = [](Flash&) { throw std::runtime_error("no image"); };
  const CutReport always = sweep_of_a_board().run(throws, one_of_both);
  ASSERT_FALSE(always);
  EXPECT_EQ(always.failures.front().problem, "update() throws: no image");
  EXPECT_EQ(always.failures.front().replay_id, "");
  EXPECT_THAT(always.to_text(), HasSubstr("UNSAFE without any cut: "));

  const auto throws_without_power = [](Flash& flash) {
    good_update(flash);
    std::array<std::byte, 1> byte{};
    if (flash.read(0, byte) == Status::power_lost) throw std::runtime_error("no power");
  };
  EXPECT_EQ(sweep_of_a_board().replay("3b", throws_without_power, one_of_both), "");
}

TEST(Sweep, AnUpdateThatWaitsForPowerIsEnded) {
  const auto waits = [](Flash& flash) {
    good_update(flash);
    std::array<std::byte, 1> byte{};
    while (flash.read(0, byte) == Status::power_lost) {
    }
  };
  EXPECT_EQ(sweep_of_a_board().replay("3b", waits, one_of_both), "");
}

TEST(Sweep, WhatTheFlashForbidsIsAFailure) {
  const auto careless = [](Flash& flash) { write(flash, kSlot0, Bytes{new_image()}.first(512)); };
  const CutReport report = sweep_of_a_board().run(careless, one_of_both);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.failures.front().problem, HasSubstr("does what the flash forbids: 1 bytes at "));
}

TEST(Sweep, ATrialTakesTwoBoots) {
  const auto with_confirm = [](Flash& flash) {
    Updater updater{flash, {.policy = Policy::stock_rollback}};
    if (updater.open() != Status::ok) return;
    static_cast<void>(updater.status().on_trial ? updater.confirm() : Status::ok);
    if (updater.status().running_slot == 0) update_under(Policy::stock_rollback, flash);
  };
  Sweep sweep = sweep_of_a_board();
  sweep.policy = Policy::stock_rollback;
  sweep.thoroughness = Thoroughness::few;
  sweep.finally = [](const Boot& boot) { return boot.version == "2.0" && boot.reason == BootReason::active_record; };
  EXPECT_FALSE(sweep.run(with_confirm, one_of_both)) << "nobody confirms in the first boot";
  sweep.boots = 3;
  const CutReport report = sweep.run(with_confirm, one_of_both);
  EXPECT_TRUE(report) << report;
}

TEST(Sweep, AnOwnBootloaderOnAFlashOfItsOwnLayout) {
  // One sector each for an "A" and a "B", and a mark that says B.
  const auto boot = [](Flash& flash) {
    std::array<std::byte, 3> bytes{};
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (flash.read(i * 0x1000, MutableBytes{bytes}.subspan(i, 1)) != Status::ok) return Boot{};
    }
    const SlotIndex slot = bytes[2] == std::byte{'!'} ? 1 : 0;
    return Boot{.valid_image = bytes[static_cast<std::size_t>(slot)] == std::byte{'X'}, .slot = slot};
  };
  const std::array image{std::byte{'X'}};
  const std::array mark{std::byte{'!'}};
  const auto right = [&](Flash& flash) {
    // A mark that a cut left between programmed and erased reads as set now, and as not set at the next boot.
    if (boot(flash).slot == 1) return write(flash, 0x2000, mark);
    erase(flash, 0x2000, 0x1000);
    erase(flash, 0x1000, 0x1000);
    write(flash, 0x1000, image);
    write(flash, 0x2000, mark);
  };
  const auto trusting = [&](Flash& flash) {
    if (boot(flash).slot != 1) right(flash);
  };
  const auto wrong = [&](Flash& flash) {
    if (boot(flash).slot == 1) return;
    erase(flash, 0x2000, 0x1000);
    write(flash, 0x2000, mark);
    erase(flash, 0x1000, 0x1000);
    write(flash, 0x1000, image);
  };
  std::vector<std::byte> start(0x3000, std::byte{0xFF});
  start[0] = std::byte{'X'};
  const Sweep sweep{.flash = {.name = "own", .geometry = {.size_bytes = 0x3000}},
                    .start = start,
                    .depth = 2,
                    .thoroughness = Thoroughness::few,
                    .finally = [](const Boot& b) { return b.slot == 1; },
                    .boot = boot,
                    .records = Extent{0x2000, 0x1000}};
  const auto valid = [](const Boot& b) { return b.valid_image; };
  const CutReport good = sweep.run(right, valid);
  EXPECT_TRUE(good) << good;
  EXPECT_FALSE(sweep.run(wrong, valid));
  const CutReport drifts = sweep.run(trusting, valid);
  ASSERT_FALSE(drifts);
  EXPECT_THAT(drifts.failures.front().replay_id, HasSubstr("m")) << "only with a marginal bit";
  EXPECT_EQ(sweep.replay(drifts.failures.front().replay_id, trusting, valid), drifts.failures.front().problem);
}

TEST(Sweep, RefusesWhatIsNoBoard) {
  const auto nothing = [](Flash&) {};
  const auto run = [&](Sweep sweep) { return static_cast<void>(sweep.run(nothing, one_of_both)); };
  EXPECT_THROW(run({.flash = kChip}), std::invalid_argument) << "no partition table";
  EXPECT_THROW(run({.flash = kChip, .start = std::vector<std::byte>(0x3'0001)}), std::invalid_argument);
  EXPECT_THROW(run({}), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(sweep_of_a_board().replay("17q", nothing, one_of_both)), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(factory_flash(old_image(), 0x8000)), std::invalid_argument);
}

}  // namespace
}  // namespace dualbank::sim
