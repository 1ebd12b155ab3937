#include "dualbank/formats/crc32.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dualbank/formats/crc32_tables.hpp"

namespace dualbank {
namespace {

Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }

// The definition itself, bit by bit and without a table.
std::uint32_t crc32_by_definition(Bytes bytes) {
  std::uint32_t reg = 0xFFFF'FFFF;
  for (const std::byte b : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint32_t in = (std::to_integer<std::uint32_t>(b) >> bit) & 1U;
      const bool feedback = ((reg & 1U) ^ in) != 0;
      reg >>= 1;
      if (feedback) reg ^= 0xEDB8'8320U;
    }
  }
  return ~reg;
}

TEST(Crc32, OfTheCheckTextIsTheStandardValue) { EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF4'3926U); }

TEST(Crc32, OfNothingIsWhatCameBefore) {
  EXPECT_EQ(crc32({}), 0U);
  EXPECT_EQ(crc32({}, 0x1234'5678U), 0x1234'5678U);
}

TEST(Crc32, AgreesWithKnownValues) {
  EXPECT_EQ(crc32(as_bytes("a")), 0xE8B7'BE43U);
  EXPECT_EQ(crc32(as_bytes("abc")), 0x3524'41C2U);
  EXPECT_EQ(crc32(as_bytes("The quick brown fox jumps over the lazy dog")), 0x414F'A339U);
  EXPECT_EQ(crc32(std::array<std::byte, 4>{}), 0x2144'DF1CU);
}

TEST(Crc32, AgreesWithTheDefinitionForEveryByteValueAndManyLengths) {
  std::vector<std::byte> bytes;
  std::uint32_t noise = 1;
  for (int length = 0; length < 600; ++length) {
    const std::uint32_t wanted = crc32_by_definition(bytes);
    ASSERT_EQ(crc32(bytes), wanted) << length;
    ASSERT_EQ(~SmallCrc32::carry_on(~0U, bytes), wanted) << length;
    ASSERT_EQ(~FastCrc32::carry_on(~0U, bytes), wanted) << length;
    noise = noise * 1664525U + 1013904223U;
    bytes.push_back(length < 256 ? std::byte(length) : std::byte(noise >> 24));
  }
}

TEST(Crc32, ChainsAtEveryPlaceOfASplit) {
  const Bytes text = as_bytes("a record and the mark that says so");
  for (std::size_t split = 0; split <= text.size(); ++split) {
    EXPECT_EQ(crc32(text.subspan(split), crc32(text.first(split))), crc32(text)) << split;
  }
}

TEST(Crc32, WithAllOnesIsTheVendorsOfBootRecords) {
  EXPECT_EQ(crc32(as_bytes("123456789"), 0xFFFF'FFFFU), 0xD202'D277U);
  EXPECT_EQ(crc32(std::array<std::byte, 4>{}, 0xFFFF'FFFFU), 0xFFFF'FFFFU);
}

TEST(Crc32, IsThatOfASignatureBlock) {
  std::array<std::byte, 1196> block{std::byte{0xE7}, std::byte{0x02}};
  EXPECT_EQ(crc32(block), 0xE661'09DDU);
}

TEST(Crc32, ChangesWithEveryBit) {
  std::array<std::byte, 12> bytes{};
  const std::uint32_t before = crc32(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte(1U << (bit % 8));
    EXPECT_NE(crc32(bytes), before) << bit;
    bytes[bit / 8] ^= std::byte(1U << (bit % 8));
  }
}

}  // namespace
}  // namespace dualbank
