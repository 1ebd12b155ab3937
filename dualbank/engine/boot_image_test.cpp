// What boot.hpp says of images: verifying a slot, inferring the chip.
#include <gtest/gtest.h>

#include "tests/support/boot_board.hpp"

namespace dualbank::tests {
namespace {

TEST_F(BootTest, VerifiesAGoodImageAndTellsWhatItIs) {
  const auto image = ImageBuilder().chip(kS3).version("2.5").project("blinky").build();
  install(1, image);
  const auto info = verify(1);
  ASSERT_TRUE(info.has_value());
  EXPECT_STREQ(info->descriptor.version.data(), "2.5");
  EXPECT_STREQ(info->descriptor.project_name.data(), "blinky");
  EXPECT_EQ(info->length_bytes, image.size());
}

TEST_F(BootTest, VerifiesWithAnyBufferAlsoWithNone) {
  install(0, ImageBuilder().chip(kS3).length(0x3000).build());
  for (const std::size_t size : {0U, 1U, 64U, 100U, 0x10000U}) {
    buffer_.resize(size);
    EXPECT_TRUE(verify(0).has_value()) << size;
  }
}

TEST_F(BootTest, ReadsTheImageOnceAndNothingBehindIt) {
  const auto image = ImageBuilder().chip(kS3).length(0x3000).build();
  install(0, image);
  flash_.forget();
  ASSERT_TRUE(verify(0).has_value());
  EXPECT_EQ(flash_.counts().bytes_read, image.size());
  EXPECT_LT(flash_.counts().reads, 20u);
}

TEST_F(BootTest, AnErasedOrMissingSlotIsEmpty) {
  EXPECT_EQ(verify(0).error().code, Status::image_empty_slot);
  EXPECT_EQ(verify(kFactorySlot).error().code, Status::image_empty_slot);
  flash_.put(0x1'0000, bytes_of({0x00}));
  EXPECT_EQ(verify(0).error().code, Status::image_no_magic);
}

TEST_F(BootTest, S20_AnImageOneByteTooLongIsRefusedWithoutReadingPastTheSlot) {
  layout_.slots[0].size_bytes = 0x3000;
  layout_.slots[1] = {0x2'0000, 0x3000};
  const auto fits = ImageBuilder().chip(kS3).length(0x3000).build();
  const auto too_long = ImageBuilder().chip(kS3).length(0x3010).build();
  install(0, fits);
  EXPECT_TRUE(verify(0).has_value());
  install(1, too_long);
  flash_.forget();
  const auto result = verify(1);
  EXPECT_EQ(result.error().code, Status::image_too_long);
  EXPECT_LE(flash_.counts().bytes_read, 0x3000u);
}

TEST_F(BootTest, TheSlotsEndHoldsWhateverTheRulesSay) {
  auto image = ImageBuilder().chip(kS3).length(0x1010).build();
  image.resize(0x1000);
  flash_.put(0x5'F000, image);
  const auto result = verify_slot(flash_, {0x5'F000, 0x1000}, ImageRules::vendor(kS3, kUnknownLength), buffer_);
  EXPECT_EQ(result.error().code, Status::image_too_long);
  EXPECT_TRUE(flash_.violations().empty());
}

TEST_F(BootTest, AnImageMustFitThePlaceWhereItReallyIs) {
  layout_.slots[0].offset = 0x1'1000;
  install(0, ImageBuilder().chip(kS3).build());
  const auto result = verify_slot(flash_, layout_.slots[0], ImageRules::vendor(kS3, kSlotBytes, 0), buffer_);
  EXPECT_EQ(result.error().code, Status::image_bad_mapping);
}

TEST_F(BootTest, S21_WithoutAHashTwoFlipsThatCancelArePassed) {
  auto image = ImageBuilder().chip(kS3).no_hash().build();
  flip_bit(image, 8 * 300 + 2);
  flip_bit(image, 8 * 304 + 2);
  install(0, image);
  EXPECT_TRUE(verify(0).has_value());
  auto hashed = ImageBuilder().chip(kS3).build();
  flip_bit(hashed, 8 * 300 + 2);
  flip_bit(hashed, 8 * 304 + 2);
  install(1, hashed);
  EXPECT_EQ(verify(1).error().code, Status::image_hash_mismatch);
}

TEST_F(BootTest, S22_AnotherChipsImageFailsBeforeAnySegmentIsRead) {
  install(0, ImageBuilder().chip(kC3).build());
  flash_.forget();
  EXPECT_EQ(verify(0).error(), (Event{Status::image_wrong_chip, {kC3, kS3, 0}}));
  EXPECT_EQ(flash_.counts().bytes_read, 24u);
}

TEST_F(BootTest, AFlashThatFailsAtAnyReadOfTheImageIsTheError) {
  install(0, ImageBuilder().chip(kS3).length(0x2000).build());
  flash_.forget();
  ASSERT_TRUE(verify(0).has_value());
  const auto reads = static_cast<std::uint32_t>(flash_.counts().reads);
  for (std::uint32_t i = 0; i < reads; ++i) {
    flash_.fail_read_at(i, Status::flash_timeout);
    EXPECT_EQ(verify(0).error().code, Status::flash_timeout) << i;
  }
}

// ---- infer_chip

TEST_F(BootTest, TheBootloadersImageTellsTheChip) {
  flash_.put(0, ImageBuilder().chip(kC3).bootloader().build());
  install(0, ImageBuilder().chip(kS3).build());
  EXPECT_EQ(infer_chip(flash_, layout_), kC3);
}

TEST_F(BootTest, ABootloaderWhereThatChipHasNoneTellsNothing) {
  flash_.put(0x1000, ImageBuilder().chip(kC3).bootloader().build());
  EXPECT_EQ(infer_chip(flash_, layout_), kAnyChip);
  flash_.put(0x1000, ImageBuilder().chip(0).bootloader().build());
  EXPECT_EQ(infer_chip(flash_, layout_), 0);
}

TEST_F(BootTest, AP4sBootloaderIsFoundAt0x2000) {
  flash_.put(0x2000, ImageBuilder().chip(18).bootloader().build());
  EXPECT_EQ(infer_chip(flash_, layout_), 18);
}

TEST_F(BootTest, WithoutBootloaderTheFirstKnownImageTellsTheChip) {
  add_factory();
  install(kFactorySlot, ImageBuilder().chip(2).build());
  EXPECT_EQ(infer_chip(flash_, layout_), 2);
  install(1, ImageBuilder().chip(kC3).build());
  EXPECT_EQ(infer_chip(flash_, layout_), kC3);
  install(0, ImageBuilder().chip(0x7777).build());
  EXPECT_EQ(infer_chip(flash_, layout_), kC3);
  install(0, ImageBuilder().chip(kS3).magic(0xE8).build());
  EXPECT_EQ(infer_chip(flash_, layout_), kC3);
}

TEST_F(BootTest, AnEmptyOrFailingFlashTellsNoChip) {
  EXPECT_EQ(infer_chip(flash_, layout_), kAnyChip);
  install(0, ImageBuilder().chip(kS3).build());
  flash_.cut_at(0, {});
  ASSERT_EQ(flash_.erase(0, 0x1000), Status::power_lost);
  EXPECT_EQ(infer_chip(flash_, layout_), kAnyChip);
}

}  // namespace
}  // namespace dualbank::tests
