#include "dualbank/formats/app_descriptor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank {
namespace {

void put_text(std::vector<std::byte>& bytes, std::size_t offset, std::string_view text) {
  std::transform(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                 [](char c) { return static_cast<std::byte>(c); });
}

// Each field at its place in the vendor's layout, by hand; reserved bytes zero.
std::vector<std::byte> descriptor_bytes() {
  std::vector<std::byte> bytes(256);
  put_text(bytes, 0, "\x32\x54\xCD\xAB");
  put_text(bytes, 4, "\x04\x03\x02\x01");
  put_text(bytes, 16, "10.3.0-beta.2");
  put_text(bytes, 48, "circuitpython");
  put_text(bytes, 80, "12:34:56");
  put_text(bytes, 96, "Sep 30 2026");
  put_text(bytes, 112, "v5.5.1-dirty");
  for (std::size_t i = 0; i < 32; ++i) bytes[144 + i] = static_cast<std::byte>(0xA0 + i);
  put_text(bytes, 176, "\x64");      // 100: 1.0
  put_text(bytes, 178, "\xC7");      // 199: 1.99
  put_text(bytes, 180, "\x0F\x02");  // 32 KiB pages, DIO
  return bytes;
}

AppDescriptor descriptor_fields() {
  AppDescriptor result;
  result.secure_version = 0x0102'0304;
  std::ranges::copy(std::string_view{"10.3.0-beta.2"}, result.version.begin());
  std::ranges::copy(std::string_view{"circuitpython"}, result.project_name.begin());
  std::ranges::copy(std::string_view{"12:34:56"}, result.time.begin());
  std::ranges::copy(std::string_view{"Sep 30 2026"}, result.date.begin());
  std::ranges::copy(std::string_view{"v5.5.1-dirty"}, result.idf_version.begin());
  for (std::size_t i = 0; i < 32; ++i) result.elf_sha256[i] = static_cast<std::byte>(0xA0 + i);
  result.min_efuse_block_revision = 100;
  result.max_efuse_block_revision = 199;
  result.mmu_page_log2 = 15;
  result.spi_flash_mode = 2;
  return result;
}

TEST(AppDescriptor, ReadsEveryFieldAtItsPlace) {
  const AppDescriptor read = AppDescriptor::parse(descriptor_bytes());
  EXPECT_EQ(read.secure_version, 0x0102'0304U);
  EXPECT_STREQ(read.version.data(), "10.3.0-beta.2");
  EXPECT_STREQ(read.project_name.data(), "circuitpython");
  EXPECT_STREQ(read.time.data(), "12:34:56");
  EXPECT_STREQ(read.date.data(), "Sep 30 2026");
  EXPECT_STREQ(read.idf_version.data(), "v5.5.1-dirty");
  EXPECT_EQ(read.elf_sha256.front(), std::byte{0xA0});
  EXPECT_EQ(read.elf_sha256.back(), std::byte{0xBF});
  EXPECT_EQ(read.min_efuse_block_revision, 100);
  EXPECT_EQ(read.max_efuse_block_revision, 199);
  EXPECT_EQ(read.mmu_page_log2, 15);
  EXPECT_EQ(read.spi_flash_mode, 2);
  EXPECT_EQ(read, descriptor_fields());
}

TEST(AppDescriptor, WritesAllItsBytesWhateverWasThere) {
  std::vector<std::byte> bytes(260, std::byte{0xEE});
  descriptor_fields().store(bytes);
  const std::vector<std::byte> expected = descriptor_bytes();
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), bytes.begin()));
  EXPECT_TRUE(all_equal(Bytes{bytes}.subspan(256), std::byte{0xEE}));
}

TEST(AppDescriptor, AnEmptyOneIsAMagicAndZeros) {
  std::vector<std::byte> bytes(256, std::byte{0xFF});
  AppDescriptor{}.store(bytes);
  EXPECT_EQ(load_u32(bytes, 0), 0xABCD'5432U);
  EXPECT_TRUE(all_equal(Bytes{bytes}.subspan(4), std::byte{0}));
}

TEST(AppDescriptor, EndsTextsThatFillTheirFieldToTheLastByte) {
  std::vector<std::byte> bytes(256, std::byte{'x'});
  const AppDescriptor read = AppDescriptor::parse(bytes);
  EXPECT_EQ(std::string{read.version.data()}, std::string(32, 'x'));
  EXPECT_EQ(std::string{read.project_name.data()}, std::string(32, 'x'));
  EXPECT_EQ(std::string{read.time.data()}, std::string(16, 'x'));
  EXPECT_EQ(std::string{read.date.data()}, std::string(16, 'x'));
  EXPECT_EQ(std::string{read.idf_version.data()}, std::string(32, 'x'));
  std::vector<std::byte> again(256);
  read.store(again);
  EXPECT_EQ(again[47], std::byte{'x'});
  EXPECT_EQ(again[48 + 31], std::byte{'x'});
  EXPECT_EQ(again[8], std::byte{0});
}

// Two descriptors that show the same texts are equal, whatever stands behind the NUL in the image.
TEST(AppDescriptor, DropsWhatFollowsTheEndOfAText) {
  std::vector<std::byte> bytes = descriptor_bytes();
  put_text(bytes, 16 + 20, "rubbish");
  put_text(bytes, 96 + 14, "zz");
  EXPECT_EQ(AppDescriptor::parse(bytes), descriptor_fields());
}

TEST(AppDescriptor, IsPresentWhereAllFourBytesOfTheMagicAre) {
  std::vector<std::byte> bytes = descriptor_bytes();
  EXPECT_TRUE(AppDescriptor::present(bytes));
  EXPECT_TRUE(AppDescriptor::present(Bytes{bytes}.first(4)));
  EXPECT_FALSE(AppDescriptor::present(Bytes{bytes}.first(3)));
  EXPECT_FALSE(AppDescriptor::present({}));
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<std::byte> broken = bytes;
    broken[i] ^= std::byte{0x01};
    EXPECT_FALSE(AppDescriptor::present(broken)) << i;
  }
}

}  // namespace
}  // namespace dualbank
