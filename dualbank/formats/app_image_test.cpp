// Header, segment header and the look at an image's first bytes. The verifier's tests: app_image_verifier_test.cpp.
#include "dualbank/formats/app_image.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>

#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::ByteVector;
using tests::ImageBuilder;

constexpr std::uint32_t kSlot = 0x20'0000;

Event start_error(const ImageBuilder& image, const ImageRules& rules) {
  const Result<ImageInfo> result = check_image_start(image.build(), rules);
  return result.error();
}

Event strict_error(const ImageBuilder& image, std::uint16_t chip = kAnyChip) {
  return start_error(image, ImageRules::strict(chip, kSlot));
}

Event vendor_error(const ImageBuilder& image, std::uint16_t chip = kAnyChip) {
  return start_error(image, ImageRules::vendor(chip, kSlot));
}

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

TEST(ImageHeader, ReadsEveryFieldAtItsPlace) {
  const ByteVector bytes = tests::bytes_of({0xE9, 0x07, 0x02, 0x4F, 0x34, 0x12, 0x37, 0x40, 0xEE, 0x99, 0x99, 0x99,
                                            0x0D, 0x00, 0x55, 0x63, 0x00, 0xC7, 0x01, 0x88, 0x88, 0x88, 0x88, 0x01});
  const ImageHeader header = ImageHeader::parse(bytes);
  EXPECT_EQ(header.magic, 0xE9);
  EXPECT_EQ(header.segment_count, 7);
  EXPECT_EQ(header.spi_mode, 2);
  EXPECT_EQ(header.spi_speed_and_size, 0x4F);
  EXPECT_EQ(header.entry_address, 0x4037'1234U);
  EXPECT_EQ(header.chip_id, 13);
  EXPECT_EQ(header.min_chip_revision, 99);
  EXPECT_EQ(header.max_chip_revision, 0x01C7);
  EXPECT_TRUE(header.has_hash);
}

TEST(ImageHeader, AnyHashFlagButZeroMeansYes) {
  for (int flag = 0; flag < 256; ++flag) {
    ByteVector bytes(24);
    bytes[23] = static_cast<std::byte>(flag);
    EXPECT_EQ(ImageHeader::parse(bytes).has_hash, flag != 0) << flag;
  }
}

TEST(SegmentHeader, IsAnAddressAndALength) {
  const SegmentHeader segment = SegmentHeader::parse(tests::bytes_of({0x20, 0, 0, 0x3C, 0x78, 0x56, 0x34, 0x12}));
  EXPECT_EQ(segment.load_address, 0x3C00'0020U);
  EXPECT_EQ(segment.length_bytes, 0x1234'5678U);
}

TEST(ImageStart, TellsWhatTheImageIs) {
  const ByteVector image = ImageBuilder()
                               .chip(5)
                               .version("10.3.0")
                               .project("circuitpython")
                               .secure_version(7)
                               .chip_revisions(3, 199)
                               .build();
  const Result<ImageInfo> info = check_image_start(Bytes{image}.first(288), ImageRules::strict(5, kSlot));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->header.chip_id, 5);
  EXPECT_EQ(info->header.min_chip_revision, 3);
  EXPECT_EQ(info->header.max_chip_revision, 199);
  EXPECT_TRUE(info->has_descriptor);
  EXPECT_STREQ(info->descriptor.version.data(), "10.3.0");
  EXPECT_STREQ(info->descriptor.project_name.data(), "circuitpython");
  EXPECT_EQ(info->descriptor.secure_version, 7U);
  EXPECT_EQ(info->length_bytes, kUnknownLength);
  EXPECT_EQ(info->hash, Sha256Digest{});
}

TEST(ImageStart, NeedsAll288Bytes) {
  const ByteVector image = ImageBuilder().build();
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 24, 287}) {
    const Result<ImageInfo> info = check_image_start(Bytes{image}.first(size), ImageRules::strict(9, kSlot));
    EXPECT_EQ(info.error(), event(Status::image_too_short, static_cast<std::uint32_t>(size), 288)) << size;
  }
  EXPECT_TRUE(check_image_start(Bytes{image}.first(288), ImageRules::strict(9, kSlot)));
}

