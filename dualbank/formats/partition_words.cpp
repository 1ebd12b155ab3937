#include "dualbank/formats/partition_words.hpp"

#include <array>

#include "dualbank/formats/partition_table.hpp"

namespace dualbank {
namespace {

struct Word {
  std::uint8_t number;
  const char* text;
};

constexpr Word kTypes[] = {
    {partition_type::kApp, "app"},
    {partition_type::kData, "data"},
    {partition_type::kBootloader, "bootloader"},
    {partition_type::kPartitionTable, "partition_table"},
};

constexpr Word kAppSubtypes[] = {
    {app_subtype::kFactory, "factory"},  {app_subtype::kOta0 + 0, "ota_0"},   {app_subtype::kOta0 + 1, "ota_1"},
    {app_subtype::kOta0 + 2, "ota_2"},   {app_subtype::kOta0 + 3, "ota_3"},   {app_subtype::kOta0 + 4, "ota_4"},
    {app_subtype::kOta0 + 5, "ota_5"},   {app_subtype::kOta0 + 6, "ota_6"},   {app_subtype::kOta0 + 7, "ota_7"},
    {app_subtype::kOta0 + 8, "ota_8"},   {app_subtype::kOta0 + 9, "ota_9"},   {app_subtype::kOta0 + 10, "ota_10"},
    {app_subtype::kOta0 + 11, "ota_11"}, {app_subtype::kOta0 + 12, "ota_12"}, {app_subtype::kOta0 + 13, "ota_13"},
    {app_subtype::kOta0 + 14, "ota_14"}, {app_subtype::kOta15, "ota_15"},     {app_subtype::kTest, "test"},
    {app_subtype::kTee0, "tee_0"},       {app_subtype::kTee1, "tee_1"},
};

constexpr Word kDataSubtypes[] = {
    {data_subtype::kOta, "ota"},
    {data_subtype::kPhy, "phy"},
    {data_subtype::kNvs, "nvs"},
    {data_subtype::kCoredump, "coredump"},
    {data_subtype::kNvsKeys, "nvs_keys"},
    {data_subtype::kEfuse, "efuse"},
    {data_subtype::kUndefined, "undefined"},
    {data_subtype::kEsphttpd, "esphttpd"},
    {data_subtype::kFat, "fat"},
    {data_subtype::kSpiffs, "spiffs"},
    {data_subtype::kLittlefs, "littlefs"},
    {data_subtype::kTeeOta, "tee_ota"},
};

constexpr Word kBootloaderSubtypes[] = {
    {system_subtype::kPrimary, "primary"},
    {system_subtype::kOta, "ota"},
    {system_subtype::kRecovery, "recovery"},
};

constexpr Word kPartitionTableSubtypes[] = {
    {system_subtype::kPrimary, "primary"},
    {system_subtype::kOta, "ota"},
};

// By type, from 0 on.
constexpr std::array<std::span<const Word>, 4> kSubtypes{kAppSubtypes, kDataSubtypes, kBootloaderSubtypes,
                                                         kPartitionTableSubtypes};
static_assert(partition_type::kPartitionTable + 1 == kSubtypes.size());

std::span<const Word> subtypes_of(std::uint8_t type) {
  return type < kSubtypes.size() ? kSubtypes[type] : std::span<const Word>{};
}

const char* text_of(std::span<const Word> words, std::uint8_t number) {
  for (const Word& word : words) {
    if (word.number == number) return word.text;
  }
  return nullptr;
}

bool same_but_for_case(std::span<const char> given, const char* text) {
  for (const char c : given) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (*text == '\0' || lower != *text) return false;
    ++text;
  }
  return *text == '\0';
}

int number_of(std::span<const Word> words, std::span<const char> given) {
  for (const Word& word : words) {
    if (same_but_for_case(given, word.text)) return word.number;
  }
  return -1;
}

}  // namespace

const char* partition_type_word(std::uint8_t type) { return text_of(kTypes, type); }
const char* partition_subtype_word(std::uint8_t type, std::uint8_t subtype) {
  return text_of(subtypes_of(type), subtype);
}
int find_partition_type(std::span<const char> word) { return number_of(kTypes, word); }
int find_partition_subtype(std::uint8_t type, std::span<const char> word) { return number_of(subtypes_of(type), word); }

}  // namespace dualbank
