#include "dualbank/cli/numbers.hpp"

#include <gtest/gtest.h>

namespace dualbank::cli {
namespace {

TEST(Numbers, AreDecimalOrHexadecimalAndNothingElse) {
  EXPECT_EQ(parse_number("65536"), 65536U);
  EXPECT_EQ(parse_number("0x10000"), 65536U);
  EXPECT_EQ(parse_number("0XfF"), 255U);
  EXPECT_EQ(parse_number("4294967295"), 0xFFFF'FFFFU);
  for (const char* wrong : {"", "0x", "x", "-1", "+1", " 1", "1 ", "1.5", "4294967296", "0x100000000", "12K"}) {
    EXPECT_FALSE(parse_number(wrong)) << wrong;
  }
}

TEST(Sizes, OfMBAndMAndMiBAreTheSamePowersOf1024) {
  for (const char* text : {"4MB", "4M", "4m", "4MiB", "4096K", "4096KiB", "4096KB", "4194304", "0x400000", "0x4M"}) {
    EXPECT_EQ(parse_size(text), 4U << 20) << text;
  }
  EXPECT_EQ(parse_size("0x1B"), 0x1BU) << "a B after 0x is a digit";
  for (const char* wrong : {"", "M", "MB", "4G", "4MBB", "4iB", "4B", "1.5M", "4096M", "-4M", "4 M"}) {
    EXPECT_FALSE(parse_size(wrong)) << wrong;
  }
}

TEST(Sizes, AreShownInTheLargestUnitThatFits) {
  EXPECT_EQ(size_text(1), "1 byte");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(4096), "4 KiB");
  EXPECT_EQ(size_text(1600), "1.6 KiB");
  EXPECT_EQ(size_text(1280), "1.2 KiB") << "a half goes to the even digit";
  EXPECT_EQ(size_text(1792), "1.8 KiB");
  EXPECT_EQ(size_text((2U << 20) - 1), "2.0 MiB");
  EXPECT_EQ(size_text(8U << 20), "8 MiB");
  EXPECT_EQ(used_text(1'612'345, 2U << 20), "1.5 of 2.0 MiB");
  EXPECT_EQ(used_text(512, 4096), "0.5 of 4.0 KiB");
}

}  // namespace
}  // namespace dualbank::cli