TEST(ImageStart, RefusesOtherFiles) {
  EXPECT_EQ(strict_error(ImageBuilder().magic(0x7F)), event(Status::image_no_magic, 0x7F));
  EXPECT_EQ(check_image_start(ByteVector(288, std::byte{0xFF}), ImageRules::vendor(9, kSlot)).error(),
            event(Status::image_no_magic, 0xFF));
  EXPECT_EQ(check_image_start(ByteVector(288), ImageRules::vendor(9, kSlot)).error(), event(Status::image_no_magic, 0));
}

TEST(ImageStart, Scenario22RefusesAnImageOfAnotherChip) {
  for (const std::uint16_t chip : std::initializer_list<std::uint16_t>{0, 2, 5, 12, 13, 16, 18, 32}) {
    EXPECT_EQ(strict_error(ImageBuilder().chip(chip), 9), event(Status::image_wrong_chip, chip, 9));
    EXPECT_EQ(vendor_error(ImageBuilder().chip(chip), 9), event(Status::image_wrong_chip, chip, 9));
    EXPECT_EQ(strict_error(ImageBuilder().chip(chip), chip), Event{});
  }
}

TEST(ImageStart, RefusesChipIdsThatNobodyHas) {
  EXPECT_EQ(strict_error(ImageBuilder().chip(4), 9), event(Status::image_unknown_chip, 4));
  EXPECT_EQ(strict_error(ImageBuilder().chip(4)), event(Status::image_unknown_chip, 4));
  EXPECT_EQ(strict_error(ImageBuilder().chip(0xFFFF)), event(Status::image_unknown_chip, 0xFFFF));
}

