#include "dualbank/formats/uf2.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "dualbank/formats/app_image.hpp"

namespace dualbank {
namespace {

using Buffer = std::vector<std::byte>;

constexpr std::uint32_t kS3Family = 0xC47E5767;
constexpr std::uint16_t kC6 = 13;
constexpr std::uint16_t kP4 = 18;
constexpr std::uint16_t kS3 = 9;
constexpr std::uint16_t kC3 = 5;

void put32(Buffer& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::byte>(value >> (8 * i));
}

struct BlockFields {
  std::uint32_t address = 0;
  std::uint32_t number = 0;
  std::uint32_t count = 1;
  std::uint32_t payload_bytes = 256;
  std::uint32_t family = kS3Family;
  std::uint32_t flags = 0x2000;
  int fill = 0xA5;
};

Buffer block(const BlockFields& f) {
  Buffer out(512, std::byte{0});
  const unsigned char start[] = {0x55, 0x46, 0x32, 0x0A, 0x57, 0x51, 0x5D, 0x9E};
  for (std::size_t i = 0; i < 8; ++i) out[i] = std::byte{start[i]};
  put32(out, 8, f.flags);
  put32(out, 12, f.address);
  put32(out, 16, f.payload_bytes);
  put32(out, 20, f.number);
  put32(out, 24, f.count);
  put32(out, 28, f.family);
  std::fill_n(out.begin() + 32, std::min<std::size_t>(f.payload_bytes, 476), static_cast<std::byte>(f.fill));
  const unsigned char end[] = {0x30, 0x6F, 0xB1, 0x0A};
  for (std::size_t i = 0; i < 4; ++i) out[508 + i] = std::byte{end[i]};
  return out;
}

Buffer file(std::initializer_list<BlockFields> blocks) {
  Buffer out;
  for (const BlockFields& f : blocks) {
    const Buffer b = block(f);
    out.insert(out.end(), b.begin(), b.end());
  }
  return out;
}

/// Three blocks at 0, 256 and 512 that differ in their bytes.
Buffer three_blocks() {
  return file({{.number = 0, .count = 3, .fill = 1},
               {.address = 256, .number = 1, .count = 3, .fill = 2},
               {.address = 512, .number = 2, .count = 3, .fill = 3}});
}

Event error_of(const Buffer& bytes, std::uint16_t chip = kAnyChip) { return Uf2Reader::open(bytes, chip).error(); }

Event expected(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

// ---- one block

TEST(Uf2Block, ReadsItsFields) {
  const Buffer bytes = block({.address = 0x12345600, .number = 7, .count = 9, .payload_bytes = 100, .fill = 0x42});
  const auto parsed = Uf2Block::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->address, 0x12345600u);
  EXPECT_EQ(parsed->number, 7u);
  EXPECT_EQ(parsed->count, 9u);
  EXPECT_EQ(parsed->family, kS3Family);
  EXPECT_EQ(parsed->flags, 0x2000u);
  EXPECT_EQ(parsed->payload.size(), 100u);
  EXPECT_EQ(parsed->payload.data(), bytes.data() + 32);
  EXPECT_TRUE(parsed->for_flash());
}

TEST(Uf2Block, HasNoFamilyWithoutTheFlag) {
  EXPECT_EQ(Uf2Block::parse(block({.flags = 0}))->family, 0u) << "the field is the file's size then";
}

TEST(Uf2Block, ThatIsNotForTheFlashSaysSo) {
  EXPECT_FALSE(Uf2Block::parse(block({.flags = 0x2001}))->for_flash());
  EXPECT_FALSE(Uf2Block::parse(block({.flags = 0x1000}))->for_flash());
}

TEST(Uf2Block, NamesTheMagicThatIsWrong) {
  const struct {
    std::size_t at;
    std::uint32_t wanted;
  } cases[] = {{0, 0x0A324655}, {4, 0x9E5D5157}, {508, 0x0AB16F30}};
  for (const auto& c : cases) {
    Buffer bytes = block({});
    put32(bytes, c.at, 0x11223344);
    EXPECT_EQ(Uf2Block::parse(bytes, 0x400).error(), expected(Status::uf2_bad_block, 0x400, 0x11223344, c.wanted));
  }
}

TEST(Uf2Block, CarriesOneTo476Bytes) {
  EXPECT_TRUE(Uf2Block::parse(block({.payload_bytes = 1})));
  EXPECT_TRUE(Uf2Block::parse(block({.payload_bytes = 476})));
  EXPECT_EQ(Uf2Block::parse(block({.payload_bytes = 477})).error(), expected(Status::uf2_bad_payload, 0, 477, 476));
  EXPECT_EQ(Uf2Block::parse(block({.payload_bytes = 0})).error(), expected(Status::uf2_bad_payload, 0, 0, 476));
  EXPECT_EQ(Uf2Block::parse(block({.payload_bytes = 0xFFFFFFFF})).error(),
            expected(Status::uf2_bad_payload, 0, 0xFFFFFFFF, 476));
}

TEST(Uf2Block, LeavesRoomForItsMd5) {
  EXPECT_TRUE(Uf2Block::parse(block({.payload_bytes = 452, .flags = 0x6000})));
  EXPECT_EQ(Uf2Block::parse(block({.payload_bytes = 456, .flags = 0x6000})).error(),
            expected(Status::uf2_bad_payload, 0, 456, 452));
}

// ---- a file

TEST(Uf2Reader, GivesThePiecesInOrder) {
  const Buffer bytes = three_blocks();
  const auto opened = Uf2Reader::open(bytes, kS3);
  ASSERT_TRUE(opened);
  Uf2Reader reader = *opened;
  EXPECT_EQ(reader.total_bytes(), 768u);
  EXPECT_EQ(reader.family(), kS3Family);
  EXPECT_EQ(reader.file_address(), 0u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Uf2Piece piece = reader.next();
    EXPECT_EQ(piece.offset, 256 * i);
    EXPECT_EQ(piece.payload.size(), 256u);
    EXPECT_TRUE(all_equal(piece.payload, static_cast<std::byte>(i + 1)));
  }
  EXPECT_TRUE(reader.next().payload.empty());
  EXPECT_TRUE(reader.next().payload.empty());
  EXPECT_EQ(reader.next().offset, 768u);
  reader.rewind();
  EXPECT_EQ(reader.next().payload.data(), bytes.data() + 32);
}

TEST(Uf2Reader, WithoutFileGivesNothing) {
  Uf2Reader reader;
  EXPECT_TRUE(reader.next().payload.empty());
  EXPECT_EQ(reader.total_bytes(), 0u);
}

TEST(Uf2Reader, CountsOffsetsFromTheAppsStart) {
  const Buffer bytes =
      file({{.address = 0x10000, .number = 0, .count = 2}, {.address = 0x10100, .number = 1, .count = 2}});
  Uf2Reader reader = *Uf2Reader::open(bytes);
  EXPECT_EQ(reader.file_address(), 0x10000u);
  EXPECT_EQ(reader.next().offset, 0u);
  EXPECT_EQ(reader.next().offset, 0x100u);
}

TEST(Uf2Reader, SkipsBlocksThatAreNotForTheFlash) {
  const Buffer bytes = file({{.address = 0x7777, .number = 0, .count = 3, .family = 1, .flags = 0x2001},
                             {.address = 0, .number = 1, .count = 3, .fill = 9},
                             {.address = 5, .number = 2, .count = 3, .flags = 0x1000}});
  Uf2Reader reader = *Uf2Reader::open(bytes, kS3);
  EXPECT_EQ(reader.total_bytes(), 256u);
  EXPECT_TRUE(all_equal(reader.next().payload, std::byte{9}));
  EXPECT_TRUE(reader.next().payload.empty());
}

TEST(Uf2Reader, FindsTheAppAmongSeveralRuns) {
  Buffer bytes = file({{.address = 0x0, .number = 0, .count = 2, .fill = 1},
                       {.address = 0x100, .number = 1, .count = 2, .fill = 1},
                       {.address = 0x8000, .number = 0, .count = 1, .fill = 2},
                       {.address = 0x10000, .number = 0, .count = 2, .fill = 3},
                       {.address = 0x10100, .number = 1, .count = 2, .fill = 4},
                       {.address = 0x210000, .number = 0, .count = 1, .fill = 5}});
  bytes[3 * 512 + 32] = std::byte{0xE9};
  put32(bytes, 3 * 512 + 32 + 0x20, 0xABCD5432);
  Uf2Reader reader = *Uf2Reader::open(bytes, kS3);
  EXPECT_EQ(reader.file_address(), 0x10000u);
  EXPECT_EQ(reader.total_bytes(), 512u);
  EXPECT_EQ(reader.next().payload.data(), bytes.data() + 3 * 512 + 32);
  EXPECT_TRUE(all_equal(reader.next().payload, std::byte{4}));
  EXPECT_TRUE(reader.next().payload.empty());
}

TEST(Uf2Reader, WithSeveralRunsAndNoAppGivesTheFirst) {
  const Buffer bytes = file(
      {{.address = 0x0, .number = 0, .count = 1, .fill = 1}, {.address = 0x8000, .number = 0, .count = 1, .fill = 2}});
  EXPECT_EQ(Uf2Reader::open(bytes)->file_address(), 0u);
}

TEST(Uf2Reader, TakesAnAppWhoseFirstPayloadIsTooShortToTell) {
  const Buffer bytes = file({{.number = 0, .count = 1, .payload_bytes = 16, .fill = 0xE9}});
  EXPECT_EQ(Uf2Reader::open(bytes)->total_bytes(), 16u);
}

TEST(Uf2Reader, TheLastPayloadMayHaveAnyLength) {
  const Buffer bytes =
      file({{.number = 0, .count = 2}, {.address = 256, .number = 1, .count = 2, .payload_bytes = 13}});
  EXPECT_EQ(Uf2Reader::open(bytes)->total_bytes(), 269u);
}

// ---- every bad file has its own error

TEST(Uf2Errors, AFileOfPartsOfBlocks) {
  Buffer bytes = three_blocks();
  bytes.pop_back();
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_bad_size, 512, 1535));
  EXPECT_EQ(error_of({}), expected(Status::uf2_bad_size, 512, 0));
}

