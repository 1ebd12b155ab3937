#include "dualbank/formats/partition_words.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace dualbank {
namespace {

int type(std::string_view word) { return find_partition_type(std::span{word.data(), word.size()}); }
int subtype(std::uint8_t of, std::string_view word) {
  return find_partition_subtype(of, std::span{word.data(), word.size()});
}

struct Named {
  std::uint8_t type;
  std::uint8_t subtype;
  const char* word;
};

constexpr Named kSubtypes[] = {
    {0, 0x00, "factory"},   {0, 0x20, "test"},     {0, 0x30, "tee_0"},    {0, 0x31, "tee_1"},    {1, 0x00, "ota"},
    {1, 0x01, "phy"},       {1, 0x02, "nvs"},      {1, 0x03, "coredump"}, {1, 0x04, "nvs_keys"}, {1, 0x05, "efuse"},
    {1, 0x06, "undefined"}, {1, 0x80, "esphttpd"}, {1, 0x81, "fat"},      {1, 0x82, "spiffs"},   {1, 0x83, "littlefs"},
    {1, 0x90, "tee_ota"},   {2, 0x00, "primary"},  {2, 0x01, "ota"},      {2, 0x02, "recovery"}, {3, 0x00, "primary"},
    {3, 0x01, "ota"},
};

TEST(PartitionWords, NameTheTypesBothWays) {
  EXPECT_STREQ(partition_type_word(0), "app");
  EXPECT_STREQ(partition_type_word(1), "data");
  EXPECT_STREQ(partition_type_word(2), "bootloader");
  EXPECT_STREQ(partition_type_word(3), "partition_table");
  for (int number = 0; number < 4; ++number) {
    EXPECT_EQ(type(partition_type_word(static_cast<std::uint8_t>(number))), number);
  }
  EXPECT_EQ(partition_type_word(4), nullptr);
  EXPECT_EQ(partition_type_word(0xFF), nullptr);
}

TEST(PartitionWords, NameTheSubtypesBothWays) {
  for (const Named& named : kSubtypes) {
    ASSERT_NE(partition_subtype_word(named.type, named.subtype), nullptr) << named.word;
    EXPECT_STREQ(partition_subtype_word(named.type, named.subtype), named.word);
    EXPECT_EQ(subtype(named.type, named.word), named.subtype) << named.word;
  }
}

TEST(PartitionWords, NameAllSixteenSlots) {
  for (int n = 0; n < 16; ++n) {
    const std::string word = "ota_" + std::to_string(n);
    EXPECT_EQ(subtype(0, word), 0x10 + n);
    EXPECT_EQ(word, partition_subtype_word(0, static_cast<std::uint8_t>(0x10 + n)));
  }
  EXPECT_EQ(subtype(0, "ota_16"), -1);
}

TEST(PartitionWords, DoNotMindUpperCase) {
  EXPECT_EQ(type("App"), 0);
  EXPECT_EQ(type("PARTITION_TABLE"), 3);
  EXPECT_EQ(subtype(1, "NVS"), 2);
}

TEST(PartitionWords, KnowNoOthersAndNoParts) {
  for (const char* word : {"", "ap", "appx", "app ", "ota", "0"}) EXPECT_EQ(type(word), -1) << word;
  EXPECT_EQ(subtype(0, "nvs"), -1) << "a word of another type";
  EXPECT_EQ(subtype(1, "factory"), -1);
  EXPECT_EQ(subtype(3, "recovery"), -1);
  EXPECT_EQ(subtype(0x40, "ota"), -1);
  EXPECT_EQ(partition_subtype_word(0, 0x21), nullptr);
  EXPECT_EQ(partition_subtype_word(1, 0x07), nullptr);
  EXPECT_EQ(partition_subtype_word(3, 0x02), nullptr);
  EXPECT_EQ(partition_subtype_word(0x40, 0), nullptr);
}

}  // namespace
}  // namespace dualbank