TEST(ImageStart, TakesImagesOfNoVendorsChip) {
  EXPECT_EQ(strict_error(ImageBuilder().chip(kNoVendorChip).load_address(0x1000'0003), kNoVendorChip), Event{});
}

TEST(ImageStart, ComparesTheBoardsRevisionWhereItIsKnown) {
  ImageRules rules = ImageRules::strict(9, kSlot);
  const auto error_on = [&](std::uint16_t revision, std::uint16_t min, std::uint16_t max) {
    rules.chip_revision = revision;
    return start_error(ImageBuilder().chip_revisions(min, max), rules);
  };
  EXPECT_EQ(error_on(kUnknownRevision, 300, 301), Event{});
  EXPECT_EQ(error_on(99, 100, 199), event(Status::image_wrong_revision, 100, 199, 99));
  EXPECT_EQ(error_on(100, 100, 199), Event{});
  EXPECT_EQ(error_on(199, 100, 199), Event{});
  EXPECT_EQ(error_on(200, 100, 199), event(Status::image_wrong_revision, 100, 199, 200));
  EXPECT_EQ(error_on(200, 100, 0), Event{}) << "0 is no limit";
  EXPECT_EQ(error_on(200, 100, 0xFFFF), Event{}) << "0xFFFF is no limit";
  EXPECT_EQ(error_on(99, 100, 0), event(Status::image_wrong_revision, 100, 0xFFFF, 99));
}

TEST(ImageStart, CountsSegments) {
  EXPECT_EQ(strict_error(ImageBuilder().segment_count(0)), event(Status::image_no_segments));
  EXPECT_EQ(strict_error(ImageBuilder().segment_count(16)), Event{});
  EXPECT_EQ(strict_error(ImageBuilder().segment_count(17)), event(Status::image_too_many_segments, 17, 16));
  EXPECT_EQ(vendor_error(ImageBuilder().segment_count(17)), event(Status::image_too_many_segments, 17, 16));
  EXPECT_EQ(vendor_error(ImageBuilder().segment_count(255)), event(Status::image_too_many_segments, 255, 16));
}

TEST(ImageStart, VendorBootsWithoutSegmentsWhereTheDescriptorNamesNoPage) {
  for (const std::uint16_t chip : std::initializer_list<std::uint16_t>{0, 2, 5, 9, 18, 23}) {
    EXPECT_EQ(vendor_error(ImageBuilder().chip(chip).segment_count(0)), Event{}) << chip;
  }
  for (const std::uint16_t chip : std::initializer_list<std::uint16_t>{12, 13, 16, 20, 25, 28, 32}) {
    EXPECT_EQ(vendor_error(ImageBuilder().chip(chip).segment_count(0)), event(Status::image_no_segments)) << chip;
  }
  EXPECT_EQ(start_error(ImageBuilder().segment_count(0), ImageRules::vendor(9, 63)),
            event(Status::image_too_long, 64, 63));
  ImageRules rules = ImageRules::vendor(9, kSlot);
  rules.need_hash = true;
  EXPECT_EQ(start_error(ImageBuilder().segment_count(0).no_hash(), rules), event(Status::image_no_hash));
}

TEST(ImageStart, RefusesABootloader) {
  EXPECT_EQ(strict_error(ImageBuilder().bootloader()), event(Status::image_is_bootloader));
  EXPECT_EQ(vendor_error(ImageBuilder().bootloader()), Event{}) << "as the vendor does";
  EXPECT_EQ(vendor_error(ImageBuilder().chip(13).bootloader()), event(Status::image_is_bootloader));
}

TEST(ImageStart, RefusesSegmentLengthsThatCannotBe) {
  const auto with_length = [](std::uint16_t chip, std::uint32_t length) {
    ByteVector bytes = ImageBuilder().chip(chip).build();
    store_u32(bytes, 28, length);
    return check_image_start(bytes, ImageRules::strict(chip, kUnknownLength)).error();
  };
  EXPECT_EQ(with_length(5, 257), event(Status::image_bad_segment, 0, 257));
  EXPECT_EQ(with_length(5, 258), event(Status::image_bad_segment, 0, 258));
  EXPECT_EQ(with_length(5, 259), event(Status::image_bad_segment, 0, 259));
  EXPECT_EQ(with_length(5, 0xFF'FFFC), Event{});
  EXPECT_EQ(with_length(5, 0x100'0000), event(Status::image_bad_segment, 0, 0x100'0000));
  EXPECT_EQ(with_length(9, 0x100'0000), Event{}) << "S3 has wide segments";
  EXPECT_EQ(with_length(9, 0xFFFF'FFFC), event(Status::image_too_long, 0xFFFF'FFFF, 0xFFFF'FFFF));
  EXPECT_EQ(with_length(5, 252), event(Status::image_bad_segment, 0, 252)) << "shorter than its descriptor";
}

TEST(ImageStart, RefusesWhatTheFirstSegmentAlreadyMakesTooLong) {
  // 24 + 8 + 256 + 3 * 8 more segments = 312 -> 320, and the hash.
  const ImageBuilder image = ImageBuilder().payload({}).segment_count(4);
  EXPECT_EQ(start_error(image, ImageRules::strict(9, 352)), Event{});
  EXPECT_EQ(start_error(image, ImageRules::strict(9, 351)), event(Status::image_too_long, 352, 351));
}

TEST(ImageStart, WantsADescriptorUnlessTold) {
  const ImageBuilder image = ImageBuilder().no_descriptor().payload(tests::bytes_of("abcd" + std::string(300, 'x')));
  EXPECT_EQ(strict_error(image), event(Status::image_no_descriptor, 0x6463'6261));
  EXPECT_EQ(vendor_error(image), Event{});
  EXPECT_FALSE(check_image_start(image.build(), ImageRules::vendor(9, kSlot))->has_descriptor);
  EXPECT_EQ(vendor_error(ImageBuilder(image).chip(13)), event(Status::image_no_descriptor, 0x6463'6261));
  EXPECT_EQ(strict_error(ImageBuilder(image).payload(ByteVector(256))), event(Status::image_no_descriptor, 0));
}

TEST(ImageStart, DescriptorBeyondItsSegmentIsNone) {
  ByteVector bytes = ImageBuilder().build();
  store_u32(bytes, 28, 252);
  const Result<ImageInfo> info = check_image_start(bytes, ImageRules::vendor(9, kSlot));
  ASSERT_TRUE(info);
  EXPECT_FALSE(info->has_descriptor);
  EXPECT_EQ(info->descriptor, AppDescriptor{});
}

TEST(ImageStart, WantsAHashUnlessTold) {
  EXPECT_EQ(strict_error(ImageBuilder().no_hash()), event(Status::image_no_hash));
  EXPECT_EQ(vendor_error(ImageBuilder().no_hash()), Event{});
}

TEST(ImageStart, MappedSegmentsLieAtTheirPageOffset) {
  EXPECT_EQ(strict_error(ImageBuilder().load_address(0x3C00'0020)), Event{});
  EXPECT_EQ(strict_error(ImageBuilder().load_address(0x3C01'0020)), Event{});
  EXPECT_EQ(strict_error(ImageBuilder().load_address(0x3C00'0024)),
            event(Status::image_bad_mapping, 0, 0x3C00'0024, 0x1'0000));
  EXPECT_EQ(vendor_error(ImageBuilder().load_address(0x3C00'8020)),
            event(Status::image_bad_mapping, 0, 0x3C00'8020, 0x1'0000));
  EXPECT_EQ(strict_error(ImageBuilder().load_address(0x3FC8'0004)), Event{}) << "RAM is anywhere";
  EXPECT_EQ(strict_error(ImageBuilder().load_address(0)), Event{}) << "padding is nowhere";
}

TEST(ImageStart, MappingCountsFromTheStartOfTheFlash) {
  EXPECT_EQ(start_error(ImageBuilder(), ImageRules::strict(9, kSlot, 0x1'0000)), Event{});
  EXPECT_EQ(start_error(ImageBuilder(), ImageRules::strict(9, kSlot, 0x1'1000)),
            event(Status::image_bad_mapping, 0, 0x3C00'0020, 0x1'0000));
  EXPECT_EQ(start_error(ImageBuilder().load_address(0x3C00'1020), ImageRules::strict(9, kSlot, 0x1'1000)), Event{});
}

TEST(ImageStart, MappingFollowsTheDescriptorsPageWhereItMayBeChosen) {
  const auto at_8_kib = ImageBuilder().chip(13).mmu_page_log2(13);
  EXPECT_EQ(strict_error(ImageBuilder(at_8_kib).load_address(0x4200'2020)), Event{});
  EXPECT_EQ(strict_error(ImageBuilder(at_8_kib).load_address(0x4200'1020)),
            event(Status::image_bad_mapping, 0, 0x4200'1020, 0x2000));
  EXPECT_EQ(strict_error(ImageBuilder().chip(13).load_address(0x4200'2020)),
            event(Status::image_bad_mapping, 0, 0x4200'2020, 0x1'0000));
  EXPECT_EQ(strict_error(ImageBuilder().chip(9).mmu_page_log2(13).load_address(0x4200'2020)),
            event(Status::image_bad_mapping, 0, 0x4200'2020, 0x1'0000))
      << "the S3 has one page size";
}

// Each step mends the first of all faults: the next one in the documented order shows.
TEST(ImageStart, TellsTheFirstOfSeveralFaults) {
  ByteVector bytes = ImageBuilder().no_descriptor().no_hash().load_address(0x3C00'0024).build();
  bytes.resize(287);
  ImageRules rules = ImageRules::strict(9, 0x1000);
  rules.chip_revision = 50;
  const auto code = [&] { return check_image_start(bytes, rules).error().code; };
  bytes[0] = std::byte{0};
  bytes[1] = std::byte{0};
  bytes[12] = std::byte{4};
  bytes[15] = std::byte{51};
  bytes[32] = std::byte{0x50};
  store_u32(bytes, 28, 0x2001);
  EXPECT_EQ(code(), Status::image_too_short);
  bytes.resize(288);
  EXPECT_EQ(code(), Status::image_no_magic);
  bytes[0] = std::byte{0xE9};
  EXPECT_EQ(code(), Status::image_unknown_chip);
  bytes[12] = std::byte{5};
  EXPECT_EQ(code(), Status::image_wrong_chip);
  bytes[12] = std::byte{9};
  EXPECT_EQ(code(), Status::image_wrong_revision);
  bytes[15] = std::byte{50};
  EXPECT_EQ(code(), Status::image_no_segments);
  bytes[1] = std::byte{17};
  EXPECT_EQ(code(), Status::image_too_many_segments);
  bytes[1] = std::byte{1};
  EXPECT_EQ(code(), Status::image_is_bootloader);
  bytes[32] = std::byte{0x51};
  EXPECT_EQ(code(), Status::image_bad_segment);
  store_u32(bytes, 28, 0x2000);
  EXPECT_EQ(code(), Status::image_too_long);
  store_u32(bytes, 28, 0x200);
  EXPECT_EQ(code(), Status::image_no_descriptor);
  store_u32(bytes, 32, 0xABCD'5432);
  EXPECT_EQ(code(), Status::image_no_hash);
  bytes[23] = std::byte{1};
  EXPECT_EQ(code(), Status::image_bad_mapping);
  bytes[24] = std::byte{0x20};
  EXPECT_EQ(code(), Status::ok);
}

}  // namespace
}  // namespace dualbank
