#include "dualbank/sim/nor_flash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <stdexcept>
#include <utility>
#include <vector>

namespace dualbank::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Violation::Kind;

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

// ---- the plain chip

TEST(NorFlash, StartsErased) {
  NorFlash flash(kSmall);
  EXPECT_EQ(flash.contents().size(), 0x20000u);
  EXPECT_TRUE(all_equal(flash.contents(), std::byte{0xFF}));
  EXPECT_TRUE(flash.power_on());
}

TEST(NorFlash, RefusesAGeometryThatDoesNotFit) {
  EXPECT_THROW(NorFlash({.size_bytes = 0x1001}), std::invalid_argument);
  EXPECT_THROW(NorFlash({.size_bytes = 0}), std::invalid_argument);
}

TEST(NorFlash, ReadsBackWhatWasProgrammed) {
  NorFlash flash(kSmall);
  EXPECT_EQ(flash.program(0x10FE, bytes_of({0x12, 0x34})), Status::ok);
  EXPECT_EQ(read_back(flash, 0x10FD, 4), bytes_of({0xFF, 0x12, 0x34, 0xFF}));
}

TEST(NorFlash, ProgramsAgainWhereOnlyBitsFall) {
  NorFlash flash(kSmall);
  ASSERT_EQ(flash.program(0, bytes_of({0xF0})), Status::ok);
  EXPECT_EQ(flash.program(0, bytes_of({0xF0})), Status::ok);
  EXPECT_EQ(flash.program(0, bytes_of({0x30})), Status::ok);
  EXPECT_EQ(at(flash, 0), std::byte{0x30});
  EXPECT_THAT(flash.violations(), IsEmpty());
}

TEST(NorFlash, RefusesToSetABitAndNamesTheByte) {
  NorFlash flash(kSmall);
  ASSERT_EQ(flash.program(0x40, bytes_of({0xFF, 0x0F})), Status::ok);
  EXPECT_EQ(flash.program(0x40, bytes_of({0x00, 0x1F})), Status::flash_not_erased);
  EXPECT_EQ(read_back(flash, 0x40, 2), bytes_of({0xFF, 0x0F}));
  EXPECT_THAT(flash.violations(), ElementsAre(Violation{Kind::sets_bits, 0x41, 1}));
}

TEST(NorFlash, EraseGivesBackExactlyItsUnit) {
  NorFlash flash(kSmall);
  flash.put(0, filled(0x20000, 0));
  ASSERT_EQ(flash.erase(0x3000, 0x1000), Status::ok);
  EXPECT_TRUE(all_equal(flash.contents().subspan(0x3000, 0x1000), std::byte{0xFF}));
  EXPECT_EQ(at(flash, 0x2FFF), std::byte{0});
  EXPECT_EQ(at(flash, 0x4000), std::byte{0});
  ASSERT_EQ(flash.erase(0x10000, 0x10000), Status::ok);
  EXPECT_TRUE(all_equal(flash.contents().subspan(0x10000), std::byte{0xFF}));
  EXPECT_EQ(at(flash, 0xFFFF), std::byte{0});
}

TEST(NorFlash, OfTheOtherPolarityProgramsOnes) {
  NorFlash flash({.size_bytes = 0x2000, .erased = std::byte{0x00}});
  EXPECT_TRUE(all_equal(flash.contents(), std::byte{0}));
  ASSERT_EQ(flash.program(0, bytes_of({0x81})), Status::ok);
  EXPECT_EQ(flash.program(0, bytes_of({0x80})), Status::flash_not_erased);
  EXPECT_EQ(flash.program(0, bytes_of({0x83})), Status::ok);
  EXPECT_EQ(at(flash, 0), std::byte{0x83});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(at(flash, 0), std::byte{0});
}

// ---- strictness

