#include "dualbank/formats/partition_csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank {
namespace {

constexpr std::uint32_t kMiB = 0x10'0000;

struct Parsed {
  Event error{};
  std::vector<Partition> partitions;
};

Parsed parse(std::string_view text, const CsvOptions& options = {}, std::size_t room = kMostPartitionsWithoutMd5) {
  std::vector<Partition> out(room);
  const auto count = parse_partition_csv(std::span{text.data(), text.size()}, out, options);
  if (!count) return {count.error(), {}};
  out.resize(*count);
  return {{}, out};
}

Event failure(std::string_view text, const CsvOptions& options = {}) {
  const Parsed parsed = parse(text, options);
  EXPECT_TRUE(parsed.error.failed()) << text;
  return parsed.error;
}

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

Partition partition(std::uint8_t type, std::uint8_t subtype, std::uint32_t offset, std::uint32_t size,
                    std::string_view label, std::uint32_t flags = 0) {
  Partition p{type, subtype, offset, size, {}, flags};
  std::copy(label.begin(), label.end(), p.label.begin());
  return p;
}

void expect_table(std::string_view text, const std::vector<Partition>& expected, const CsvOptions& options = {}) {
  const Parsed parsed = parse(text, options);
  EXPECT_EQ(parsed.error, Event{}) << text;
  EXPECT_EQ(parsed.partitions, expected) << text;
}

TEST(PartitionCsv, ReadsTheCircuitPythonTableOfEightMegabytes) {
  const char* text =
      "# Name, Type, SubType, Offset, Size, Flags\n"
      "nvs,      data, nvs,     0x9000,   20K,\n"
      "otadata,  data, ota,     0xe000,   8K,\n"
      "ota_0,    app,  ota_0,   0x10000,  2048K,\n"
      "ota_1,    app,  ota_1,   0x210000, 2048K,\n"
      "uf2,      app,  factory, 0x410000, 256K,\n"
      "user_fs,  data, fat,     0x450000, 3776K,\n";
  const Parsed parsed = parse(text, {.flash_size_bytes = 8 * kMiB});
  ASSERT_EQ(parsed.error, Event{});
  std::array<std::byte, kPartitionTableBytes> table{};
  ASSERT_FALSE(write_partition_table(parsed.partitions, table).failed());
  // The MD5 row's digest as CircuitPython's own build has it.
  constexpr std::uint8_t kDigest[] = {0x67, 0x2A, 0x75, 0xDD, 0xEC, 0xBC, 0xEC, 0xE1,
                                      0x13, 0x6B, 0x89, 0xCF, 0x7F, 0xCC, 0x27, 0xB7};
  for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(std::to_integer<std::uint8_t>(table[0xD0 + i]), kDigest[i]) << i;
}

TEST(PartitionCsv, PlacesWhatHasNoOffset) {
  expect_table(
      "nvs,data,nvs,,0x4000\n"
      "otadata,data,ota,,0x2000\n"
      "phy_init,data,phy,,0x1000\n"
      "odd,data,0x40,,300\n"
      "next,data,0x41,,1\n"
      "ota_0,app,ota_0,,0x180000\n"
      "ota_1,app,ota_1,,0x180000\n",
      {partition(1, 2, 0x9000, 0x4000, "nvs"), partition(1, 0, 0xD000, 0x2000, "otadata"),
       partition(1, 1, 0xF000, 0x1000, "phy_init"), partition(1, 0x40, 0x10000, 300, "odd"),
       partition(1, 0x41, 0x11000, 1, "next"), partition(0, 0x10, 0x20000, 0x180000, "ota_0"),
       partition(0, 0x11, 0x1A0000, 0x180000, "ota_1")});
}

TEST(PartitionCsv, PlacesAfterATableThatStandsElsewhere) {
  expect_table("nvs,data,nvs,,0x4000", {partition(1, 2, 0x11000, 0x4000, "nvs")}, {.table_offset = 0x10000});
}

TEST(PartitionCsv, TakesANegativeSizeAsTheEndsAddress) {
  expect_table("a,app,factory,0x10000,-1M\nb,data,fat,,-0x400000\n",
               {partition(0, 0, 0x10000, 0xF0000, "a"), partition(1, 0x81, 0x100000, 0x300000, "b")});
}

TEST(PartitionCsv, TakesWordsInAnyCaseAndNumbers) {
  expect_table("a,APP,Ota_3,,4K\nb,1,0x82,,4K\nc,0x40,7,,4K\nd,254,0xFF,,4K\n",
               {partition(0, 0x13, 0x10000, 0x1000, "a"), partition(1, 0x82, 0x11000, 0x1000, "b"),
                partition(0x40, 7, 0x12000, 0x1000, "c"), partition(254, 0xFF, 0x13000, 0x1000, "d")});
}

TEST(PartitionCsv, TakesAnEmptySubtypeAsUndefinedButForApps) {
  expect_table("a,data,,,4K\nb,0x40,,,4K\n",
               {partition(1, 6, 0x9000, 0x1000, "a"), partition(0x40, 6, 0xA000, 0x1000, "b")});
  EXPECT_EQ(failure("a,app,,,1M"), event(Status::csv_no_subtype, 1));
}

TEST(PartitionCsv, ReadsFlags) {
  const Parsed parsed = parse(
      "a,data,fat,,4K,encrypted\nb,data,fat,,4K,readonly\nc,data,fat,,4K,encrypted:readonly\nd,data,fat,,4K,:\n"
      "e,data,fat,,4K,readonly:readonly:\nf,data,fat,,4K,,more,columns");
  ASSERT_EQ(parsed.error, Event{});
  std::vector<std::uint32_t> flags;
  for (const Partition& p : parsed.partitions) flags.push_back(p.flags);
  EXPECT_THAT(flags, testing::ElementsAre(1, 2, 3, 0, 2, 0));
}

TEST(PartitionCsv, KeepsSixteenBytesOfAName) {
  const Parsed parsed = parse("sixteen letters!,data,fat,,4K\nsixteen letters! and more,data,fat,,4K\n,data,fat,,4K");
  ASSERT_EQ(parsed.partitions.size(), 3U);
  EXPECT_STREQ(parsed.partitions[0].label.data(), "sixteen letters!");
  EXPECT_STREQ(parsed.partitions[1].label.data(), "sixteen letters!");
  EXPECT_STREQ(parsed.partitions[2].label.data(), "");
}

TEST(PartitionCsv, SkipsCommentsEmptyLinesAndAByteOrderMark) {
  const std::vector<Partition> nvs{partition(1, 2, 0x9000, 0x4000, "nvs")};
  expect_table("\xEF\xBB\xBF nvs , data , nvs , , 0x4000 ", nvs);
  expect_table("# costs $5\n\n \t\n\t# indented\nnvs,data,nvs,,0x4000\n", nvs);
  expect_table("#\r\n\r\nnvs,data,nvs,,0x4000\r\n", nvs);
  expect_table("#\rnvs,data,nvs,,0x4000\r", nvs);
  expect_table("", {});
  expect_table("# nothing", {});
}

TEST(PartitionCsv, CountsLinesHoweverTheyEnd) {
  EXPECT_EQ(failure("#\n\nx").values[0], 3U);
  EXPECT_EQ(failure("#\r\n\r\nx").values[0], 3U);
  EXPECT_EQ(failure("#\r\rx").values[0], 3U);
  EXPECT_EQ(failure("#\n\rx").values[0], 3U);
}

TEST(PartitionCsv, RefusesFilesOfAnotherKind) {
  EXPECT_EQ(failure("\xAA\x50\x01\x02"), event(Status::csv_is_binary));
  EXPECT_EQ(failure("\xFF\xFE"
                    "a"),
            event(Status::csv_not_utf8));
  EXPECT_EQ(failure("\xFE\xFF"
                    "a"),
            event(Status::csv_not_utf8));
  EXPECT_EQ(failure(std::string_view{"\0\0\xFE\xFF", 4}), event(Status::csv_not_utf8));
  EXPECT_EQ(failure(std::string_view{"#\nnvs\0,data", 11}), event(Status::csv_not_text, 2));
}

TEST(PartitionCsv, RefusesVariables) {
  EXPECT_EQ(failure("#\n$X,data,nvs,,0x4000"), event(Status::csv_variable, 2));
  EXPECT_EQ(failure("nvs,data,nvs,,${SIZE}"), event(Status::csv_variable, 1));
}

struct Refused {
  const char* text;
  Event error;
};

class RefusedLine : public testing::TestWithParam<Refused> {};

TEST_P(RefusedLine, IsNamedWithItsCause) { EXPECT_EQ(failure(GetParam().text), GetParam().error) << GetParam().text; }

INSTANTIATE_TEST_SUITE_P(
    PartitionCsv, RefusedLine,
    testing::Values(Refused{"nvs", event(Status::csv_no_type, 1)}, Refused{"#\n,", event(Status::csv_no_type, 2)},
                    Refused{"a,dat,nvs,,4K", event(Status::csv_unknown_type, 1)},
                    Refused{"a,appK,ota_0,,64K", event(Status::csv_unknown_type, 1)},
                    Refused{"a,256,nvs,,4K", event(Status::csv_number_out_of_range, 1, 2, 0xFF)},
                    Refused{"a,-1,nvs,,4K", event(Status::csv_number_out_of_range, 1, 2, 0xFF)},
                    Refused{"a,app", event(Status::csv_no_subtype, 1)},
                    Refused{"a,app,nvs,,64K", event(Status::csv_unknown_subtype, 1, 0)},
                    Refused{"a,data,ota_0,,4K", event(Status::csv_unknown_subtype, 1, 1)},
                    Refused{"a,0x40,nvs,,4K", event(Status::csv_unknown_subtype, 1, 0x40)},
                    Refused{"a,data,256,,4K", event(Status::csv_number_out_of_range, 1, 3, 0xFF)},
                    Refused{"a,data,1K,,4K", event(Status::csv_number_out_of_range, 1, 3, 0xFF)},
                    Refused{"a,data,nvs,here,4K", event(Status::csv_bad_number, 1, 4)},
                    Refused{"a,data,nvs,-0x9000,4K", event(Status::csv_number_out_of_range, 1, 4, 0xFFFFFFFF)},
                    Refused{"a,data,nvs,0x100000000,4K", event(Status::csv_number_out_of_range, 1, 4, 0xFFFFFFFF)},
                    Refused{"a,data,nvs", event(Status::csv_no_size, 1)},
                    Refused{"a,data,nvs,,", event(Status::csv_no_size, 1)},
                    Refused{"a,data,nvs,,1.5M", event(Status::csv_bad_number, 1, 5)},
                    Refused{"a,data,nvs,,4K # nvs", event(Status::csv_bad_number, 1, 5)},
                    Refused{"a,data,nvs,,4096M", event(Status::csv_number_out_of_range, 1, 5, 0xFFFFFFFF)},
                    Refused{"a,data,nvs,,16K,Encrypted", event(Status::csv_unknown_flag, 1)},
                    Refused{"a,data,nvs,,16K,encrypted :readonly", event(Status::csv_unknown_flag, 1)},
                    Refused{"a,data,nvs,,16K,encrypt", event(Status::csv_unknown_flag, 1)},
                    Refused{"a,data,nvs,,16K,encrypteds", event(Status::csv_unknown_flag, 1)}));

INSTANTIATE_TEST_SUITE_P(
    PartitionCsvPlacing, RefusedLine,
    testing::Values(
        Refused{"a,data,fat,0x8000,4K", event(Status::csv_out_of_order, 1, 0x8000, 0x9000)},
        Refused{"b,app,factory,0x20000,1M\na,data,fat,0x9000,4K", event(Status::csv_out_of_order, 2, 0x9000, 0x120000)},
        Refused{"a,data,fat,0x9000,8K\nb,data,fat,0xA000,4K", event(Status::csv_out_of_order, 2, 0xA000, 0xB000)},
        Refused{"a,data,fat,0x10000,-0xF000", event(Status::csv_ends_before_start, 1, 0xF000, 0x10000)},
        Refused{"a,data,fat,0xFFFFF000,8K", event(Status::csv_beyond_4_gib, 1)},
        Refused{"a,data,fat,0xFFFFF000,4K\nb,data,fat,,4K", event(Status::csv_beyond_4_gib, 2)},
        Refused{"a,data,fat,0xFFFFF000,4K\nb,data,fat,0xFFFFF000,4K",
                event(Status::csv_out_of_order, 2, 0xFFFFF000, 0xFFFFFFFF)}));

INSTANTIATE_TEST_SUITE_P(
    PartitionCsvChecks, RefusedLine,
    testing::Values(Refused{"a,app,factory,0x11000,1M", event(Status::csv_offset_misaligned, 1, 0x11000, 0x10000)},
                    Refused{"a,data,fat,0x9100,4K", event(Status::csv_offset_misaligned, 1, 0x9100, 0x1000)},
                    Refused{"a,app,factory,,0x10800", event(Status::csv_size_misaligned, 1, 0x10800, 0x1000)},
                    Refused{"a,data,ota,,8K,readonly", event(Status::csv_always_written, 1)},
                    Refused{"a,data,coredump,,64K,encrypted:readonly", event(Status::csv_always_written, 1)},
                    Refused{"a,data,nvs,,0x2000", event(Status::csv_nvs_too_small, 1, 0x2000, 0x3000)},
                    Refused{"a,data,fat,,4K\nb,data,fat,,4K\na,data,phy,,4K", event(Status::csv_duplicate_name, 3, 1)},
                    Refused{",data,fat,,4K\n,data,phy,,4K", event(Status::csv_duplicate_name, 2, 1)},
                    Refused{"a,data,ota,,8K\n#\nb,data,ota,,8K", event(Status::csv_second_otadata, 3, 1, 0)},
                    Refused{"a,data,tee_ota,,8K\nb,data,tee_ota,,8K", event(Status::csv_second_otadata, 2, 1, 0x90)},
                    Refused{"a,data,ota,,0x1000", event(Status::csv_otadata_size, 1, 0x1000, 0x2000)},
                    Refused{"a,data,ota,,0x3000", event(Status::csv_otadata_size, 1, 0x3000, 0x2000)},
                    Refused{"a,data,tee_ota,,0x1000", event(Status::csv_otadata_size, 1, 0x1000, 0x2000)}));

// Each text has two faults; the one that the vendor's tool meets first is reported.
INSTANTIATE_TEST_SUITE_P(
    PartitionCsvOrder, RefusedLine,
    testing::Values(Refused{"a,data,fat,0x8000,4K\nb,data,fat,,", event(Status::csv_no_size, 2)},
                    Refused{"a,data,ota,,4K\nb,data,fat,0x9000,4K", event(Status::csv_out_of_order, 2, 0x9000, 0xA000)},
                    Refused{"a,data,fat,,4K\na,data,nvs,,4K", event(Status::csv_nvs_too_small, 2, 0x1000, 0x3000)},
                    Refused{"a,data,ota,,4K\na,data,fat,,4K", event(Status::csv_duplicate_name, 2, 1)}));

TEST(PartitionCsv, TakesASmallNvsWhenItIsReadonly) {
  expect_table("a,data,nvs,,0x1000,readonly", {partition(1, 2, 0x9000, 0x1000, "a", partition_flag::kReadonly)});
}

TEST(PartitionCsv, TakesAnNvsOfJustThreeSectors) {
  expect_table("a,data,nvs,,0x3000", {partition(1, 2, 0x9000, 0x3000, "a")});
}

TEST(PartitionCsv, WantsWholeBlocksForAppsUnderTheFirstSecureBoot) {
  EXPECT_EQ(parse("a,app,factory,,0x11000").error, Event{});
  EXPECT_EQ(failure("a,app,factory,,0x11000", {.secure_boot_v1 = true}),
            event(Status::csv_size_misaligned, 1, 0x11000, 0x10000));
}

TEST(PartitionCsv, HoldsTheEndAgainstTheFlash) {
  const char* text = "a,app,factory,,1M\nb,data,fat,,-0x400000";
  EXPECT_EQ(parse(text, {.flash_size_bytes = 4 * kMiB}).error, Event{});
  EXPECT_EQ(parse(text, {.flash_size_bytes = 0}).error, Event{});
  EXPECT_EQ(failure(text, {.flash_size_bytes = 2 * kMiB}), event(Status::csv_beyond_flash, 2, 4 * kMiB, 2 * kMiB));
  EXPECT_EQ(failure("a,data,fat,0xFFFFF000,4K", {.flash_size_bytes = kMiB}),
            event(Status::csv_beyond_flash, 1, 0xFFFFFFFF, kMiB));
}

TEST(PartitionCsv, ComputesBootloaderAndTableRows) {
  expect_table(
      "boot,bootloader,primary,0x77,1\ntable,partition_table,primary,,\nnvs,data,nvs,,16K\n"
      "boot2,bootloader,ota,,\ntable2,partition_table,ota,,9M\nboot3,bootloader,recovery,,\n",
      {partition(2, 0, 0x1000, 0x7000, "boot"), partition(3, 0, 0x8000, 0x1000, "table"),
       partition(1, 2, 0x9000, 0x4000, "nvs"), partition(2, 1, 0xD000, 0x7000, "boot2"),
       partition(3, 1, 0x14000, 0x1000, "table2"), partition(2, 2, 0x300000, 0x7000, "boot3")},
      {.bootloader_offset = 0x1000, .recovery_bootloader_offset = 0x300000});
}

TEST(PartitionCsv, AsksWhereTheBootloaderStands) {
  EXPECT_EQ(failure("b,bootloader,primary,,"), event(Status::csv_no_bootloader_offset, 1, 0));
  EXPECT_EQ(failure("b,bootloader,ota,,"), event(Status::csv_no_bootloader_offset, 1, 0));
  EXPECT_EQ(failure("b,bootloader,recovery,,", {.bootloader_offset = 0}),
            event(Status::csv_no_bootloader_offset, 1, 2));
  EXPECT_EQ(failure("b,bootloader,primary,,", {.bootloader_offset = 0x8000}),
            event(Status::csv_bad_bootloader_offset, 1, 0x8000, 0x8000));
}

TEST(PartitionCsv, FindsOverlapAmongTheRowsThatAreNotPlaced) {
  const CsvOptions options{.bootloader_offset = 0x1000, .recovery_bootloader_offset = 0xA000};
  EXPECT_EQ(failure("a,bootloader,primary,,\nb,bootloader,primary,,", options),
            event(Status::csv_overlap, 2, 0x1000, 1));
  EXPECT_EQ(failure("a,data,fat,0x9000,8K\nb,bootloader,recovery,,", options),
            event(Status::csv_out_of_order, 2, 0xA000, 0xB000));
}

TEST(PartitionCsv, SaysWhichLineIsOneTooMany) {
  std::string text;
  for (int i = 0; i < 95; ++i) text += "p" + std::to_string(i) + ",data,fat,,4K\n";
  EXPECT_EQ(parse(text).partitions.size(), 95U);
  EXPECT_EQ(failure(text + "one,data,fat,,4K"), event(Status::csv_too_many_partitions, 96, 95));
  EXPECT_EQ(parse(text, {}, 94).error, event(Status::csv_too_many_partitions, 95, 94));
  EXPECT_EQ(parse(text, {}, 200).partitions.size(), 95U);
  EXPECT_EQ(parse("a,data,fat,,4K", {}, 0).error, event(Status::csv_too_many_partitions, 1, 0));
}

}  // namespace
}  // namespace dualbank
