#include "dualbank/sim/nor_flash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <initializer_list>
#include <set>
#include <vector>

namespace dualbank::sim {
namespace {

constexpr Geometry kSmall{.size_bytes = 0x20000, .erase_units = 0x1'1000};

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

std::vector<std::byte> filled(std::size_t size, int value) { return {size, static_cast<std::byte>(value)}; }

std::vector<std::byte> read_back(NorFlash& flash, std::uint32_t address, std::size_t size) {
  std::vector<std::byte> out(size);
  EXPECT_EQ(flash.read(address, out), Status::ok);
  return out;
}

std::byte at(const NorFlash& flash, std::uint32_t address) { return flash.contents()[address]; }

// ---- power

TEST(NorFlashCut, FreezesEverythingUntilReboot) {
  NorFlash flash(kSmall);
  flash.cut_at(1, {.kind = Tear::Kind::before});
  EXPECT_EQ(flash.program(0, bytes_of({1})), Status::ok);
  EXPECT_EQ(flash.program(1, bytes_of({1})), Status::power_lost);
  EXPECT_FALSE(flash.power_on());
  std::array<std::byte, 1> out{};
  EXPECT_EQ(flash.read(0, out), Status::power_lost);
  EXPECT_EQ(flash.program(2, bytes_of({1})), Status::power_lost);
  EXPECT_EQ(flash.program(2, {}), Status::power_lost);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  EXPECT_EQ(flash.sync(), Status::power_lost);
  EXPECT_EQ(at(flash, 0), std::byte{1});
  EXPECT_EQ(at(flash, 1), std::byte{0xFF});
  EXPECT_EQ(at(flash, 2), std::byte{0xFF});
  EXPECT_EQ(flash.log().size(), 2u);

  flash.reboot();
  EXPECT_TRUE(flash.power_on());
  EXPECT_EQ(flash.boots(), 1u);
  EXPECT_EQ(flash.program(1, bytes_of({1})), Status::ok);
}

TEST(NorFlashCut, AfterAnOperationDoesAllOfItButNeverSaysSo) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {.kind = Tear::Kind::after, .marginal = true});
  EXPECT_EQ(flash.program(0, bytes_of({1, 2, 3})), Status::power_lost);
  flash.reboot();
  EXPECT_EQ(read_back(flash, 0, 4), bytes_of({1, 2, 3, 0xFF}));
  EXPECT_FALSE(flash.has_marginal_bits());
}

TEST(NorFlashCut, InsideAProgramLeavesAPrefixOfWriteUnits) {
  for (std::uint32_t units = 0; units <= 3; ++units) {
    NorFlash flash({.size_bytes = 0x2000, .write_unit_bytes = 2});
    flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = units});
    EXPECT_EQ(flash.program(0x10, filled(6, 0)), Status::power_lost);
    flash.reboot();
    for (std::uint32_t i = 0; i < 6; ++i) {
      EXPECT_EQ(at(flash, 0x10 + i), i < 2 * units ? std::byte{0} : std::byte{0xFF}) << units << " " << i;
    }
  }
}

TEST(NorFlashCut, InsideAProgramLeavesASuffixOfWriteUnits) {
  NorFlash flash({.size_bytes = 0x2000, .write_unit_bytes = 2});
  flash.cut_at(0, {.kind = Tear::Kind::suffix, .units = 1});
  EXPECT_EQ(flash.program(0, filled(6, 0)), Status::power_lost);
  flash.reboot();
  EXPECT_EQ(read_back(flash, 0, 6), bytes_of({0xFF, 0xFF, 0xFF, 0xFF, 0, 0}));
}

TEST(NorFlashCut, InsideAProgramLeavesARandomSubsetOfBitsThatTheSeedRepeats) {
  const auto torn = [](std::uint32_t seed) {
    NorFlash flash(kSmall);
    flash.put(0, filled(64, 0xF3));
    flash.cut_at(0, {.kind = Tear::Kind::bits, .seed = seed});
    EXPECT_EQ(flash.program(0, filled(64, 0x31)), Status::power_lost);
    flash.reboot();
    return read_back(flash, 0, 64);
  };
  const auto once = torn(7);
  EXPECT_EQ(once, torn(7));
  EXPECT_NE(once, torn(8));
  for (const std::byte b : once) {
    EXPECT_EQ(b & std::byte{0x31}, std::byte{0x31}) << "bits that the program leaves alone stay set";
    EXPECT_EQ(b & std::byte{0x0C}, std::byte{0}) << "bits that were clear stay clear";
  }
  EXPECT_THAT(std::set<std::byte>(once.begin(), once.end()).size(), ::testing::Eq(8u))
      << "all combinations of the three disputed bits";
}