TEST(Uf2Errors, ABlockInTheMiddleIsNamedByItsPosition) {
  Buffer bytes = three_blocks();
  put32(bytes, 1024, 0);
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_bad_block, 1024, 0, 0x0A324655));
}

TEST(Uf2Errors, AnotherChipIsNamedWithTheBoard) {
  EXPECT_EQ(error_of(three_blocks(), kC3), expected(Status::uf2_wrong_chip, kS3, kC3));
}

TEST(Uf2Errors, AFamilyThatIsNoChip) {
  const Buffer bytes = file({{.family = 0xE48BFF56}});
  EXPECT_EQ(error_of(bytes, kS3), expected(Status::uf2_unknown_family, 0xE48BFF56));
  EXPECT_EQ(error_of(bytes), Event{});
  EXPECT_EQ(error_of(bytes, kNoVendorChip), Event{}) << "boards of other platforms have families of their own";
}

TEST(Uf2Errors, AnEspFileForABoardOfAnotherPlatform) {
  EXPECT_EQ(error_of(three_blocks(), kNoVendorChip), expected(Status::uf2_wrong_chip, kS3, kNoVendorChip));
}

TEST(Uf2Errors, NoFamilyIsNoError) { EXPECT_EQ(error_of(file({{.family = 0x2000, .flags = 0}}), kS3), Event{}); }

