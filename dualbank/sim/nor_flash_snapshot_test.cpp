#include <gtest/gtest.h>

#include <vector>

#include "dualbank/sim/nor_flash.hpp"

namespace dualbank::sim {
namespace {

constexpr Geometry kSmall{.size_bytes = 0x4000};
constexpr Geometry kWriteOnce{.size_bytes = 0x4000, .write_unit_bytes = 8, .can_reprogram = false};

std::vector<std::byte> filled(std::size_t size, int value) { return {size, static_cast<std::byte>(value)}; }

std::vector<std::byte> contents_of(const NorFlash& flash) { return {flash.contents().begin(), flash.contents().end()}; }

void leave_marginal_bits(NorFlash& flash, std::uint32_t sector) {
  flash.put(sector, filled(0x1000, 0x3C));
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = 1, .seed = 5, .marginal = true});
  ASSERT_EQ(flash.erase(sector, 0x1000), Status::power_lost);
  flash.reboot();
}

// ---- snapshots

TEST(NorFlashSharing, AnUntouchedSectorIsSharedAndAChangedOneIsNot) {
  NorFlash flash(kSmall);
  const auto first = flash.snapshot();
  ASSERT_EQ(flash.program(0x1000, filled(1, 0)), Status::ok);
  const auto second = flash.snapshot();
  ASSERT_EQ(first.sectors.size(), 4u);
  for (std::size_t sector = 0; sector < 4; ++sector) {
    EXPECT_EQ(first.sectors[sector] == second.sectors[sector], sector != 1) << sector;
  }
  const auto third = flash.snapshot();
  EXPECT_EQ(second.sectors, third.sectors);
}

TEST(NorFlashSharing, SnapshotsNest) {
  NorFlash flash(kSmall);
  std::vector<NorFlash::Snapshot> taken;
  std::vector<std::vector<std::byte>> contents;
  for (std::uint32_t i = 0; i < 8; ++i) {
    taken.push_back(flash.snapshot());
    contents.push_back(contents_of(flash));
    ASSERT_EQ(flash.program(i * 0x700, filled(16, 0x10 + static_cast<int>(i))), Status::ok);
  }
  for (const std::size_t i : {7u, 0u, 3u, 2u, 6u, 1u, 5u, 4u}) {
    flash.restore(taken[i]);
    EXPECT_EQ(contents_of(flash), contents[i]) << i;
    ASSERT_EQ(flash.erase(0x1000, 0x1000), Status::ok) << "what is done after a restore stays out of the snapshots";
  }
  flash.restore(taken[7]);
  EXPECT_EQ(contents_of(flash), contents[7]);
}

TEST(NorFlashSharing, BringsBackMarginalBitsAndTakesThemAway) {
  NorFlash flash(kSmall);
  const auto firm = flash.snapshot();
  leave_marginal_bits(flash, 0x1000);
  const auto weak = flash.snapshot();
  flash.restore(firm);
  EXPECT_FALSE(flash.has_marginal_bits());
  EXPECT_EQ(flash.marginal_at(0x1100), std::byte{0});
  flash.restore(weak);
  EXPECT_TRUE(flash.has_marginal_bits());
  EXPECT_EQ(flash.marginal_at(0x1100), std::byte{0xC3});
  EXPECT_EQ(flash.marginal_at(0x1000), std::byte{0});
  ASSERT_EQ(flash.erase(0x1000, 0x1000), Status::ok);
  EXPECT_FALSE(flash.has_marginal_bits()) << "the count is right after a restore";
}

TEST(NorFlashSharing, BringsBackWhichUnitsAreProgrammed) {
  NorFlash flash(kWriteOnce);
  const auto blank = flash.snapshot();
  ASSERT_EQ(flash.program(0, filled(8, 0xFF)), Status::ok);
  const auto used = flash.snapshot();
  flash.restore(blank);
  ASSERT_EQ(flash.program(0, filled(8, 0)), Status::ok);
  flash.restore(used);
  EXPECT_EQ(flash.program(0, filled(8, 0)), Status::flash_not_erased) << "used up, though it reads erased";
}