TEST(NorFlash, RefusesWhatIsOutsideTheChip) {
  NorFlash flash(kSmall);
  std::array<std::byte, 2> two{};
  EXPECT_EQ(flash.read(0x1FFFF, two), Status::flash_out_of_range);
  EXPECT_EQ(flash.read(0xFFFFFFFF, two), Status::flash_out_of_range);
  EXPECT_EQ(flash.program(0x1FFFF, two), Status::flash_out_of_range);
  EXPECT_EQ(flash.erase(0x20000, 0x1000), Status::flash_out_of_range);
  EXPECT_THAT(flash.violations(),
              ElementsAre(Violation{Kind::out_of_range, 0x1FFFF, 2}, Violation{Kind::out_of_range, 0xFFFFFFFF, 2},
                          Violation{Kind::out_of_range, 0x1FFFF, 2}, Violation{Kind::out_of_range, 0x20000, 0x1000}));
  EXPECT_THAT(flash.log(), IsEmpty());
}

TEST(NorFlash, RefusesToCrossAPage) {
  NorFlash flash(kSmall);
  EXPECT_EQ(flash.program(0x1FF, bytes_of({1, 2})), Status::flash_misaligned);
  EXPECT_EQ(flash.program(0x100, filled(257, 0)), Status::flash_misaligned);
  EXPECT_EQ(flash.program(0x100, filled(256, 0)), Status::ok);
  EXPECT_THAT(flash.violations(),
              ElementsAre(Violation{Kind::crosses_page, 0x1FF, 2}, Violation{Kind::crosses_page, 0x100, 257}));
}

TEST(NorFlash, RefusesPartsOfWriteUnits) {
  NorFlash flash({.size_bytes = 0x2000, .write_unit_bytes = 4});
  EXPECT_EQ(flash.program(2, filled(4, 0)), Status::flash_misaligned);
  EXPECT_EQ(flash.program(4, filled(3, 0)), Status::flash_misaligned);
  EXPECT_EQ(flash.program(4, filled(8, 0)), Status::ok);
  EXPECT_THAT(flash.violations(), ElementsAre(Violation{Kind::misaligned, 2, 4}, Violation{Kind::misaligned, 4, 3}));
}

TEST(NorFlash, RefusesWhatIsNoEraseUnit) {
  NorFlash flash(kSmall);
  for (const auto& [address, size] :
       {std::pair{0u, 0u}, {0u, 0x2000u}, {0u, 0x11000u}, {0x800u, 0x1000u}, {0x1000u, 0x10000u}}) {
    EXPECT_EQ(flash.erase(address, size), Status::flash_misaligned) << address << " " << size;
    EXPECT_EQ(flash.violations().back(), (Violation{Kind::wrong_erase_unit, address, size}));
  }
  EXPECT_EQ(flash.counts().erases, 0u);
}

TEST(NorFlash, RefusesASecondProgramWhereTheChipForbidsIt) {
  NorFlash flash({.size_bytes = 0x2000, .write_unit_bytes = 8, .can_reprogram = false});
  ASSERT_EQ(flash.program(8, filled(16, 0xFF)), Status::ok);
  EXPECT_EQ(flash.program(16, filled(8, 0xFF)), Status::flash_not_erased);
  EXPECT_EQ(flash.program(24, filled(8, 0)), Status::ok);
  EXPECT_THAT(flash.violations(), ElementsAre(Violation{Kind::programs_again, 16, 8}));
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  EXPECT_EQ(flash.program(16, filled(8, 0)), Status::ok);
}

TEST(NorFlash, WhatWasPutThereCountsAsProgrammed) {
  NorFlash flash({.size_bytes = 0x2000, .write_unit_bytes = 8, .can_reprogram = false});
  flash.put(4, filled(8, 0));
  EXPECT_EQ(flash.program(0, filled(8, 0)), Status::flash_not_erased);
  EXPECT_EQ(flash.program(8, filled(8, 0)), Status::flash_not_erased);
  flash.put(0, filled(16, 0xFF));
  EXPECT_EQ(flash.program(8, filled(8, 0)), Status::ok);
}

TEST(NorFlash, AHalfErasedUnitOfAWriteOnceChipIsNotProgrammable) {
  NorFlash flash({.size_bytes = 0x2000, .write_unit_bytes = 8, .can_reprogram = false});
  ASSERT_EQ(flash.program(0, filled(8, 0)), Status::ok);
  flash.cut_at(0, {.kind = Tear::Kind::prefix, .units = 99});
  ASSERT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  flash.reboot();
  EXPECT_EQ(flash.program(0, filled(8, 0)), Status::flash_not_erased);
}