TEST(Uf2Errors, TheSharedFamilyOfC6AndP4IsTakenOnBothAndNowhereElse) {
  const Buffer bytes = file({{.family = 0x540DDF62}});
  EXPECT_EQ(error_of(bytes, kC6), Event{});
  EXPECT_EQ(error_of(bytes, kP4), Event{});
  EXPECT_EQ(error_of(bytes, kS3), expected(Status::uf2_wrong_chip, kC6, kS3));
  EXPECT_EQ(error_of(three_blocks(), kP4), expected(Status::uf2_wrong_chip, kS3, kP4));
  EXPECT_EQ(error_of(file({{.family = 0x3D308E94}}), kP4), Event{}) << "the family that the vendor gives P4";
  EXPECT_EQ(error_of(file({{.family = 0x3D308E94}}), kC6), expected(Status::uf2_wrong_chip, kP4, kC6));
}

TEST(Uf2Errors, TwoFamiliesInOneFile) {
  const Buffer bytes =
      file({{.number = 0, .count = 2}, {.address = 256, .number = 1, .count = 2, .family = 0xD42BA06C}});
  EXPECT_EQ(error_of(bytes, kS3), expected(Status::uf2_mixed_families, kS3Family, 0xD42BA06C));
}

TEST(Uf2Errors, ABlockLeftOut) {
  const Buffer bytes = file({{.number = 0, .count = 3}, {.address = 512, .number = 2, .count = 3}});
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_missing_block, 1, 3));
}

