#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/formats/partition_csv.hpp"

namespace dualbank {
namespace {

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

Partition partition(std::uint8_t type, std::uint8_t subtype, std::uint32_t offset, std::uint32_t size,
                    std::string_view label, std::uint32_t flags = 0) {
  Partition p{type, subtype, offset, size, {}, flags};
  std::copy(label.begin(), label.end(), p.label.begin());
  return p;
}

constexpr std::string_view kHeading = "# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n";

std::string written(const std::vector<Partition>& partitions) {
  std::vector<char> out(8192);
  const auto length = write_partition_csv(partitions, out);
  EXPECT_TRUE(length.has_value());
  const std::string text(out.data(), length ? *length : 0);
  EXPECT_EQ(text.substr(0, kHeading.size()), kHeading);
  return text.substr(kHeading.size());
}

TEST(WritePartitionCsv, WritesWordsOffsetsAndSizesAsTheVendorsTool) {
  EXPECT_EQ(written({}), "");
  EXPECT_EQ(written({partition(1, 2, 0x9000, 0x5000, "nvs")}), "nvs,data,nvs,0x9000,20K,\n");
  EXPECT_EQ(written({partition(0, 0x1A, 0x210000, 0x200000, "b")}), "b,app,ota_10,0x210000,2M,\n");
  EXPECT_EQ(written({partition(0, 0, 0xABC0000, 0x160000, "c")}), "c,app,factory,0xabc0000,1408K,\n");
  EXPECT_EQ(written({partition(1, 0x99, 0, 300, "d")}), "d,data,153,0x0,0x12c,\n");
  EXPECT_EQ(written({partition(0x40, 0, 0xFFFFFFFF, 0, "")}), ",64,0,0xffffffff,0M,\n");
  EXPECT_EQ(written({partition(3, 0, 0x8000, 0x1000, "t")}), "t,partition_table,primary,0x8000,4K,\n");
}

TEST(WritePartitionCsv, WritesFlags) {
  EXPECT_EQ(written({partition(1, 0x81, 0x9000, 0x1000, "a", 1)}), "a,data,fat,0x9000,4K,encrypted\n");
  EXPECT_EQ(written({partition(1, 0x81, 0x9000, 0x1000, "a", 2)}), "a,data,fat,0x9000,4K,readonly\n");
  EXPECT_EQ(written({partition(1, 0x81, 0x9000, 0x1000, "a", 3)}), "a,data,fat,0x9000,4K,encrypted:readonly\n");
}

TEST(WritePartitionCsv, IsReadBackAsItWas) {
  const std::vector<Partition> table{
      partition(1, 2, 0x9000, 0x5000, "nvs"),
      partition(1, 0, 0xE000, 0x2000, "otadata", partition_flag::kEncrypted),
      partition(0, 0x10, 0x10000, 0x160000, "sixteen letters!"),
      partition(0, 0x11, 0x170000, 0x160000, "na\xC3\xAFve \"1\""),
      partition(0x40, 0x77, 0x2D0000, 301, "odd", partition_flag::kReadonly),
      partition(1, 0x81, 0x310000, 0xF0000, ""),
  };
  const std::string text = written(table);
  std::vector<Partition> out(94);
  const auto count = parse_partition_csv(std::span{text.data(), text.size()}, out);
  ASSERT_TRUE(count.has_value());
  out.resize(*count);
  EXPECT_EQ(out, table);
}

TEST(WritePartitionCsv, RefusesNamesThatWouldNotComeBack) {
  std::array<char, 512> out{};
  const auto refuse = [&](std::string_view name) {
    const std::array table{partition(1, 2, 0x9000, 0x5000, "nvs"), partition(1, 6, 0xE000, 0x1000, name)};
    const auto length = write_partition_csv(table, out);
    EXPECT_EQ(length.error(), event(Status::csv_name_unwritable, 1)) << name;
  };
  for (const char* name : {"a,b", "a\nb", "a\rb", "$X", "a$", "#a", " a", "a ", "a\t", "\va"}) refuse(name);
}

TEST(WritePartitionCsv, RefusesFlagsThatCsvDoesNotKnow) {
  std::array<char, 512> out{};
  const std::array table{partition(1, 2, 0x9000, 0x5000, "nvs", 0x8000'0001)};
  EXPECT_EQ(write_partition_csv(table, out).error(), event(Status::csv_flags_unwritable, 0, 0x8000'0001));
}

TEST(WritePartitionCsv, SaysHowMuchRoomItNeeds) {
  const std::array table{partition(1, 2, 0x9000, 0x5000, "nvs")};
  const std::string whole = std::string(kHeading) + "nvs,data,nvs,0x9000,20K,\n";
  const auto size = static_cast<std::uint32_t>(whole.size());
  for (std::uint32_t room = 0; room <= size + 1; ++room) {
    std::vector<char> out(size + 8, '~');
    const auto length = write_partition_csv(table, std::span{out}.first(room));
    EXPECT_TRUE(std::all_of(out.begin() + room, out.end(), [](char c) { return c == '~'; })) << room;
    if (room < size) {
      EXPECT_EQ(length.error(), event(Status::csv_no_room, size, room));
    } else {
      ASSERT_TRUE(length.has_value()) << room;
      EXPECT_EQ(std::string(out.data(), *length), whole);
    }
  }
}

}  // namespace
}  // namespace dualbank
