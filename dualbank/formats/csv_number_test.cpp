#include "dualbank/formats/csv_number.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace dualbank {
namespace {

CsvNumber parse(std::string_view text) { return parse_csv_number(std::span{text.data(), text.size()}); }

void expect_number(std::string_view text, std::uint32_t magnitude, bool negative = false) {
  const CsvNumber number = parse(text);
  EXPECT_EQ(number.form, CsvNumberForm::number) << text;
  EXPECT_EQ(number.magnitude, magnitude) << text;
  EXPECT_EQ(number.negative, negative) << text;
}

void expect_no_number(std::string_view text) { EXPECT_EQ(parse(text).form, CsvNumberForm::not_a_number) << text; }
void expect_too_large(std::string_view text) { EXPECT_EQ(parse(text).form, CsvNumberForm::too_large) << text; }

TEST(CsvNumber, ReadsEveryBase) {
  expect_number("0", 0);
  expect_number("4096", 4096);
  expect_number("0x1000", 0x1000);
  expect_number("0XaBcDeF", 0xABCDEF);
  expect_number("0o17", 15);
  expect_number("0O17", 15);
  expect_number("0b101", 5);
  expect_number("0B101", 5);
}

TEST(CsvNumber, MultipliesBySuffixes) {
  expect_number("4K", 4096);
  expect_number("4k", 4096);
  expect_number("1M", 0x10'0000);
  expect_number("2m", 0x20'0000);
  expect_number("0x10K", 0x4000);
  expect_number("0b1M", 0x10'0000);
  expect_number("1MK", 0x4000'0000);
  expect_number("1KM", 0x4000'0000);
  expect_number("1kk", 0x10'0000);
  expect_number("0MMMM", 0);
}

TEST(CsvNumber, AllowsBlanksAroundTheDigitsOnly) {
  expect_number("10 K", 10240);
  expect_number(" 7 ", 7);
  expect_number("\t7\v\f", 7);
  expect_no_number("1 0");
  expect_no_number("1K ");
  expect_no_number("1 K K");
}

TEST(CsvNumber, ReadsSigns) {
  expect_number("+5", 5);
  expect_number("-5", 5, true);
  expect_number("-0x400000", 0x40'0000, true);
  expect_number("-4M", 0x40'0000, true);
  expect_number("-0", 0, false);
  expect_no_number("--5");
  expect_no_number("- 5");
  expect_no_number("5-");
  expect_no_number("-");
}

TEST(CsvNumber, AllowsSingleUnderscoresBetweenDigits) {
  expect_number("1_000", 1000);
  expect_number("0x_10", 16);
  expect_number("0xf_f", 255);
  expect_number("0_0", 0);
  expect_no_number("_1");
  expect_no_number("1_");
  expect_no_number("1__0");
  expect_no_number("0x1_");
  expect_no_number("0x__1");
}

TEST(CsvNumber, TakesNoLeadingZeroBeforeOtherDigits) {
  expect_number("000", 0);
  expect_number("0x010", 16);
  expect_no_number("010");
  expect_no_number("0_1");
  expect_no_number("-07");
}

TEST(CsvNumber, RefusesWhatIsNone) {
  for (const char* text : {"",     " ",   "K",   "M",   "0x",   "0b",  "0o", "x", "0xg", "0b2", "0o8",
                           "1.5M", "1e3", "12a", "ten", "0x-1", "1K1", "1#", "/", ":",   "@",   "`"}) {
    expect_no_number(text);
  }
}

TEST(CsvNumber, KnowsWhenItLeavesThirtyTwoBits) {
  expect_number("4294967295", 0xFFFF'FFFF);
  expect_number("0xFFFFFFFF", 0xFFFF'FFFF);
  expect_number("0o37777777777", 0xFFFF'FFFF);
  expect_number("-4294967295", 0xFFFF'FFFF, true);
  expect_number("4095M", 0xFFF0'0000);
  expect_too_large("4294967296");
  expect_too_large("4294967300");
  expect_too_large("42949672950");
  expect_too_large("99999999999999999999999999");
  expect_too_large("0x100000000");
  expect_too_large("0o40000000000");
  expect_too_large("0b100000000000000000000000000000000");
  expect_too_large("4096M");
  expect_too_large("4194304K");
  expect_too_large("1MM");
  expect_too_large("-4096M");
}

TEST(CsvNumber, PrefersNoNumberToTooLarge) { expect_no_number("99999999999x"); }

TEST(WithoutBlanks, CutsBothEndsAndLeavesTheMiddle) {
  const auto cut = [](std::string_view text) {
    const auto rest = without_blanks(std::span{text.data(), text.size()});
    return std::string(rest.begin(), rest.end());
  };
  EXPECT_EQ(cut(" \t a b \v\f"), "a b");
  EXPECT_EQ(cut("ab"), "ab");
  EXPECT_EQ(cut("   "), "");
  EXPECT_EQ(cut(""), "");
}

}  // namespace
}  // namespace dualbank