TEST(Uf2Errors, TheFirstBlockLeftOut) {
  EXPECT_EQ(error_of(file({{.number = 1, .count = 2}})), expected(Status::uf2_missing_block, 0, 2));
}

TEST(Uf2Errors, TheLastBlockLeftOut) {
  Buffer bytes = three_blocks();
  bytes.resize(1024);
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_missing_block, 2, 3));
}

TEST(Uf2Errors, ABlockTwice) {
  const Buffer bytes = file({{.number = 0, .count = 2}, {.number = 0, .count = 2}});
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_missing_block, 1, 2));
}

TEST(Uf2Errors, BlocksThatCountDifferently) {
  EXPECT_EQ(error_of(file({{.number = 0, .count = 2}, {.address = 256, .number = 1, .count = 3}})),
            expected(Status::uf2_bad_block, 512, 3, 2));
  EXPECT_EQ(error_of(file({{.number = 0, .count = 0}})), expected(Status::uf2_bad_block, 0, 0, 0));
  EXPECT_EQ(error_of(file({{.number = 0, .count = 1}, {.address = 256, .number = 1, .count = 1}})),
            expected(Status::uf2_bad_block, 512, 1, 0));
}

TEST(Uf2Errors, AGapBetweenBlocks) {
  const Buffer bytes = file({{.number = 0, .count = 2}, {.address = 0x200, .number = 1, .count = 2}});
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_gap, 1, 0x200, 0x100));
}

TEST(Uf2Errors, ABlockBeforeTheFirst) {
  const Buffer bytes = file({{.address = 0x1000, .number = 0, .count = 2}, {.address = 0, .number = 1, .count = 2}});
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_gap, 1, 0, 0x1100));
}

TEST(Uf2Errors, BlocksThatOverlap) {
  const Buffer bytes = file({{.number = 0, .count = 2}, {.address = 0xFC, .number = 1, .count = 2}});
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_overlap, 1, 0xFC, 0x100));
}

TEST(Uf2Errors, AddressesAndPayloadsThatAreNoWords) {
  EXPECT_EQ(error_of(file({{.address = 2}})), expected(Status::uf2_misaligned, 0, 256, 2));
  EXPECT_EQ(
      error_of(file({{.number = 0, .count = 2, .payload_bytes = 254}, {.address = 254, .number = 1, .count = 2}})),
      expected(Status::uf2_misaligned, 0, 254, 0));
}

TEST(Uf2Errors, AddressesThatWrapAround) {
  const Buffer bytes =
      file({{.address = 0xFFFFFF00, .number = 0, .count = 2}, {.address = 0, .number = 1, .count = 2}});
  EXPECT_EQ(error_of(bytes).code, Status::uf2_gap);
}

