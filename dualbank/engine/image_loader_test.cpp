#include "dualbank/engine/image_loader.hpp"

#include <algorithm>

#include "tests/support/boot_board.hpp"
#include "tests/support/made_image.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kRam = 0x8040'0000;
constexpr std::uint32_t kFast = 0x0800'0000;

/// Two pieces of RAM, with something in them.
class ImageLoader : public BootTest {
 protected:
  static ImageBuilder builder() { return ImageBuilder().chip(kNoVendorChip).load_address(kRam).entry(kRam + 0x100); }

  Result<std::uint32_t> load(const ByteVector& image) {
    install(1, image);
    return load_image(flash_, layout_.slots[1], regions_);
  }
  /// Refused, and nothing is copied.
  void expect_refused(const ByteVector& image, const Event& event) {
    EXPECT_EQ(load(image).error(), event);
    EXPECT_EQ(check_loadable(flash_, layout_.slots[1], regions_).error(), event);
    EXPECT_TRUE(all_equal(ram_, std::byte{0xEE}));
    EXPECT_TRUE(all_equal(fast_, std::byte{0xEE}));
  }

  ByteVector ram_ = ByteVector(0x1000, std::byte{0xEE});
  ByteVector fast_ = ByteVector(0x400, std::byte{0xEE});
  std::array<LoadRegion, 2> regions_{{{kRam, ram_}, {kFast, fast_}}};
};

TEST_F(ImageLoader, EverySegmentLandsWhereItSays) {
  const ByteVector data = random_bytes(0x400, 7);
  const ByteVector image = builder().segment(kFast, data).segment(kRam + 0x800, random_bytes(0x800, 8)).build();
  const auto entry = load(image);
  ASSERT_TRUE(entry) << static_cast<int>(entry.error().code);
  EXPECT_EQ(*entry, kRam + 0x100);
  EXPECT_EQ(fast_, data);
  for (const Segment& s : segments_of(image)) {
    const ByteVector& memory = s.address == kFast ? fast_ : ram_;
    const std::uint32_t from = s.address - (s.address == kFast ? kFast : kRam);
    EXPECT_TRUE(std::equal(s.data.begin(), s.data.end(), memory.begin() + static_cast<std::ptrdiff_t>(from)));
  }
  EXPECT_TRUE(all_equal(Bytes{ram_}.subspan(0x200, 0x600), std::byte{0xEE})) << "nothing beside the segments";
}

TEST_F(ImageLoader, LookingCopiesNothing) {
  install(1, builder().build());
  const auto entry = check_loadable(flash_, layout_.slots[1], regions_);
  ASSERT_TRUE(entry);
  EXPECT_EQ(*entry, kRam + 0x100);
  EXPECT_TRUE(all_equal(ram_, std::byte{0xEE}));
}

TEST_F(ImageLoader, PaddingIsNotLoaded) { EXPECT_TRUE(load(builder().segment(0, random_bytes(0x2000, 1)).build())); }

TEST_F(ImageLoader, ASegmentMustLieInOneRegion) {
  const auto with = [](std::uint32_t address, std::size_t size) {
    return builder().segment(address, ByteVector(size, std::byte{1})).build();
  };
  const auto refused = [](std::uint32_t address, std::uint32_t size) {
    return Event{Status::image_outside_memory, {1, size, address}};
  };
  expect_refused(with(kRam - 4, 8), refused(kRam - 4, 8));
  expect_refused(with(kRam + 0xFFC, 8), refused(kRam + 0xFFC, 8));
  expect_refused(with(kRam + 0x1000, 4), refused(kRam + 0x1000, 4));
  expect_refused(with(kFast + 0x3FC, 8), refused(kFast + 0x3FC, 8));
  expect_refused(with(0x8000'0000, 4), refused(0x8000'0000, 4));  // the bootloader's own
  expect_refused(with(0xFFFF'FFFC, 8), refused(0xFFFF'FFFC, 8));
  EXPECT_TRUE(load(with(kRam + 0xFFC, 4)));
}

TEST_F(ImageLoader, TheEntryLiesInWhatIsLoaded) {
  const auto event = [](std::uint32_t entry) { return Event{Status::image_bad_entry, {entry, 0, 0}}; };
  expect_refused(builder().entry(kRam + 0x200).build(), event(kRam + 0x200));  // descriptor and payload: 0x200 bytes
  expect_refused(builder().entry(kRam - 4).build(), event(kRam - 4));
  expect_refused(builder().segment(0, random_bytes(0x20, 1)).entry(0).build(), event(0));
  EXPECT_TRUE(load(builder().entry(kRam + 0x1FC).build()));
}

TEST_F(ImageLoader, WhatNobodyVerifiedIsReadWithinItsSlot) {
  ByteVector image = builder().build();
  store_u32(image, 28, kSlotBytes);  // the first segment's length
  expect_refused(image, {Status::image_bad_segment, {0, kSlotBytes, 0}});
  store_u32(image, 28, 0xFFFF'FFFF);
  expect_refused(image, {Status::image_bad_segment, {0, 0xFFFF'FFFF, 0}});
  expect_refused(builder().segment_count(17).build(), {Status::image_too_many_segments, {17, 16, 0}});
  expect_refused(ByteVector(0x100, std::byte{0xFF}), {Status::image_too_many_segments, {255, 16, 0}});
}

TEST_F(ImageLoader, ErrorsOfTheFlashArePassedOn) {
  install(1, builder().build());
  const Extent beyond{flash_.geometry().size_bytes - 16, 0x1000};
  EXPECT_EQ(load_image(flash_, beyond, regions_).error().code, Status::flash_out_of_range);
}

TEST_F(ImageLoader, TheBootloaderStartsNoImageThatCannotBeLoaded) {
  settings_ = {.policy = Policy::dualbank, .chip_id = kNoVendorChip, .memory = regions_};
  install(0, builder().entry(kRam + 0x800).build());
  install(1, builder().build());
  put_record(0, record_bytes(1, 0xFFFF'FFFF, kCrc1));
  EXPECT_EQ(int{predict().slot}, 1);
  EXPECT_EQ(predict().reason, BootReason::fallback);
  settings_.memory = {};
  EXPECT_EQ(int{predict().slot}, 0) << "where nothing is loaded it does not count";
}

}  // namespace
}  // namespace dualbank::tests