TEST(NorFlashCut, InsideAnEraseLeavesAPrefixOrSuffixOfPages) {
  for (const auto kind : {Tear::Kind::prefix, Tear::Kind::suffix}) {
    NorFlash flash(kSmall);
    flash.put(0, filled(0x2000, 0x5A));
    flash.cut_at(0, {.kind = kind, .units = 3});
    EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
    flash.reboot();
    const auto sector = flash.contents().first(0x1000);
    const bool prefix = kind == Tear::Kind::prefix;
    EXPECT_TRUE(all_equal(prefix ? sector.first(0x300) : sector.last(0x300), std::byte{0xFF}));
    EXPECT_TRUE(all_equal(prefix ? sector.last(0xD00) : sector.first(0xD00), std::byte{0x5A}));
    EXPECT_EQ(at(flash, 0x1000), std::byte{0x5A});
  }
}

TEST(NorFlashCut, InsideAnEraseSetsARandomSubsetOfBits) {
  NorFlash flash(kSmall);
  flash.put(0, filled(0x1000, 0x0F));
  flash.cut_at(0, {.kind = Tear::Kind::bits, .seed = 3});
  EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  flash.reboot();
  int set_bits = 0;
  for (const std::byte b : flash.contents().first(0x1000)) {
    EXPECT_EQ(b & std::byte{0x0F}, std::byte{0x0F});
    set_bits += std::popcount(std::to_integer<unsigned>(b >> 4));
  }
  EXPECT_NEAR(set_bits, 0x1000 * 4 / 2, 500);
}

TEST(NorFlashCut, InsideAnEraseMayFindAllProgrammedFirst) {
  NorFlash flash(kSmall);
  flash.put(0, filled(0x1000, 0x5A));
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = 1, .programs_first = true});
  EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  flash.reboot();
  EXPECT_TRUE(all_equal(flash.contents().first(0x100), std::byte{0xFF}));
  EXPECT_TRUE(all_equal(flash.contents().subspan(0x100, 0xF00), std::byte{0}));
}

TEST(NorFlashCut, BeforeAnEraseProgramsNothingEither) {
  NorFlash flash(kSmall);
  flash.put(0, filled(0x1000, 0x5A));
  flash.cut_at(0, {.kind = Tear::Kind::before, .programs_first = true});
  EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  EXPECT_TRUE(all_equal(flash.contents().first(0x1000), std::byte{0x5A}));
}

TEST(NorFlashCut, UnitsBeyondTheOperationAreAllOfIt) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {.kind = Tear::Kind::suffix, .units = 1000, .marginal = true});
  EXPECT_EQ(flash.program(0, bytes_of({1, 2})), Status::power_lost);
  flash.reboot();
  EXPECT_EQ(read_back(flash, 0, 2), bytes_of({1, 2}));
}

TEST(NorFlashCut, DisarmAndRebootTakeTheCutBack) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {});
  flash.disarm();
  EXPECT_EQ(flash.program(0, bytes_of({1})), Status::ok);
  flash.cut_at(0, {});
  flash.reboot();
  EXPECT_EQ(flash.program(1, bytes_of({1})), Status::ok);
}

TEST(NorFlashCut, StrikesNoRefusedOperation) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {});
  EXPECT_EQ(flash.erase(1, 0x1000), Status::flash_misaligned);
  EXPECT_TRUE(flash.power_on());
  EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
}

// ---- marginal bits

// Byte 0 firm, the low nibble of byte 1 untouched, its high nibble in flight, byte 2 not reached.
void tear_second_byte(NorFlash& flash, std::uint32_t seed = 1) {
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = 1, .seed = seed, .marginal = true});
  ASSERT_EQ(flash.program(0, bytes_of({0x00, 0x0F, 0x00})), Status::power_lost);
}

TEST(NorFlashMarginal, OnlyTheUnitInFlightIsMarginal) {
  NorFlash flash(kSmall);
  tear_second_byte(flash);
  EXPECT_EQ(flash.marginal_at(0), std::byte{0});
  EXPECT_EQ(flash.marginal_at(1), std::byte{0xF0});
  EXPECT_EQ(flash.marginal_at(2), std::byte{0});
}

