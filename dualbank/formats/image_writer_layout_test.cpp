#include "dualbank/formats/image_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "dualbank/formats/elf.hpp"
#include "tests/support/elf_builder.hpp"
#include "tests/support/made_image.hpp"

namespace dualbank {
namespace {

using tests::bytes_of;
using tests::ByteVector;
using tests::descriptor_bytes;
using tests::ElfBuilder;
using tests::error_of;
using tests::expected;
using tests::loaded;
using tests::made;
using tests::random_bytes;
using tests::Segment;
using tests::segments_of;
using tests::verified;
using tests::with_elf;
using tests::with_payload;

constexpr std::uint16_t kS3 = 9;
constexpr std::uint16_t kC3 = 5;
constexpr std::uint16_t kC6 = 13;
constexpr std::uint16_t kS31 = 32;

// ---- descriptor

TEST(WriteImageDescriptor, KeepsTheInputsOwnWithItsReservedBytes) {
  ByteVector payload = descriptor_bytes("own");
  payload[8] = std::byte{0x77};
  payload[255] = std::byte{0x88};
  const ByteVector more = random_bytes(100, 1);
  payload.insert(payload.end(), more.begin(), more.end());
  const ByteVector image = made(with_payload(kS3, 0x3C000020, payload));
  EXPECT_EQ(segments_of(image).size(), 1u);
  EXPECT_EQ(loaded(image, 0x3C000020, payload.size()), payload);
}

TEST(WriteImageDescriptor, CarriesTheHashOfTheElfFile) {
  for (const bool own : {true, false}) {
    const ByteVector code = own ? descriptor_bytes("own") : random_bytes(300, 1);
    const ByteVector elf = ElfBuilder().section(0x40380000, code).build();
    const ByteVector image = made(with_elf(kC3, elf));
    EXPECT_EQ(AppDescriptor::parse(Bytes{image}.subspan(0x20)).elf_sha256, sha256(elf)) << own;
    EXPECT_EQ(verified(image, kC3), Event{});
  }
}

TEST(WriteImageDescriptor, OfAPayloadHasNoElfHash) {
  const ByteVector payload = random_bytes(64, 1);
  const ByteVector image = made(with_payload(kC3, 0x40380000, payload));
  EXPECT_TRUE(all_equal(AppDescriptor::parse(Bytes{image}.subspan(0x20)).elf_sha256, std::byte{0}));
}

TEST(WriteImageDescriptor, IsTheFirstSegmentEvenFromRam) {
  const ByteVector text = random_bytes(256, 1);
  const ByteVector elf = ElfBuilder()
                             .machine(elf_machine::kArm)
                             .section(0x20000000, text)
                             .section(0x20000100, descriptor_bytes("ram"))
                             .section(0x20000200, text)
                             .build();
  const ByteVector image = made(with_elf(kNoVendorChip, elf));
  const auto segments = segments_of(image);
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].address, 0x20000100u);
  EXPECT_EQ(segments[0].data.size(), 512u);
  EXPECT_EQ(segments[1].address, 0x20000000u);
  EXPECT_EQ(verified(image, kNoVendorChip), Event{});
}

TEST(WriteImageDescriptor, MadeHereTakesAFreeDataPage) {
  const ByteVector text = random_bytes(100, 1);
  const auto first_address = [](const ByteVector& elf) { return segments_of(made(with_elf(kC3, elf)))[0].address; };
  EXPECT_EQ(first_address(ElfBuilder().section(0x42000020, text).build()), 0x3C000020u);
  EXPECT_EQ(first_address(ElfBuilder().section(0x3C000020, text).build()), 0u)
      << "data is mapped already, so the descriptor is padding";
}

TEST(WriteImageDescriptor, MadeHereLeavesTwoMappedSegmentsWhereDataAndCodeShareAWindow) {
  const ByteVector text = random_bytes(100, 1);
  const auto first_address = [](const ByteVector& elf) { return segments_of(made(with_elf(kC6, elf)))[0].address; };
  EXPECT_EQ(first_address(ElfBuilder().section(0x40800000, text).build()), 0x42000020u);
  EXPECT_EQ(first_address(ElfBuilder().section(0x42000020, text).build()), 0x42010020u) << "the first page is in use";
  EXPECT_EQ(first_address(ElfBuilder().section(0x42010020, text).build()), 0x42000020u);
  EXPECT_EQ(first_address(ElfBuilder().section(0x42000020, text).section(0x42010020, text).build()), 0u);
}