TEST(NorFlash, NoBytesAreNoOperation) {
  NorFlash flash(kSmall);
  EXPECT_EQ(flash.program(5, {}), Status::ok);
  EXPECT_EQ(flash.read(0x20000, {}), Status::ok);
  EXPECT_THAT(flash.log(), IsEmpty());
}

TEST(NorFlash, PutStaysOnTheChip) {
  NorFlash flash(kSmall);
  EXPECT_THROW(flash.put(0x1FFFF, filled(2, 0)), std::out_of_range);
  flash.put(0x20000, {});
}

// ---- counting and watching

TEST(NorFlash, CountsWhatItDid) {
  NorFlash flash(kSmall);
  (void)read_back(flash, 0, 100);
  ASSERT_EQ(flash.program(0x100, filled(16, 0)), Status::ok);
  ASSERT_EQ(flash.program(0x200, filled(4, 0)), Status::ok);
  ASSERT_EQ(flash.erase(0, 0x1000), Status::ok);
  ASSERT_EQ(flash.erase(0, 0x10000), Status::ok);
  ASSERT_EQ(flash.sync(), Status::ok);
  EXPECT_EQ(flash.counts().reads, 1u);
  EXPECT_EQ(flash.counts().bytes_read, 100u);
  EXPECT_EQ(flash.counts().programs, 2u);
  EXPECT_EQ(flash.counts().bytes_programmed, 20u);
  EXPECT_EQ(flash.counts().erases, 2u);
  EXPECT_EQ(flash.counts().operations(), 4u);
  EXPECT_EQ(flash.counts().syncs, 1u);
  EXPECT_EQ(flash.erases_of(0xFFF), 2u);
  EXPECT_EQ(flash.erases_of(0xF000), 1u);
  EXPECT_EQ(flash.erases_of(0x10000), 0u);
  EXPECT_THAT(flash.log(), ElementsAre(Op{OpKind::program, 0x100, 16}, Op{OpKind::program, 0x200, 4},
                                       Op{OpKind::erase, 0, 0x1000}, Op{OpKind::erase, 0, 0x10000}));
  flash.forget();
  EXPECT_EQ(flash.counts().operations(), 0u);
  EXPECT_EQ(flash.erases_of(0), 0u);
  EXPECT_THAT(flash.log(), IsEmpty());
}

TEST(NorFlash, ObserverSeesTheFlashAfterEachOperation) {
  NorFlash flash(kSmall);
  std::vector<std::byte> seen;
  std::vector<Op> ops;
  flash.observe([&](const Op& op) {
    ops.push_back(op);
    seen.push_back(at(flash, 0));
  });
  ASSERT_EQ(flash.program(0, bytes_of({0x55})), Status::ok);
  EXPECT_EQ(flash.program(0, bytes_of({0xFF})), Status::flash_not_erased);
  flash.cut_at(0, {.kind = Tear::Kind::after});
  EXPECT_EQ(flash.erase(0, 0x1000), Status::power_lost);
  EXPECT_THAT(seen, ElementsAre(std::byte{0x55}, std::byte{0xFF}));
  EXPECT_THAT(ops, ElementsAre(Op{OpKind::program, 0, 1, false}, Op{OpKind::erase, 0, 0x1000, true}));
}

TEST(NorFlash, FailsOnDemandWithoutChangingAnything) {
  NorFlash flash(kSmall);
  flash.fail_at(1, Status::flash_program_failed);
  EXPECT_EQ(flash.program(0, bytes_of({1})), Status::ok);
  EXPECT_EQ(flash.program(1, bytes_of({1})), Status::flash_program_failed);
  EXPECT_EQ(at(flash, 1), std::byte{0xFF});
  EXPECT_EQ(flash.program(1, bytes_of({1})), Status::ok);
  EXPECT_EQ(flash.log().size(), 2u);

  std::array<std::byte, 1> out{};
  flash.fail_read_at(1, Status::flash_read_failed);
  EXPECT_EQ(flash.read(0, out), Status::ok);
  EXPECT_EQ(flash.read(0, out), Status::flash_read_failed);
  EXPECT_EQ(flash.read(0, out), Status::ok);
  EXPECT_EQ(flash.counts().reads, 2u);
}

}  // namespace
}  // namespace dualbank::sim