TEST(NorFlashMarginal, TheUnitInFlightOfASuffixIsTheOneBeforeIt) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {.kind = Tear::Kind::suffix, .units = 1, .marginal = true});
  ASSERT_EQ(flash.program(0, bytes_of({0, 0, 0})), Status::power_lost);
  EXPECT_EQ(flash.marginal_at(0), std::byte{0});
  EXPECT_EQ(flash.marginal_at(1), std::byte{0xFF});
  EXPECT_EQ(flash.marginal_at(2), std::byte{0});
}

TEST(NorFlashMarginal, ReadsDifferentlyAcrossBootsButTheSameWithinOne) {
  NorFlash flash(kSmall);
  tear_second_byte(flash);
  std::set<std::byte> values;
  for (int boot = 0; boot < 40; ++boot) {
    flash.reboot();
    const auto once = read_back(flash, 0, 3);
    EXPECT_EQ(once, read_back(flash, 0, 3));
    EXPECT_EQ(once[0], std::byte{0});
    EXPECT_EQ(once[1] & std::byte{0x0F}, std::byte{0x0F});
    EXPECT_EQ(once[2], std::byte{0xFF});
    values.insert(once[1]);
  }
  EXPECT_GT(values.size(), 8u) << "of 16 possible values";
}

TEST(NorFlashMarginal, TheSeedRepeatsEveryBoot) {
  std::array<std::vector<std::byte>, 3> runs;
  for (std::uint32_t run = 0; run < 3; ++run) {
    NorFlash flash(kSmall);
    tear_second_byte(flash, run == 2 ? 6 : 5);
    for (int boot = 0; boot < 20; ++boot) {
      flash.reboot();
      runs[run].push_back(at(flash, 1));
    }
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_NE(runs[0], runs[2]);
}

TEST(NorFlashMarginal, CanBeSettledForOneBootByTheTest) {
  NorFlash flash(kSmall);
  tear_second_byte(flash);
  flash.reboot(MarginalBits::erased);
  EXPECT_EQ(at(flash, 1), std::byte{0xFF});
  flash.reboot(MarginalBits::programmed);
  EXPECT_EQ(at(flash, 1), std::byte{0x0F});
  EXPECT_TRUE(flash.has_marginal_bits());
}

TEST(NorFlashMarginal, ProgrammingABitMakesItFirm) {
  NorFlash flash(kSmall);
  tear_second_byte(flash);
  flash.reboot(MarginalBits::erased);
  ASSERT_EQ(flash.program(1, bytes_of({0x3F})), Status::ok);
  EXPECT_EQ(flash.marginal_at(1), std::byte{0x30}) << "the bits programmed to 0 are firm, the others still are not";
  flash.reboot(MarginalBits::erased);
  EXPECT_EQ(at(flash, 1), std::byte{0x3F});
}

TEST(NorFlashMarginal, ProgrammingTheSameBytesAgainMakesThemFirm) {
  NorFlash flash(kSmall);
  tear_second_byte(flash);
  flash.reboot(MarginalBits::programmed);
  ASSERT_EQ(flash.program(1, bytes_of({0x0F})), Status::ok);
  EXPECT_FALSE(flash.has_marginal_bits());
  flash.reboot(MarginalBits::erased);
  EXPECT_EQ(at(flash, 1), std::byte{0x0F});
}

TEST(NorFlashMarginal, AWholeEraseMakesItFirm) {
  NorFlash flash(kSmall);
  tear_second_byte(flash);
  flash.reboot(MarginalBits::erased);
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_FALSE(flash.has_marginal_bits());
  flash.reboot(MarginalBits::programmed);
  EXPECT_TRUE(all_equal(flash.contents(), std::byte{0xFF}));
}

TEST(NorFlashMarginal, ATornEraseCanReadBlankAndBeWeak) {
  NorFlash flash(kSmall);
  flash.put(0, filled(0x1000, 0));
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = 15, .marginal = true});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  flash.reboot(MarginalBits::erased);
  EXPECT_TRUE(all_equal(flash.contents().first(0x1000), std::byte{0xFF}));
  flash.reboot(MarginalBits::programmed);
  EXPECT_TRUE(all_equal(flash.contents().subspan(0xF00, 0x100), std::byte{0}));
}