TEST(WriteImageDescriptor, MadeHereIsPaddingWhereNoPageIsFree) {
  const Chip& c2 = *find_chip(12);
  ByteVector payload(c2.drom.length(), std::byte{1});
  payload.resize(0x3FFFFC);
  ImageRecipe recipe = with_payload(12, c2.irom.from, payload);
  EXPECT_EQ(segments_of(made(recipe))[0].address, c2.drom.from + 0x20) << "code does not use up data pages";
  const Chip& h21 = *find_chip(25);
  payload.assign(h21.drom.length() - 0x20, std::byte{1});
  recipe = with_payload(25, h21.irom.from + 0x20, payload);
  EXPECT_EQ(segments_of(made(recipe))[0].address, 0u) << "here it does";
}

TEST(WriteImageDescriptor, ThatCannotStandAt0x20IsRefused) {
  const ByteVector descriptor = descriptor_bytes("x");
  EXPECT_EQ(error_of(with_payload(kS3, 0x3C000040, descriptor)),
            expected(Status::make_descriptor_misplaced, 0x3C000040, 0x20, 0x10000));
  const ByteVector elf = ElfBuilder().section(0x3C000000, random_bytes(16, 1)).section(0x3C000020, descriptor).build();
  EXPECT_EQ(error_of(with_elf(kC3, elf)), expected(Status::make_descriptor_misplaced, 0x3C000020, 0x20, 0x10000))
      << "something else is in its page before it";
  EXPECT_EQ(error_of(with_payload(kNoVendorChip, 0x20000002, descriptor)),
            expected(Status::make_descriptor_misplaced, 0x20000002, 0, 4));
}

TEST(WriteImageDescriptor, TooShortToBeOneIsNone) {
  ByteVector payload = descriptor_bytes("x");
  payload.resize(255);
  const ImageRecipe recipe = with_payload(kC3, 0x40380000, payload);
  EXPECT_FALSE(plan_image(recipe)->descriptor_from_input);
  EXPECT_EQ(verified(made(recipe), kC3), Event{});
}

TEST(WriteImageDescriptor, NamesThePageThatMappingKeepsTo) {
  const ByteVector code = random_bytes(100, 1);
  for (const std::uint8_t log2 : std::initializer_list<std::uint8_t>{13, 14, 15, 16}) {
    const ByteVector elf =
        ElfBuilder().section(0x42000020, descriptor_bytes("p", log2)).section(0x42000020U + (1U << log2), code).build();
    const ImageRecipe recipe = with_elf(kC6, elf);
    const ByteVector image = made(recipe);
    EXPECT_EQ(verified(image, kC6), Event{}) << int{log2};
    EXPECT_EQ(segments_of(image).back().offset & ((1U << log2) - 1), 0x20u) << int{log2};
    EXPECT_EQ(segments_of(image).back().offset, (1U << log2) + 0x20) << int{log2};
  }
}

// ---- layout

TEST(WriteImageLayout, PutsMappedSegmentsAtTheirPageOffsetBehindPadding) {
  const ByteVector elf = ElfBuilder()
                             .section(0x3C000020, descriptor_bytes("1"))
                             .section(0x42011234, bytes_of("codecode"))
                             .section(0x3FC80000, bytes_of("ram!"))
                             .build();
  const ImageRecipe recipe = with_elf(kC3, elf);
  const auto segments = segments_of(made(recipe));
  ASSERT_EQ(segments.size(), 4u);
  EXPECT_EQ(segments[0].offset, 0x20u);
  EXPECT_EQ(segments[1].address, 0u);
  EXPECT_EQ(segments[1].offset, 0x128u);
  EXPECT_TRUE(all_equal(segments[1].data, std::byte{0}));
  EXPECT_EQ(segments[2].address, 0x42011234u);
  EXPECT_EQ(segments[2].offset, 0x1234u);
  EXPECT_EQ(segments[3].address, 0x3FC80000u);
  EXPECT_EQ(plan_image(recipe)->segment_count, 4u);
  EXPECT_EQ(plan_image(recipe)->padding_bytes, 0x1234u - 0x120 - 8);
}

TEST(WriteImageLayout, NeedsNoPaddingWhereTheOffsetFitsAlready) {
  const ByteVector elf =
      ElfBuilder().section(0x3C000020, descriptor_bytes("1")).section(0x42010128, bytes_of("code")).build();
  const auto segments = segments_of(made(with_elf(kC3, elf)));
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[1].offset, 0x128u);
}

TEST(WriteImageLayout, SkipsAPageWhereThePaddingsHeaderHasNoRoom) {
  for (const std::uint32_t gap : {4U, 8U, 12U}) {
    const ByteVector elf =
        ElfBuilder().section(0x3C000020, descriptor_bytes("1")).section(0x42010128 + gap, bytes_of("code")).build();
    const ByteVector image = made(with_elf(kC3, elf));
    EXPECT_EQ(segments_of(image).size(), 3u);
    EXPECT_EQ(segments_of(image)[2].offset, 0x128 + gap + (gap == 4 ? 0x10000 : 0)) << gap;
    EXPECT_EQ(verified(image, kC3), Event{}) << gap;
  }
}

