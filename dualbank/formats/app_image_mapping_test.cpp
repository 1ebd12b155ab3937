// Where segments that are mapped from flash may lie, and the chips whose page the descriptor names.
#include <gtest/gtest.h>

#include <initializer_list>

#include "dualbank/formats/app_image.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::ByteVector;
using tests::ImageBuilder;

constexpr std::uint32_t kSlot = 0x20'0000;

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

ImageVerifier fed(const ByteVector& image, const ImageRules& rules) {
  ImageVerifier verifier{rules};
  EXPECT_EQ(verifier.feed(image), verifier.error().code);
  EXPECT_EQ(verifier.done(), !verifier.error().failed());
  return verifier;
}

Event strict_error(const ByteVector& image, std::uint16_t chip) {
  return fed(image, ImageRules::strict(chip, kSlot)).error();
}

bool vendor_boots(const ByteVector& image, std::uint16_t chip) {
  return fed(image, ImageRules::vendor(chip, kSlot)).done();
}

TEST(ImageMapping, MappedSegmentsFitTheirPlaceInFlash) {
  const ByteVector image = ImageBuilder().mapped_segment(0x4200'1020, tests::random_bytes(64, 9)).build();
  EXPECT_TRUE(fed(image, ImageRules::strict(9, kSlot, 0x1'0000)).done());
  EXPECT_TRUE(fed(image, ImageRules::strict(9, kSlot, 0x21'0000)).done());
  EXPECT_EQ(fed(image, ImageRules::strict(9, kSlot, 0x1'1000)).error(),
            event(Status::image_bad_mapping, 0, 0x3C00'0020, 0x1'0000));
}

TEST(ImageMapping, PageOfTheDescriptorHoldsForAllSegments) {
  const auto image = [](std::uint8_t log2) {
    return ImageBuilder()
        .chip(13)
        .mmu_page_log2(log2)
        .load_address(0x4200'0020)
        .mapped_segment(0x4200'8220, tests::random_bytes(64, 10), 0x4000)
        .build();
  };
  EXPECT_EQ(strict_error(image(14), 13), Event{});
  EXPECT_TRUE(vendor_boots(image(14), 13));
  EXPECT_TRUE(vendor_boots(image(13), 13)) << "a finer page divides it";
  EXPECT_EQ(strict_error(image(15), 13), event(Status::image_bad_mapping, 2, 0x4200'8220, 0x8000));
  EXPECT_FALSE(vendor_boots(image(15), 13));
  EXPECT_EQ(strict_error(image(0), 13).code, Status::image_bad_mapping) << "64 KiB where it says nothing";
}

TEST(ImageMapping, PageConfigurableChipsNeedTheDescriptorUnderVendorRulesToo) {
  const ImageBuilder none = ImageBuilder().no_descriptor();
  EXPECT_TRUE(vendor_boots(ImageBuilder(none).chip(9).build(), 9));
  for (const std::uint16_t chip : std::initializer_list<std::uint16_t>{12, 13, 16, 20, 25, 28, 32}) {
    EXPECT_EQ(fed(ImageBuilder(none).chip(chip).build(), ImageRules::vendor(chip, kSlot)).error().code,
              Status::image_no_descriptor)
        << chip;
    EXPECT_TRUE(vendor_boots(ImageBuilder().chip(chip).build(), chip));
  }
}

// The external RAM's window is mapped like the flash's.
TEST(ImageMapping, HoldsForExternalRam) {
  const auto image = [](std::uint32_t address) {
    return ImageBuilder().chip(18).mapped_segment(address, tests::random_bytes(64, 11)).build();
  };
  EXPECT_EQ(strict_error(image(0x4800'0300), 18), Event{});
  const ByteVector off = ImageBuilder().chip(18).segment(0x4800'0300, tests::random_bytes(64, 11)).build();
  EXPECT_EQ(strict_error(off, 18), event(Status::image_bad_mapping, 1, 0x4800'0300, 0x1'0000));
}

}  // namespace
}  // namespace dualbank