TEST(NorFlashMarginal, ATornSubsetLeavesDoneUndoneAndMarginalBits) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {.kind = Tear::Kind::bits, .seed = 11, .marginal = true});
  ASSERT_EQ(flash.program(0, filled(256, 0)), Status::power_lost);
  int marginal = 0;
  for (std::uint32_t i = 0; i < 256; ++i) marginal += std::popcount(std::to_integer<unsigned>(flash.marginal_at(i)));
  EXPECT_NEAR(marginal, 1024, 150);
  flash.reboot(MarginalBits::programmed);
  int undone = 0;
  for (const std::byte b : flash.contents().first(256)) undone += std::popcount(std::to_integer<unsigned>(b));
  EXPECT_NEAR(undone, 512, 120);
  flash.reboot(MarginalBits::erased);
  int not_done = 0;
  for (const std::byte b : flash.contents().first(256)) not_done += std::popcount(std::to_integer<unsigned>(b));
  EXPECT_EQ(not_done, undone + marginal);
}

TEST(NorFlashMarginal, ASecondTearMakesNoMarginalBitFirmThatItLeavesInFlight) {
  NorFlash flash({.size_bytes = 0x2000, .page_bytes = 256, .write_unit_bytes = 128});
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .marginal = true});
  ASSERT_EQ(flash.program(0, filled(128, 0)), Status::power_lost);
  flash.reboot(MarginalBits::erased);
  flash.cut_at(0, {.kind = Tear::Kind::bits, .seed = 4, .marginal = true});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  int marginal = 0;
  for (std::uint32_t i = 0; i < 128; ++i) marginal += std::popcount(std::to_integer<unsigned>(flash.marginal_at(i)));
  EXPECT_NEAR(marginal, 1024 * 3 / 4, 80) << "left in flight, or not reached at all";
}

TEST(NorFlashMarginal, ProgrammedFirstLeavesEveryBitInDispute) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = 0, .programs_first = true, .marginal = true});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  EXPECT_EQ(flash.marginal_at(0xFF), std::byte{0xFF});
  EXPECT_EQ(flash.marginal_at(0x100), std::byte{0});
  EXPECT_EQ(at(flash, 0x100), std::byte{0});
}

TEST(NorFlashMarginal, PutMakesFirmOnlyWhatItCovers) {
  NorFlash flash(kSmall);
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .marginal = true});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  ASSERT_FALSE(flash.has_marginal_bits()) << "erasing erased bytes disputes nothing";
  flash.reboot();
  flash.put(0, filled(0x1000, 0));
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .marginal = true});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  flash.put(1, bytes_of({1, 2}));
  EXPECT_EQ(flash.marginal_at(0), std::byte{0xFF});
  EXPECT_EQ(flash.marginal_at(1), std::byte{0});
  EXPECT_EQ(flash.marginal_at(2), std::byte{0});
  EXPECT_EQ(flash.marginal_at(3), std::byte{0xFF});
}

TEST(NorFlashMarginal, WorksInTheOtherPolarity) {
  NorFlash flash({.size_bytes = 0x2000, .erased = std::byte{0x00}});
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .marginal = true});
  ASSERT_EQ(flash.program(0, bytes_of({0x0F})), Status::power_lost);
  EXPECT_EQ(flash.marginal_at(0), std::byte{0x0F});
  flash.reboot(MarginalBits::programmed);
  EXPECT_EQ(at(flash, 0), std::byte{0x0F});
  flash.reboot(MarginalBits::erased);
  EXPECT_EQ(at(flash, 0), std::byte{0});
}

// ---- snapshots

TEST(NorFlashSnapshot, BringsBackContentsMarginalBitsAndPower) {
  NorFlash flash(kSmall);
  tear_second_byte(flash, 9);
  const auto torn = flash.snapshot();
  std::array<std::vector<std::byte>, 2> runs;
  for (auto& run : runs) {
    flash.restore(torn);
    EXPECT_TRUE(flash.power_on());
    EXPECT_EQ(flash.marginal_at(1), std::byte{0xF0});
    for (int boot = 0; boot < 10; ++boot) {
      flash.reboot();
      run.push_back(at(flash, 1));
    }
    ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(NorFlashSnapshot, RestoreDisarms) {
  NorFlash flash(kSmall);
  const auto fresh = flash.snapshot();
  flash.cut_at(0, {});
  flash.fail_at(0, Status::flash_erase_failed);
  flash.fail_read_at(0, Status::flash_read_failed);
  flash.restore(fresh);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(read_back(flash, 0, 1), bytes_of({0xFF}));
  EXPECT_EQ(flash.counts().erases, 1u) << "counters go on";
}

}  // namespace
}  // namespace dualbank::sim