TEST(WriteImageLayout, KeepsToTheFlashOffset) {
  const ByteVector elf =
      ElfBuilder().section(0x40018020, descriptor_bytes("1", 18)).section(0x40081234, bytes_of("code")).build();
  ImageRecipe recipe = with_elf(kS31, elf);
  recipe.flash_offset = 0x18000;
  const ByteVector image = made(recipe);
  EXPECT_EQ(verified(image, kS31, 0x18000), Event{});
  EXPECT_EQ(segments_of(image).back().offset + 0x18000, 0x41234u);
  recipe.flash_offset = 0;
  EXPECT_EQ(error_of(recipe), expected(Status::make_descriptor_misplaced, 0x40018020, 0x20, 0x40000));

  const ByteVector code = bytes_of("code");
  recipe = with_payload(kS31, 0x40081234, code);
  recipe.descriptor.mmu_page_log2 = 18;
  recipe.flash_offset = 0x10000;
  EXPECT_EQ(segments_of(made(recipe))[0].address, 0x40010020u) << "a descriptor made here keeps to it too";
  EXPECT_EQ(verified(made(recipe), kS31, 0x10000), Event{});
}

TEST(WriteImageLayout, JoinsWhatTouchesOrSharesAWord) {
  const ByteVector elf = ElfBuilder()
                             .section(0x3FC80001, bytes_of("abc"))
                             .section(0x3FC80004, bytes_of("defgh"))
                             .section(0x3FC8000A, bytes_of("i"))
                             .section(0x3FC80010, bytes_of("far"))
                             .build();
  const auto segments = segments_of(made(with_elf(kC3, elf)));
  ASSERT_EQ(segments.size(), 3u);
  EXPECT_EQ(segments[1].address, 0x3FC80000u);
  EXPECT_EQ(segments[1].data, bytes_of({0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 0, 'i', 0}));
  EXPECT_EQ(segments[2].address, 0x3FC80010u);
  EXPECT_EQ(segments[2].data, bytes_of({'f', 'a', 'r', 0}));
}

TEST(WriteImageLayout, JoinsWhatSharesAnMmuPage) {
  const ByteVector elf = ElfBuilder()
                             .section(0x42000020, bytes_of("code"))
                             .section(0x42000800, bytes_of("rest"))
                             .section(0x42010000, bytes_of("next"))
                             .section(0x42010004, bytes_of("more"))
                             .build();
  const ByteVector image = made(with_elf(kC3, elf));
  const auto segments = segments_of(image);
  std::vector<std::uint32_t> mapped;
  for (const Segment& s : segments) {
    if (s.address >= 0x42000000) mapped.push_back(s.address);
  }
  EXPECT_EQ(mapped, (std::vector<std::uint32_t>{0x42000020, 0x42010000}));
  EXPECT_EQ(verified(image, kC3), Event{});
}

TEST(WriteImageLayout, TakesSectionsInAnyOrder) {
  const ByteVector a = random_bytes(40, 1);
  const ByteVector b = random_bytes(40, 2);
  const ByteVector elf = ElfBuilder()
                             .section(0x3FC90000, b)
                             .section(0x42000020, a)
                             .section(0x3FC80000, a)
                             .section(0x3C020020, descriptor_bytes("1"))
                             .section(0x3C000020, b)
                             .build();
  const ByteVector image = made(with_elf(kC3, elf));
  EXPECT_EQ(verified(image, kC3), Event{});
  std::vector<std::uint32_t> addresses;
  for (const Segment& s : segments_of(image)) {
    if (s.address != 0) addresses.push_back(s.address);
  }
  EXPECT_EQ(addresses, (std::vector<std::uint32_t>{0x3C020020, 0x3C000020, 0x42000020, 0x3FC80000, 0x3FC90000}));
}

TEST(WriteImageLayout, EndsInWholeBlocksForEveryLength) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const ByteVector payload = random_bytes(size, 1);
    const ByteVector image = made(with_payload(kC3, 0x40380000, payload));
    EXPECT_EQ(image.size() % 16, 0u) << size;
    EXPECT_EQ(verified(image, kC3), Event{}) << size;
  }
}

TEST(WriteImageLayout, NeedsNoMoreRoomThanItSays) {
  const ByteVector payload = random_bytes(100, 1);
  const ImageRecipe recipe = with_payload(kC3, 0x40380000, payload);
  ByteVector out(*image_bytes_needed(recipe) + 16, std::byte{0xEE});
  ASSERT_TRUE(write_image(recipe, out));
  EXPECT_TRUE(all_equal(Bytes{out}.last(16), std::byte{0xEE}));
}

}  // namespace
}  // namespace dualbank