TEST(NorFlashSharing, AnotherFlashOfTheGeometryTakesASnapshot) {
  NorFlash flash(kSmall);
  leave_marginal_bits(flash, 0);
  NorFlash other(kSmall);
  other.restore(flash.snapshot());
  for (int boot = 0; boot < 5; ++boot) {
    EXPECT_EQ(contents_of(other), contents_of(flash));
    other.reboot();
    flash.reboot();
  }
}

// ---- digests

TEST(NorFlashDigest, EqualContentsHaveEqualDigestsHoweverTheyCameThere) {
  NorFlash one(kSmall);
  NorFlash two(kSmall);
  EXPECT_EQ(one.digest(), two.digest());
  ASSERT_EQ(one.program(0x1010, filled(4, 0x0F)), Status::ok);
  EXPECT_NE(one.digest(), two.digest());
  ASSERT_EQ(two.program(0x1010, filled(2, 0x0F)), Status::ok);
  EXPECT_NE(one.digest(), two.digest());
  two.put(0x1012, filled(2, 0x0F));
  EXPECT_EQ(one.digest(), two.digest());
  ASSERT_EQ(two.erase(0x1000, 0x1000), Status::ok);
  EXPECT_EQ(two.digest(), NorFlash(kSmall).digest());
}

TEST(NorFlashDigest, TellsSectorsWithTheSameContentsApart) {
  NorFlash one(kSmall);
  NorFlash two(kSmall);
  one.put(0, filled(16, 0));
  two.put(0x1000, filled(16, 0));
  EXPECT_NE(one.digest(), two.digest());
}

TEST(NorFlashDigest, EveryChangeUpdatesIt) {
  NorFlash flash(kSmall);
  const auto before = flash.snapshot();
  std::vector<std::uint64_t> seen{flash.digest()};
  flash.put(0, filled(1, 0xFE));
  seen.push_back(flash.digest());
  ASSERT_EQ(flash.program(0, filled(1, 0)), Status::ok);
  seen.push_back(flash.digest());
  ASSERT_EQ(flash.program(0x3FFF, filled(1, 0)), Status::ok);
  seen.push_back(flash.digest());
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  seen.push_back(flash.digest());
  for (std::size_t i = 1; i < seen.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(seen[i], seen[j]) << i << " " << j;
  }
  flash.restore(before);
  EXPECT_EQ(flash.digest(), seen[0]);
}

TEST(NorFlashDigest, AMarginalBitChangesItAndWhatItReadsAsDoesNot) {
  NorFlash flash(kSmall);
  leave_marginal_bits(flash, 0);
  const std::uint64_t weak = flash.digest();
  flash.reboot(MarginalBits::programmed);
  const auto programmed = contents_of(flash);
  EXPECT_EQ(flash.digest(), weak);
  flash.reboot(MarginalBits::erased);
  const auto erased = contents_of(flash);
  EXPECT_EQ(flash.digest(), weak);
  EXPECT_NE(programmed, erased);
  NorFlash firm(kSmall);
  firm.put(0, erased);
  EXPECT_NE(firm.digest(), weak);
  firm.put(0, programmed);
  EXPECT_NE(firm.digest(), weak);
}

TEST(NorFlashDigest, AUsedUnitOfWriteOnceFlashChangesIt) {
  NorFlash flash(kWriteOnce);
  const std::uint64_t blank = flash.digest();
  ASSERT_EQ(flash.program(0, filled(8, 0xFF)), Status::ok);
  EXPECT_NE(flash.digest(), blank) << "it reads the same, and takes no more";
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(flash.digest(), blank);
}

TEST(NorFlashDigest, OfARangeCoversTheSectorsThatItTouches) {
  NorFlash flash(kSmall);
  const std::uint64_t first = flash.digest(0, 0x1000);
  const std::uint64_t second = flash.digest(0x1000, 0x1000);
  ASSERT_EQ(flash.program(0x1FFF, filled(1, 0)), Status::ok);
  EXPECT_EQ(flash.digest(0, 0x1000), first);
  EXPECT_NE(flash.digest(0x1000, 0x1000), second);
  EXPECT_EQ(flash.digest(0x1000, 0x1000), flash.digest(0x1800, 1));
  EXPECT_EQ(flash.digest(0, 0x4000), flash.digest());
  EXPECT_NE(flash.digest(0xFFF, 2), first);
}

}  // namespace
}  // namespace dualbank::sim
