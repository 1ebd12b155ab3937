#include "dualbank/sim/tears.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>

namespace dualbank::sim {
namespace {

constexpr Geometry kSmall{.size_bytes = 0x1000, .erase_units = 0x400};  // a sector has four pages
constexpr Op kProgram{OpKind::program, 0, 8};
constexpr Op kErase{OpKind::erase, 0, 0x400};
constexpr std::array kAll{Thoroughness::every, Thoroughness::some, Thoroughness::few};

/// Old bytes in which an erase, a program and a program of all bits each change something everywhere.
void half_program(NorFlash& flash) { flash.put(0, std::vector<std::byte>(0x400, std::byte{0xB5})); }

std::uint64_t digest_after(const Op& op, const Tear& tear) {
  NorFlash flash(kSmall);
  half_program(flash);
  const std::vector<std::byte> data(op.size_bytes, std::byte{0x11});
  flash.tear(op, data, tear);
  return flash.digest();
}

TEST(Tears, OfAnOperationLeaveEachSomethingElse) {
  for (const Op& op : {kProgram, kErase}) {
    for (const Thoroughness thoroughness : kAll) {
      std::map<std::uint64_t, std::string> seen;
      for (const Tear& tear : tears_of(op, kSmall, thoroughness)) {
        const auto [same, is_new] = seen.emplace(digest_after(op, tear), tear_code(tear));
        EXPECT_TRUE(is_new) << tear_code(tear) << " leaves what " << same->second << " leaves";
      }
    }
  }
}

TEST(Tears, CountsAreThoseOfTheUnits) {
  // 7 prefixes and 7 reversed ones, 24 subsets; marginal also the first unit; before and after.
  EXPECT_EQ(tears_of(kProgram, kSmall, Thoroughness::every).size(), 2u + 38 + 39);
  // 3 and 3, 24; zeroed also with nothing erased; still programming.
  EXPECT_EQ(tears_of(kErase, kSmall, Thoroughness::every).size(), 2u + (30 + 31) + (31 + 31) + (30 + 31));
  EXPECT_LT(tears_of(kProgram, kSmall, Thoroughness::some).size(), 31u);
  EXPECT_LT(tears_of({OpKind::program, 0, 32}, kSmall, Thoroughness::few).size(), 20u);
}

TEST(Tears, AFlashWithoutPartsOfAnOperationHasNoPrefixes) {
  const Geometry words{.size_bytes = 0x1000, .erase_units = 0x100, .page_bytes = 256, .write_unit_bytes = 8};
  for (const Tear& tear : tears_of(kProgram, words, Thoroughness::every)) {
    EXPECT_TRUE(tear.kind != Tear::Kind::suffix && (tear.kind != Tear::Kind::prefix || tear.units == 0))
        << tear_code(tear);
  }
}

TEST(Tears, OnlyAnEraseProgramsFirst) {
  for (const Thoroughness thoroughness : kAll) {
    for (const Tear& tear : tears_of(kProgram, kSmall, thoroughness)) EXPECT_FALSE(tear.programs_first);
    std::size_t zeroed = 0;
    std::size_t still = 0;
    for (const Tear& tear : tears_of(kErase, kSmall, thoroughness)) {
      EXPECT_TRUE(tear.programs_first || !tear.still_programs);
      zeroed += tear.programs_first && !tear.still_programs ? 1 : 0;
      still += tear.still_programs ? 1 : 0;
    }
    EXPECT_GT(still, 2u);
    EXPECT_EQ(zeroed, still + 1) << "all of it programmed, nothing erased, is counted once";
  }
}

TEST(Tears, CodesAreReadBackAsTheyWereWritten) {
  for (const Op& op : {kProgram, kErase, Op{OpKind::erase, 0, 0x1000}}) {
    std::set<std::string> codes;
    for (const Tear& tear : tears_of(op, kSmall, Thoroughness::every)) {
      const std::string code = tear_code(tear);
      EXPECT_TRUE(codes.insert(code).second) << code << " names two tears";
      const std::string text = code + "+3b";
      std::string_view rest = text;
      Tear read;
      ASSERT_TRUE(parse_tear(rest, read)) << code;
      EXPECT_EQ(rest, "+3b");
      EXPECT_EQ(tear_code(read), code);
      EXPECT_EQ(digest_after(kErase, read), digest_after(kErase, tear)) << code;
    }
  }
}

TEST(Tears, Codes) {
  using Kind = Tear::Kind;
  EXPECT_EQ(tear_code({.kind = Kind::before}), "b");
  EXPECT_EQ(tear_code({.kind = Kind::after}), "a");
  EXPECT_EQ(tear_code({.kind = Kind::prefix, .units = 12}), "p12");
  EXPECT_EQ(tear_code({.kind = Kind::suffix, .units = 3, .seed = 5, .marginal = true}), "s3m5");
  EXPECT_EQ(tear_code({.kind = Kind::bits, .seed = 7, .programs_first = true}), "x7z");
  EXPECT_EQ(tear_code({.kind = Kind::prefix, .units = 2, .programs_first = true, .still_programs = true}), "p2zw");
  EXPECT_EQ(
      tear_code({.kind = Kind::bits, .seed = 7, .programs_first = true, .still_programs = true, .marginal = true}),
      "x7zwm");
}

TEST(Tears, WhatIsNoCodeTakesNothing) {
  for (const std::string_view text : {"", "q", "p", "s", "x", "pz", "p1m", "12", "P1", "p99999999999"}) {
    std::string_view rest = text;
    Tear tear{.kind = Tear::Kind::suffix, .units = 9};
    EXPECT_FALSE(parse_tear(rest, tear)) << text;
    EXPECT_EQ(rest, text);
    EXPECT_EQ(tear.units, 9u);
  }
  std::string_view rest = "p1w";  // it still programs only if it programs first
  Tear tear;
  ASSERT_TRUE(parse_tear(rest, tear));
  EXPECT_EQ(rest, "w");
}

TEST(Tears, ClassesCoverAll) {
  std::set<TearClass> seen;
  for (const Op& op : {kProgram, kErase}) {
    for (const Tear& tear : tears_of(op, kSmall, Thoroughness::few)) seen.insert(tear_class(op, tear));
  }
  seen.insert(tear_class(kErase, {.kind = Tear::Kind::suffix}));
  EXPECT_EQ(seen.size(), kTearClasses);
  std::set<std::string_view> names;
  for (const TearClass c : seen) names.insert(tear_class_name(c));
  EXPECT_EQ(names.size(), kTearClasses);
  const Tear still{.kind = Tear::Kind::prefix, .units = 2, .programs_first = true, .still_programs = true};
  EXPECT_EQ(tear_class(kErase, still), TearClass::erase_zeroed);
}

TEST(Tears, WhileAnEraseStillProgramsNothingIsErased) {
  for (const Tear& tear : tears_of(kErase, kSmall, Thoroughness::every)) {
    if (!tear.still_programs) continue;
    NorFlash flash(kSmall);
    half_program(flash);
    flash.tear(kErase, {}, tear);
    for (std::uint32_t i = 0; i < kErase.size_bytes; ++i) {
      ASSERT_EQ(flash.contents()[i] & ~std::byte{0xB5}, std::byte{0}) << tear_code(tear);
    }
  }
}

}  // namespace
}  // namespace dualbank::sim