TEST(Uf2Errors, NothingForTheFlash) {
  const Buffer bytes = file({{.number = 0, .count = 2, .flags = 1}, {.number = 1, .count = 2, .flags = 1}});
  EXPECT_EQ(error_of(bytes), expected(Status::uf2_no_firmware, 2));
}

TEST(Uf2, FamiliesAndChipsMatchBothWays) {
  EXPECT_EQ(chip_of_uf2_family(0xC47E5767), kS3);
  EXPECT_EQ(chip_of_uf2_family(0x1C5F21B0), 0);
  EXPECT_EQ(chip_of_uf2_family(0x540DDF62), kC6);
  EXPECT_EQ(chip_of_uf2_family(0), kAnyChip);
  EXPECT_EQ(chip_of_uf2_family(0x12345678), kAnyChip);
  for (const Chip& chip : all_chips()) {
    if (chip.uf2_family == 0) continue;
    EXPECT_EQ(chip_of_uf2_family(chip.uf2_family), chip.id) << chip.name;
  }
}

// ---- writing

TEST(WriteUf2, MakesTheBytesThatCircuitPythonPublishes) {
  Buffer image(300);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::byte>(i * 7);
  ASSERT_EQ(uf2_bytes_needed(300), 1024u);
  Buffer out(1024, std::byte{0xEE});
  const auto written = write_uf2(image, kS3Family, out);
  ASSERT_TRUE(written);
  EXPECT_EQ(*written, 1024u);

  Buffer golden = file({{.number = 0, .count = 2, .fill = 0}, {.address = 256, .number = 1, .count = 2, .fill = 0}});
  std::copy_n(image.begin(), 256, golden.begin() + 32);
  std::copy_n(image.begin() + 256, 44, golden.begin() + 512 + 32);
  EXPECT_EQ(out, golden);
}

TEST(WriteUf2, CanNameNoFamilyAndAnotherAddress) {
  const Buffer image(256, std::byte{7});
  Buffer out(512);
  ASSERT_TRUE(write_uf2(image, 0, out, 0x10000));
  EXPECT_EQ(out, block({.address = 0x10000, .family = 0, .flags = 0, .fill = 7}));
}

TEST(WriteUf2, IsReadBack) {
  Buffer image(5000);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<std::byte>(i * 31 >> 3);
  Buffer out(uf2_bytes_needed(5000));
  ASSERT_TRUE(write_uf2(image, kS3Family, out));
  Uf2Reader reader = *Uf2Reader::open(out, kS3);
  ASSERT_EQ(reader.total_bytes(), 5120u);
  Buffer back;
  for (Uf2Piece piece = reader.next(); !piece.payload.empty(); piece = reader.next()) {
    EXPECT_EQ(piece.offset, back.size());
    back.insert(back.end(), piece.payload.begin(), piece.payload.end());
  }
  EXPECT_TRUE(std::equal(image.begin(), image.end(), back.begin()));
  EXPECT_TRUE(all_equal(Bytes{back}.subspan(5000), std::byte{0}));
}

TEST(WriteUf2, RefusesWhatItCannotDoAndWritesNothing) {
  Buffer out(1023, std::byte{0xEE});
  EXPECT_EQ(write_uf2({}, kS3Family, out).error(), expected(Status::make_nothing));
  const Buffer image(300);
  EXPECT_EQ(write_uf2(image, kS3Family, out).error(), expected(Status::make_no_room, 1024, 1023));
  EXPECT_TRUE(all_equal(out, std::byte{0xEE}));
}

TEST(WriteUf2, SizesAtTheEdges) {
  EXPECT_EQ(uf2_bytes_needed(0), 0u);
  EXPECT_EQ(uf2_bytes_needed(1), 512u);
  EXPECT_EQ(uf2_bytes_needed(256), 512u);
  EXPECT_EQ(uf2_bytes_needed(257), 1024u);
  EXPECT_EQ(uf2_bytes_needed(0x7FFFFF00), 0xFFFFFE00u);
  EXPECT_EQ(uf2_bytes_needed(0x7FFFFF01), 0u);
}

}  // namespace
}  // namespace dualbank
