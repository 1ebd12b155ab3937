#include <gtest/gtest.h>

#include <vector>

#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/parts.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kSize = 0x2'0000;

std::vector<std::byte> zeros(std::size_t size) { return std::vector<std::byte>(size); }

Elapsed elapsed_of(const NorFlash& flash) { return flash.elapsed().value_or(Elapsed{}); }

TEST(NorFlashTime, EachEraseUnitHasItsOwn) {
  NorFlash flash(w25q32jv().with_size(kSize));
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(elapsed_of(flash), (Elapsed{1, {45'000, 400'000}, {45'000, 400'000}}));
  ASSERT_EQ(flash.erase(0, 0x8000), Status::ok);
  EXPECT_EQ(elapsed_of(flash), (Elapsed{2, {165'000, 2'000'000}, {120'000, 1'600'000}}));
  ASSERT_EQ(flash.erase(0, 0x10000), Status::ok);
  EXPECT_EQ(elapsed_of(flash), (Elapsed{3, {315'000, 4'000'000}, {150'000, 2'000'000}}));
}

TEST(NorFlashTime, AWholePageTakesThePagesFigure) {
  NorFlash flash(w25q32jv().with_size(kSize));
  ASSERT_EQ(flash.program(0x100, zeros(256)), Status::ok);
  EXPECT_EQ(elapsed_of(flash), (Elapsed{1, {400, 3'000}, {400, 3'000}}));
}

TEST(NorFlashTime, OneByteTakesTheFirstBytesFigure) {
  NorFlash flash(w25q32jv().with_size(kSize));
  ASSERT_EQ(flash.program(0, zeros(1)), Status::ok);
  EXPECT_EQ(elapsed_of(flash).sum, (Duration{20, 50}));
  ASSERT_EQ(flash.program(0, {}), Status::ok);
  EXPECT_EQ(elapsed_of(flash).operations, 1u) << "no bytes, no operation";
}

// Three of the 255 further bytes: 20 + 380 * 3 / 255 = 24.47, and 50 + 2950 * 3 / 255 = 84.71.
TEST(NorFlashTime, FourBytesTakeTheirShareOfThePageRoundedUp) {
  NorFlash flash(w25q32jv().with_size(kSize));
  ASSERT_EQ(flash.program(0, zeros(4)), Status::ok);
  EXPECT_EQ(elapsed_of(flash).sum, (Duration{25, 85}));
}

// 512 sectors of 45 ms and 8192 pages of 0.4 ms: the 23 and 3.3 s that a 2 MiB slot takes by sectors; by blocks 4.8 s.
TEST(NorFlashTime, OfAWholeSlotIsTheSumOfItsOperations) {
  NorFlash flash(w25q32jv());
  for (std::uint32_t at = 0; at < 0x20'0000; at += 0x1000) ASSERT_EQ(flash.erase(at, 0x1000), Status::ok);
  EXPECT_EQ(elapsed_of(flash).sum, (Duration{23'040'000, 204'800'000}));
  const auto page = zeros(256);
  for (std::uint32_t at = 0; at < 0x20'0000; at += 256) ASSERT_EQ(flash.program(at, page), Status::ok);
  EXPECT_EQ(elapsed_of(flash).sum, (Duration{23'040'000 + 3'276'800, 204'800'000 + 24'576'000}));
  EXPECT_EQ(elapsed_of(flash).operations, 512u + 8192u);
  EXPECT_EQ(elapsed_of(flash).longest, (Duration{45'000, 400'000}));
  flash.forget();
  for (std::uint32_t at = 0; at < 0x20'0000; at += 0x10000) ASSERT_EQ(flash.erase(at, 0x10000), Status::ok);
  EXPECT_EQ(elapsed_of(flash), (Elapsed{32, {4'800'000, 64'000'000}, {150'000, 2'000'000}}));
}

// On the GD25Q64C a sector takes as long as on a W25Q, a page less: the two figures have each their own longest.
TEST(NorFlashTime, TheLongestIsKeptForEachFigure) {
  Part part = w25q32jv().with_size(kSize);
  part.times.erases[0].time = {300, 900'000};
  NorFlash flash(part);
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  ASSERT_EQ(flash.program(0, zeros(256)), Status::ok);
  EXPECT_EQ(elapsed_of(flash).longest, (Duration{400, 900'000}));
}

TEST(NorFlashTime, ReadsTakeNoneWithoutAClock) {
  NorFlash flash(w25q32jv().with_size(kSize));
  auto out = zeros(4096);
  ASSERT_EQ(flash.read(0, out), Status::ok);
  EXPECT_EQ(elapsed_of(flash), Elapsed{});
}

// 4096 + 5 bytes at 40 MHz: 820.2 us.
TEST(NorFlashTime, ReadsTakeTheBusWithAClock) {
  Part part = w25q32jv().with_size(kSize);
  part.times.spi_clock_hz = 40'000'000;
  NorFlash flash(part);
  auto out = zeros(4096);
  ASSERT_EQ(flash.read(0, out), Status::ok);
  EXPECT_EQ(elapsed_of(flash), (Elapsed{1, {821, 821}, {821, 821}}));
}

TEST(NorFlashTime, WhatNeverReachedTheChipTakesNone) {
  NorFlash flash(w25q32jv().with_size(kSize));
  EXPECT_EQ(flash.erase(1, 0x1000), Status::flash_misaligned);
  flash.fail_at(0, Status::flash_erase_failed);
  EXPECT_EQ(flash.erase(0, 0x1000), Status::flash_erase_failed);
  EXPECT_EQ(elapsed_of(flash), Elapsed{});
}

TEST(NorFlashTime, AnOperationThatIsCutCountsAsWhole) {
  for (const auto kind : {Tear::Kind::before, Tear::Kind::prefix, Tear::Kind::after}) {
    NorFlash flash(w25q32jv().with_size(kSize));
    flash.cut_at(0, {.kind = kind});
    EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
    EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
    EXPECT_EQ(elapsed_of(flash), (Elapsed{1, {45'000, 400'000}, {45'000, 400'000}}));
  }
}

TEST(NorFlashTime, GoesOnOverRebootAndRestoreUntilForgotten) {
  NorFlash flash(w25q32jv().with_size(kSize));
  const auto fresh = flash.snapshot();
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  flash.reboot();
  flash.restore(fresh);
  EXPECT_EQ(elapsed_of(flash).operations, 1u);
  flash.forget();
  EXPECT_EQ(elapsed_of(flash), Elapsed{});
}

TEST(NorFlashTime, IsNotKnownWithoutAPartThatHasFigures) {
  NorFlash plain(w25q32jv().geometry);
  EXPECT_FALSE(plain.elapsed());
  const Part* part = find_part("sector-4k-unit-4");
  ASSERT_NE(part, nullptr);
  NorFlash unknown(*part);
  ASSERT_EQ(unknown.erase(0, 0x1000), Status::ok);
  EXPECT_FALSE(unknown.elapsed());
}

}  // namespace
}  // namespace dualbank::sim
