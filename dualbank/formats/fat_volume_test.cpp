#include "dualbank/formats/fat_volume.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace dualbank {
namespace {

using Block = std::array<std::byte, kFatBlockBytes>;

Block block_of(const FatVolume& volume, std::uint32_t index) {
  Block block;
  block.fill(std::byte{0xAA});
  volume.store_empty(index, block);
  return block;
}

std::string text_of(const Block& block, std::size_t offset, std::size_t length) {
  return {reinterpret_cast<const char*>(block.data()) + offset, length};
}

struct Made {
  const char* layout;
  std::uint32_t drive_kib, slot_kib;  // slot_kib 0: not extended
  FatType type;
  std::uint32_t fat_blocks, cluster_blocks, clusters;
};

// What CircuitPython's formatter makes on its layouts: of 8 MB the worked figures that docs/FORMAT.md shows.
constexpr Made kMade[]{
    {"2MB-no-ota-no-uf2", 576, 0, FatType::fat12, 4, 1, 1115},
    {"4MB", 960, 0, FatType::fat12, 6, 1, 1881},
    {"4MB", 960, 1408, FatType::fat12, 7, 2, 2348},
    {"4MB-no-uf2", 1216, 0, FatType::fat12, 8, 1, 2391},
    {"4MB-no-uf2", 1216, 1408, FatType::fat12, 8, 2, 2603},
    {"4MB-no-ota", 960, 0, FatType::fat12, 6, 1, 1881},
    {"4MB-no-ota-no-uf2", 1984, 0, FatType::fat12, 12, 1, 3923},
    {"8MB", 3776, 0, FatType::fat12, 12, 2, 3753},
    {"8MB", 3776, 2048, FatType::fat16, 23, 2, 5796},
    {"8MB-no-uf2", 4032, 0, FatType::fat12, 12, 2, 4009},
    {"8MB-no-uf2", 4032, 2048, FatType::fat16, 24, 2, 6051},
    {"16MB", 11968, 0, FatType::fat16, 24, 4, 5969},
    {"16MB", 11968, 2048, FatType::fat16, 28, 4, 6992},
    {"16MB-no-uf2", 12224, 0, FatType::fat16, 24, 4, 6097},
    {"16MB-no-uf2", 12224, 2048, FatType::fat16, 28, 4, 7120},
    {"32MB", 28352, 0, FatType::fat16, 56, 4, 14153},
    {"32MB", 28352, 2048, FatType::fat16, 60, 4, 15176},
};

TEST(FatVolume, OnEveryLayoutOfCircuitPythonItIsWhatItsFormatterMakes) {
  for (const Made& made : kMade) {
    SCOPED_TRACE(std::string(made.layout) + (made.slot_kib == 0 ? "" : " extended"));
    const std::uint32_t blocks = (made.drive_kib + made.slot_kib) * 2;
    const FatVolume volume = FatVolume::plan(blocks);
    EXPECT_EQ(volume.type, made.type);
    EXPECT_EQ(volume.total_blocks, blocks);
    EXPECT_EQ(volume.fat_blocks, made.fat_blocks);
    EXPECT_EQ(volume.cluster_blocks, made.cluster_blocks);
    EXPECT_EQ(volume.clusters, made.clusters);
    EXPECT_EQ(volume.metadata_blocks(), 1 + made.fat_blocks + 32);
    EXPECT_EQ(volume.data_blocks() > made.drive_kib * 2, made.slot_kib != 0) << "what tells an extended drive";
    EXPECT_EQ(FatVolume::parse(block_of(volume, 0)), volume);
  }
}

TEST(FatVolume, EverySizeHasRoomForItsClustersAndReadsBack) {
  for (std::uint32_t blocks = kLeastFatBlocks; blocks < 70'000; blocks += blocks < 5000 ? 1 : 97) {
    SCOPED_TRACE(blocks);
    const FatVolume volume = FatVolume::plan(blocks);
    ASSERT_TRUE(volume.present());
    EXPECT_GE(volume.clusters, 16U);
    EXPECT_LE(volume.metadata_blocks() + volume.clusters * volume.cluster_blocks, blocks);
    EXPECT_LT(blocks - volume.metadata_blocks() - volume.clusters * volume.cluster_blocks, volume.cluster_blocks);
    const std::uint32_t entries = volume.clusters + 2;
    EXPECT_GE(volume.fat_blocks * 512, volume.type == FatType::fat12 ? (entries * 3 + 1) / 2 : entries * 2);
    EXPECT_EQ(volume.type == FatType::fat12, volume.clusters <= 4085) << "everybody takes the type from the count";
    EXPECT_EQ(FatVolume::parse(block_of(volume, 0)), volume);
  }
}

TEST(FatVolume, WhereTheFirstGuessFitsNoTypeClustersGrow) {
  // 4090 clusters of one block are too many for FAT12, and what is left of them beside a FAT16 is too few for that.
  EXPECT_EQ(FatVolume::plan(4085).cluster_blocks, 1U);
  const FatVolume volume = FatVolume::plan(4090);
  EXPECT_EQ(volume.type, FatType::fat12);
  EXPECT_EQ(volume.cluster_blocks, 2U);
  // 32 blocks in a cluster would be 65534 clusters.
  EXPECT_EQ(FatVolume::plan(0x20'0000 - 1).cluster_blocks, 64U);
}

TEST(FatVolume, TooSmallAndTooLargeMakeNone) {
  for (const std::uint32_t blocks : {0U, 1U, 21U, 4'200'000U, 0xFFFF'FFFFU}) {
    EXPECT_FALSE(FatVolume::plan(blocks).present()) << blocks;
  }
  EXPECT_TRUE(FatVolume::plan(22).present());
  EXPECT_EQ(FatVolume::plan(256).root_entries, 64U);
  EXPECT_EQ(FatVolume::plan(257).root_entries, 512U);
}

TEST(FatVolume, TheBootRecordIsThatOfTheFormatter) {
  const Block boot = block_of(FatVolume::plan(7552), 0);
  EXPECT_EQ(text_of(boot, 0, 11), "\xEB\xFE\x90MSDOS5.0");
  EXPECT_EQ(load_u16(boot, 19), 7552);
  EXPECT_EQ(load_u8(boot, 21), 0xF8);
  EXPECT_EQ(load_u32(boot, 28), 1U) << "hidden: the MBR that CircuitPython makes up";
  EXPECT_EQ(load_u32(boot, 32), 0U);
  EXPECT_EQ(load_u8(boot, 38), 0x29);
  EXPECT_EQ(text_of(boot, 43, 19), "CIRCUITPY  FAT     ");
  EXPECT_EQ(load_u16(boot, 510), 0xAA55);
  const Block large = block_of(FatVolume::plan(70'000), 0);
  EXPECT_EQ(load_u16(large, 19), 0);
  EXPECT_EQ(load_u32(large, 32), 70'000U);
}

TEST(FatVolume, TheRestIsTwoEntriesTheLabelAndZeroes) {
  for (const std::uint32_t blocks : {7552U, 11'648U}) {
    const FatVolume volume = FatVolume::plan(blocks);
    for (std::uint32_t index = 1; index < volume.metadata_blocks(); ++index) {
      Block expected{};
      if (index == 1) {
        store_u32(expected, 0, blocks == 7552 ? 0x00FF'FFF8 : 0xFFFF'FFF8);
      } else if (index == 1 + volume.fat_blocks) {
        const std::string label = "CIRCUITPY  \x08";
        for (std::size_t i = 0; i < label.size(); ++i) expected[i] = static_cast<std::byte>(label[i]);
      }
      EXPECT_EQ(block_of(volume, index), expected) << index;
    }
  }
}

// ---- what CircuitPython would not mount

struct Wrong {
  const char* name;
  std::function<void(Block&)> change;
};

TEST(FatVolume, WhatCircuitPythonWouldFormatIsNone) {
  const std::vector<Wrong> all{
      {"no signature", [](Block& b) { store_u16(b, 510, 0xAA54); }},
      {"no jump", [](Block& b) { store_u8(b, 0, 0x33); }},
      {"no type text", [](Block& b) { store_u8(b, 54, 'X'); }},
      {"blocks of 4096 bytes", [](Block& b) { store_u16(b, 11, 4096); }},
      {"clusters of nothing", [](Block& b) { store_u8(b, 13, 0); }},
      {"clusters of three blocks", [](Block& b) { store_u8(b, 13, 3); }},
      {"nothing reserved", [](Block& b) { store_u16(b, 14, 0); }},
      {"no FAT", [](Block& b) { store_u8(b, 16, 0); }},
      {"three FATs", [](Block& b) { store_u8(b, 16, 3); }},
      {"half a block of root directory", [](Block& b) { store_u16(b, 17, 504); }},
      {"no root directory", [](Block& b) { store_u16(b, 17, 0); }},
      {"smaller than its metadata", [](Block& b) { store_u16(b, 19, 44); }},
      {"no cluster", [](Block& b) { store_u16(b, 19, 45); }},
      {"a FAT that is too short", [](Block& b) { store_u16(b, 22, 11); }},
      {"a FAT of 4 GiB", [](Block& b) { store_u16(b, 22, 0), store_u32(b, 36, 0xFFFF'FFFF); }},
      {"too many clusters", [](Block& b) { store_u16(b, 19, 0), store_u32(b, 32, 0xFFFF'FFFF), store_u8(b, 13, 1); }},
      {"all erased", [](Block& b) { b.fill(std::byte{0xFF}); }},
      {"all zero", [](Block& b) { b.fill(std::byte{0}); }},
  };
  const Block good = block_of(FatVolume::plan(7552), 0);
  ASSERT_TRUE(FatVolume::parse(good).present());
  for (const Wrong& wrong : all) {
    Block block = good;
    wrong.change(block);
    EXPECT_FALSE(FatVolume::parse(block).present()) << wrong.name;
  }
}

TEST(FatVolume, TheTypeFollowsFromTheNumberOfClusters) {
  Block block = block_of(FatVolume::plan(7552), 0);  // its FAT of 12 blocks is long enough for FAT12 only
  store_u8(block, 13, 1);
  store_u16(block, 19, 1 + 12 + 32 + 4085);
  EXPECT_EQ(FatVolume::parse(block).type, FatType::fat12);
  store_u16(block, 19, 1 + 12 + 32 + 4086);
  EXPECT_FALSE(FatVolume::parse(block).present());
  store_u16(block, 22, 16);
  store_u16(block, 19, 1 + 16 + 32 + 4086);
  EXPECT_EQ(FatVolume::parse(block).type, FatType::fat16);
}

TEST(FatVolume, TwoFatsAndOtherJumpsAreFine) {
  Block block = block_of(FatVolume::plan(7552), 0);
  store_u8(block, 16, 2);
  store_u8(block, 0, 0xE9);
  const FatVolume volume = FatVolume::parse(block);
  EXPECT_EQ(volume.fat_count, 2U);
  EXPECT_EQ(volume.clusters, (7552U - 1 - 24 - 32) / 2);
}

Block fat32_record() {
  Block block{};
  store_u8(block, 0, 0xEB);
  store_u16(block, 11, 512);
  store_u8(block, 13, 1);
  store_u16(block, 14, 32);
  store_u8(block, 16, 2);
  store_u32(block, 32, 80'000);
  store_u32(block, 36, 620);
  for (std::size_t i = 0; i < 5; ++i) store_u8(block, 82 + i, static_cast<std::uint8_t>("FAT32"[i]));
  store_u16(block, 510, 0xAA55);
  return block;
}

TEST(FatVolume, Fat32IsRead) {
  Block block = fat32_record();
  const FatVolume volume = FatVolume::parse(block);
  EXPECT_EQ(volume.type, FatType::fat32);
  EXPECT_EQ(volume.clusters, 80'000U - 32 - 1240);
  store_u16(block, 42, 1);
  EXPECT_FALSE(FatVolume::parse(block).present()) << "a version that nobody knows";
  block = fat32_record();
  store_u16(block, 17, 512);
  EXPECT_FALSE(FatVolume::parse(block).present()) << "a root directory of its own";
}

Block exfat_record() {
  Block block{};
  const std::string start =
      "\xEB\x76\x90"
      "EXFAT   ";
  for (std::size_t i = 0; i < start.size(); ++i) block[i] = static_cast<std::byte>(start[i]);
  store_u32(block, 72, 60'000);
  store_u32(block, 84, 64);
  store_u32(block, 88, 128);
  store_u32(block, 92, 7000);
  store_u16(block, 104, 0x100);
  store_u8(block, 108, 9);
  store_u8(block, 109, 3);
  store_u8(block, 110, 1);
  store_u16(block, 510, 0xAA55);
  return block;
}

TEST(FatVolume, ExfatIsRead) {
  const FatVolume volume = FatVolume::parse(exfat_record());
  EXPECT_EQ(volume.type, FatType::exfat);
  EXPECT_EQ(volume.data_blocks(), 7000U * 8);
  const std::vector<Wrong> all{
      {"a field of FAT", [](Block& b) { store_u8(b, 63, 1); }},
      {"another version", [](Block& b) { store_u16(b, 104, 0x101); }},
      {"blocks of 4096 bytes", [](Block& b) { store_u8(b, 108, 12); }},
      {"clusters beyond 32768 blocks", [](Block& b) { store_u8(b, 109, 16); }},
      {"two FATs", [](Block& b) { store_u8(b, 110, 2); }},
      {"clusters beyond its end", [](Block& b) { store_u32(b, 92, 7485); }},
      {"too many clusters", [](Block& b) { store_u32(b, 92, 0x7FFF'FFFE); }},
      {"above 2 TiB", [](Block& b) { store_u32(b, 76, 1); }},
  };
  for (const Wrong& wrong : all) {
    Block block = exfat_record();
    wrong.change(block);
    EXPECT_FALSE(FatVolume::parse(block).present()) << wrong.name;
  }
}

}  // namespace
}  // namespace dualbank
