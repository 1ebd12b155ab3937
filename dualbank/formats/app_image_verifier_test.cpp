// The streaming verification of whole images.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>

#include "dualbank/formats/app_image.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::ByteVector;
using tests::ImageBuilder;

constexpr std::uint32_t kSlot = 0x20'0000;

Event event(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

/// Feeds pieces of one size and, on the way, holds the verifier to what it promises of `wanted()`.
ImageVerifier fed(const ByteVector& image, const ImageRules& rules, std::size_t piece = SIZE_MAX) {
  ImageVerifier verifier{rules};
  Bytes rest{image};
  while (!rest.empty()) {
    EXPECT_LE(verifier.wanted(), rules.slot_bytes - (image.size() - rest.size()));
    const Bytes next = rest.first(std::min(piece, rest.size()));
    EXPECT_EQ(verifier.feed(next), verifier.error().code);
    rest = rest.subspan(next.size());
    if (verifier.wanted() == 0) break;
  }
  EXPECT_EQ(verifier.wanted() == 0, verifier.done() || verifier.error().failed());
  return verifier;
}

Event strict_error(const ByteVector& image, std::uint16_t chip = 9) {
  const ImageVerifier verifier = fed(image, ImageRules::strict(chip, kSlot));
  EXPECT_EQ(verifier.done(), !verifier.error().failed());
  return verifier.error();
}

bool vendor_boots(const ByteVector& image, std::uint16_t chip = 9) {
  return fed(image, ImageRules::vendor(chip, kSlot)).done();
}

/// The 336 bytes whose hashes the format's notes give, byte by byte.
ByteVector synthetic_image() {
  ByteVector image =
      tests::bytes_of({0xE9, 0x01, 0x02, 0x2F, 0x00, 0x00, 0x37, 0x40, 0xEE, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00,
                       0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x00, 0x00, 0x3C, 0x00, 0x01, 0x00, 0x00});
  image.resize(303);
  const ByteVector magic = tests::bytes_of({0x32, 0x54, 0xCD, 0xAB});
  const ByteVector version = tests::bytes_of("1.2.3");
  const ByteVector project = tests::bytes_of("demo");
  std::ranges::copy(magic, image.begin() + 0x20);
  std::ranges::copy(version, image.begin() + 0x30);
  std::ranges::copy(project, image.begin() + 0x50);
  image.push_back(std::byte{0xDC});
  const ByteVector hash =
      tests::bytes_of({0x3b, 0x53, 0x78, 0x8b, 0x1e, 0x32, 0x65, 0x23, 0x9a, 0xa4, 0xb4, 0x45, 0x06, 0x56, 0x6b, 0xcb,
                       0x18, 0xc7, 0xb9, 0xce, 0xf8, 0xa8, 0x1c, 0x33, 0x42, 0x66, 0x5b, 0xc1, 0x51, 0xd7, 0x38, 0xda});
  image.insert(image.end(), hash.begin(), hash.end());
  return image;
}

TEST(ImageVerifier, TakesTheSyntheticImageInPiecesOfAnySize) {
  const ByteVector image = synthetic_image();
  ASSERT_EQ(image.size(), 336U);
  for (std::size_t piece = 1; piece <= image.size(); ++piece) {
    const ImageVerifier verifier = fed(image, ImageRules::strict(9, 336), piece);
    ASSERT_TRUE(verifier.done()) << piece;
    EXPECT_EQ(verifier.info().length_bytes, 336U);
    EXPECT_STREQ(verifier.info().descriptor.version.data(), "1.2.3");
    EXPECT_STREQ(verifier.info().descriptor.project_name.data(), "demo");
    EXPECT_TRUE(std::ranges::equal(verifier.info().hash, Bytes{image}.last(32)));
  }
}

TEST(ImageVerifier, BuilderOfTheTestsMakesTheSyntheticImage) {
  EXPECT_EQ(ImageBuilder().version("1.2.3").project("demo").time("").date("").idf_version("").payload({}).build(),
            synthetic_image());
}

TEST(ImageVerifier, TakesLargeImagesOfManySegmentsInPieces) {
  const ByteVector image = ImageBuilder()
                               .chip(5)
                               .segment(0x3FC8'0000, tests::random_bytes(1000, 2))
                               .mapped_segment(0x4200'0020, tests::random_bytes(70'000, 3))
                               .segment(0x4038'0000, {})
                               .segment(0x5000'0000, tests::random_bytes(4, 4))
                               .length(0x3'0000)
                               .build();
  ASSERT_EQ(image[1], std::byte{6}) << "with the padding";
  for (const std::size_t piece : std::initializer_list<std::size_t>{1, 7, 64, 4096, SIZE_MAX}) {
    const ImageVerifier verifier = fed(image, ImageRules::strict(5, 0x3'0000, 0x1'0000), piece);
    EXPECT_TRUE(verifier.done()) << piece << ": " << int{static_cast<std::uint8_t>(verifier.error().code)};
    EXPECT_EQ(verifier.info().length_bytes, 0x3'0000U);
  }
}

// The checksum is the last byte of a block of 16, wherever the data ends.
TEST(ImageVerifier, FindsTheChecksumAfterEveryLengthOfData) {
  for (std::size_t words = 0; words < 9; ++words) {
    const ByteVector image = ImageBuilder().payload(tests::random_bytes(4 * words, 5)).build();
    EXPECT_EQ(strict_error(image), Event{}) << words;
    EXPECT_EQ(strict_error(ImageBuilder().payload(tests::random_bytes(4 * words, 5)).wrong_checksum().build()).code,
              Status::image_checksum_mismatch)
        << words;
  }
}

TEST(ImageVerifier, IgnoresWhatThePaddingHolds) {
  ByteVector image = ImageBuilder().payload({}).no_hash().build();
  std::fill(image.begin() + 288, image.end() - 1, std::byte{0xA5});
  EXPECT_TRUE(vendor_boots(image));
}

TEST(ImageVerifier, IgnoresWhatFollowsTheImage) {
  const ByteVector trailing = tests::random_bytes(5000, 6);
  const std::size_t length = ImageBuilder().build().size();
  const ImageVerifier verifier = fed(ImageBuilder().trailing(trailing).build(), ImageRules::strict(9, kSlot));
  EXPECT_TRUE(verifier.done());
  EXPECT_EQ(verifier.info().length_bytes, length);
}

TEST(ImageVerifier, TakesNoByteAfterItsJudgement) {
  ImageVerifier good{ImageRules::strict(9, kSlot)};
  EXPECT_EQ(good.feed(ImageBuilder().build()), Status::ok);
  const Sha256Digest hash = good.info().hash;
  EXPECT_EQ(good.feed(tests::random_bytes(500, 7)), Status::ok);
  EXPECT_TRUE(good.done());
  EXPECT_EQ(good.info().hash, hash);

  ImageVerifier bad{ImageRules::strict(9, kSlot)};
  EXPECT_EQ(bad.feed(ImageBuilder().magic(1).build()), Status::image_no_magic);
  EXPECT_EQ(bad.feed(ImageBuilder().build()), Status::image_no_magic);
  EXPECT_EQ(bad.wanted(), 0U);
  EXPECT_FALSE(bad.done());
}

// Under strict rules no single wrong bit passes, and each one is told in the right words.
TEST(ImageVerifier, RefusesEverySingleFlippedBit) {
  const ByteVector good = ImageBuilder().payload(tests::random_bytes(64, 8)).segment(0x3FC8'0000, {}).build();
  ASSERT_EQ(strict_error(good), Event{});
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    ByteVector image = good;
    tests::flip_bit(image, bit);
    const ImageVerifier verifier = fed(image, ImageRules::strict(9, kSlot));
    ASSERT_FALSE(verifier.done()) << bit;
    const std::size_t offset = bit / 8;
    const bool in_data = offset >= 0x24 && offset < 0x20 + 256 + 64;
    const Status code = verifier.error().code;
    EXPECT_TRUE(!in_data || code == Status::image_checksum_mismatch) << bit;
    EXPECT_TRUE(offset < good.size() - 32 || code == Status::image_hash_mismatch) << bit;
    // Where a length has grown the input is too short, which only the caller can see; all else is an error by itself.
    EXPECT_TRUE(verifier.error().failed() || verifier.wanted() > 0) << bit;
  }
}

TEST(ImageVerifier, NamesBothChecksums) {
  const ByteVector good = ImageBuilder().build();
  const auto right = static_cast<std::uint32_t>(good[good.size() - 33]);
  EXPECT_EQ(strict_error(ImageBuilder().wrong_checksum().build()),
            event(Status::image_checksum_mismatch, right, right ^ 1));
  EXPECT_FALSE(vendor_boots(ImageBuilder().wrong_checksum().build()));
}

TEST(ImageVerifier, RefusesAWrongHashAndDoesNotShowIt) {
  const ByteVector image = ImageBuilder().wrong_hash().build();
  const ImageVerifier verifier = fed(image, ImageRules::strict(9, kSlot));
  EXPECT_EQ(verifier.error(), event(Status::image_hash_mismatch, static_cast<std::uint32_t>(image.size())));
  EXPECT_EQ(verifier.info().hash, Sha256Digest{});
  EXPECT_FALSE(vendor_boots(image));
}

TEST(ImageVerifier, AnyHashFlagButZeroAsksForTheHash) {
  EXPECT_EQ(strict_error(ImageBuilder().hash_flag(0x80).build()), Event{});
  EXPECT_EQ(strict_error(ImageBuilder().hash_flag(2).wrong_hash().build()).code, Status::image_hash_mismatch);
}

TEST(ImageVerifier, Scenario20RefusesAnImageOneByteTooLongBeforeItsEnd) {
  const ByteVector image = ImageBuilder().segment(0x3FC8'0000, {}).length(0x8000).build();
  for (const bool strict : {true, false}) {
    const auto rules = [&](std::uint32_t slot) {
      return strict ? ImageRules::strict(9, slot) : ImageRules::vendor(9, slot);
    };
    EXPECT_TRUE(fed(image, rules(0x8000)).done());
    ImageVerifier verifier{rules(0x7FFF)};
    std::size_t given = 0;
    while (verifier.wanted() > 0) {
      const std::size_t n = verifier.wanted();
      ASSERT_LE(given + n, 0x7FFFU) << "reads beyond the slot";
      static_cast<void>(verifier.feed(Bytes{image}.subspan(given, n)));
      given += n;
    }
    EXPECT_EQ(verifier.error(), event(Status::image_too_long, 0x8000, 0x7FFF));
    EXPECT_LT(given, 0x1000U) << "the last segment's header told";
  }
}

// With no slot size at all, an image is still refused where its addresses would wrap.
TEST(ImageVerifier, LengthsDoNotWrapAround) {
  ByteVector image = ImageBuilder().segment(0x3FC8'0000, {}).build();
  const std::size_t second = image.size() - 32 - 16;
  ASSERT_EQ(load_u32(image, second + 4 - 4), 0x3FC8'0000U);
  store_u32(image, second + 4, 0xFFFF'FE00);
  EXPECT_EQ(fed(image, ImageRules::strict(9, kUnknownLength)).error(),
            event(Status::image_too_long, 0xFFFF'FFFF, 0xFFFF'FFFF));
  store_u32(image, second + 4, 0xFFF0'0000);
  EXPECT_FALSE(fed(image, ImageRules::strict(9, kUnknownLength)).error().failed());
  EXPECT_EQ(fed(image, ImageRules::strict(9, kUnknownLength, 0x10'0000)).error().code, Status::image_too_long);
}

TEST(ImageVerifier, Scenario21VendorBootsWhatCancelsInTheChecksumAndWeDoNot) {
  ByteVector image = ImageBuilder().no_hash().build();
  tests::flip_bit(image, 8 * 300);
  EXPECT_FALSE(vendor_boots(image));
  tests::flip_bit(image, 8 * 301);
  EXPECT_TRUE(vendor_boots(image));
  EXPECT_EQ(strict_error(image), event(Status::image_no_hash));

  ByteVector hashed = ImageBuilder().build();
  tests::flip_bit(hashed, 8 * 300);
  tests::flip_bit(hashed, 8 * 301);
  EXPECT_FALSE(vendor_boots(hashed));
  EXPECT_EQ(strict_error(hashed).code, Status::image_hash_mismatch);
}

TEST(ImageVerifier, Scenario22RefusesAnotherChipsImageByItsHeader) {
  ImageVerifier verifier{ImageRules::vendor(9, kSlot)};
  EXPECT_EQ(verifier.wanted(), 24U);
  EXPECT_EQ(verifier.feed(Bytes{ImageBuilder().chip(5).build()}.first(24)), Status::image_wrong_chip);
  EXPECT_EQ(verifier.error(), event(Status::image_wrong_chip, 5, 9));
}

TEST(ImageVerifier, VendorBootsThe32BytesWithoutSegmentsAndWeDoNot) {
  ByteVector image(32);
  image[0] = std::byte{0xE9};
  image[31] = std::byte{0xEF};
  for (const std::uint16_t chip : std::initializer_list<std::uint16_t>{0, 2, 5, 9, 18, 23}) {
    image[12] = static_cast<std::byte>(chip);
    const ImageVerifier verifier = fed(image, ImageRules::vendor(chip, 32));
    EXPECT_TRUE(verifier.done()) << chip;
    EXPECT_EQ(verifier.info().length_bytes, 32U);
    EXPECT_EQ(strict_error(image, chip), event(Status::image_no_segments)) << chip;
  }
  image[12] = std::byte{13};
  EXPECT_EQ(fed(image, ImageRules::vendor(13, 32)).error(), event(Status::image_no_segments));
  EXPECT_EQ(ImageBuilder().no_segments().build().size(), 64U);
  EXPECT_TRUE(vendor_boots(ImageBuilder().no_segments().build())) << "with a hash";
}

TEST(ImageVerifier, HashAndDescriptorAreAskedForApart) {
  ImageRules hash_only = ImageRules::vendor(9, kSlot);
  hash_only.need_hash = true;
  EXPECT_EQ(fed(ImageBuilder().no_descriptor().no_hash().build(), hash_only).error(), event(Status::image_no_hash));
  EXPECT_EQ(fed(ImageBuilder().no_segments().no_hash().build(), hash_only).error(), event(Status::image_no_hash));
  EXPECT_TRUE(fed(ImageBuilder().no_descriptor().build(), hash_only).done());
  ImageRules descriptor_only = ImageRules::vendor(9, kSlot);
  descriptor_only.need_descriptor = true;
  EXPECT_TRUE(fed(ImageBuilder().no_hash().build(), descriptor_only).done());
}

TEST(ImageVerifier, SlotsTooSmallForAnyImageWantNothing) {
  ImageVerifier verifier{ImageRules::vendor(9, 31)};
  EXPECT_EQ(verifier.wanted(), 0U);
  EXPECT_EQ(verifier.error(), event(Status::image_too_long, 32, 31));
  EXPECT_EQ(fed(ImageBuilder().build(), ImageRules::strict(9, 79)).error(), event(Status::image_too_long, 80, 79));
}

TEST(ImageVerifier, TakesUpTo16Segments) {
  ImageBuilder builder;
  for (std::uint32_t i = 1; i < 16; ++i) builder.segment(0x3FC8'0000 + 0x1000 * i, tests::random_bytes(4 * i, i));
  EXPECT_EQ(strict_error(builder.build()), Event{});
  EXPECT_EQ(strict_error(builder.segment(0x3FCA'0000, {}).build()), event(Status::image_too_many_segments, 17, 16));
}

TEST(ImageVerifier, ChecksEverySegment) {
  const auto third = [](std::uint32_t address, std::uint32_t length_to_say) {
    const ImageBuilder builder =
        ImageBuilder().chip(5).segment(0x3FC8'0000, ByteVector(16)).segment(address, ByteVector(8));
    ByteVector image = builder.build();
    const std::size_t header = 24 + 8 + 512 + 8 + 16;
    EXPECT_EQ(load_u32(image, header), address);
    store_u32(image, header + 4, length_to_say);
    return fed(image, ImageRules::strict(5, kUnknownLength)).error();
  };
  EXPECT_EQ(third(0x3FC9'0000, 8), Event{});
  EXPECT_EQ(third(0x3FC9'0000, 9), event(Status::image_bad_segment, 2, 9));
  EXPECT_EQ(third(0x3FC9'0000, 0x100'0000), event(Status::image_bad_segment, 2, 0x100'0000));
  const std::uint32_t data_at = 24 + 8 + 512 + 8 + 16 + 8;
  EXPECT_EQ(third(0x4200'0000 + data_at, 8), Event{});
  EXPECT_EQ(third(0x4200'0004 + data_at, 8), event(Status::image_bad_mapping, 2, 0x4200'0004 + data_at, 0x1'0000));
}

// All that check_image_start can tell, the verifier tells too, in the same order.
TEST(ImageVerifier, AgreesWithTheLookAtTheStart) {
  const ByteVector no_descriptor = ImageBuilder().no_descriptor().no_hash().build();
  ByteVector odd = ImageBuilder().no_hash().build();
  store_u32(odd, 28, 513);
  const ByteVector images[] = {ImageBuilder().bootloader().build(),
                               ImageBuilder().bootloader().no_hash().build(),
                               ImageBuilder().magic(0).chip(3).build(),
                               ImageBuilder().chip(3).segment_count(0).build(),
                               ImageBuilder().chip(5).segment_count(17).build(),
                               ImageBuilder().no_hash().load_address(0x3C00'0000).build(),
                               ImageBuilder().load_address(0x3C00'0000).build(),
                               ImageBuilder().length(0x8000).build(),
                               no_descriptor,
                               odd,
                               ImageBuilder().build()};
  for (const ByteVector& image : images) {
    for (const ImageRules& rules : {ImageRules::strict(9, 0x4000), ImageRules::vendor(9, 0x4000)}) {
      EXPECT_EQ(fed(image, rules, 1).error(), check_image_start(image, rules).error())
          << &image - images << (rules.need_hash ? " strict" : " vendor");
    }
  }
}

TEST(ImageVerifier, ShortFirstSegmentsAreTheVendorsAffair) {
  const ByteVector image = ImageBuilder().no_descriptor().payload({}).segment(0x3FC8'0000, ByteVector(8)).build();
  EXPECT_TRUE(vendor_boots(image));
  EXPECT_EQ(strict_error(image).code, Status::image_no_descriptor);
  ByteVector cut_descriptor = ImageBuilder().no_descriptor().payload(tests::bytes_of({0x32, 0x54, 0xCD, 0xAB})).build();
  EXPECT_EQ(strict_error(cut_descriptor), event(Status::image_bad_segment, 0, 4));
  const ImageVerifier vendor = fed(cut_descriptor, ImageRules::vendor(9, kSlot));
  EXPECT_TRUE(vendor.done());
  EXPECT_FALSE(vendor.info().has_descriptor);
}

TEST(ImageVerifier, ToldHowMuchIsMissing) {
  const ByteVector image = ImageBuilder().segment(0x3FC8'0000, {}).length(0x1000).build();
  const auto cut_to = [&](std::size_t bytes) {
    const ImageVerifier verifier = fed(ByteVector{image.begin(), image.begin() + static_cast<std::ptrdiff_t>(bytes)},
                                       ImageRules::strict(9, kSlot), 64);
    EXPECT_FALSE(verifier.done());
    EXPECT_FALSE(verifier.error().failed());
    return verifier.truncated();
  };
  EXPECT_EQ(cut_to(0), event(Status::image_too_short, 0, 288));
  EXPECT_EQ(cut_to(23), event(Status::image_too_short, 23, 288));
  // Two segments' headers, a block with the checksum, the hash; then also the first segment's 512 bytes; then all.
  EXPECT_EQ(cut_to(24), event(Status::image_truncated, 24, 48 + 32));
  EXPECT_EQ(cut_to(300), event(Status::image_truncated, 300, 560 + 32));
  EXPECT_EQ(cut_to(0xFFF), event(Status::image_truncated, 0xFFF, 0x1000));
}

TEST(ImageVerifier, LengthIsKnownFromTheLastSegmentsHeader) {
  const ByteVector image = ImageBuilder().segment(0x3FC8'0000, {}).length(0x1000).build();
  ImageVerifier verifier{ImageRules::strict(9, kSlot)};
  EXPECT_EQ(verifier.feed(Bytes{image}.first(551)), Status::ok);
  EXPECT_EQ(verifier.info().length_bytes, kUnknownLength);
  EXPECT_EQ(verifier.feed(Bytes{image}.subspan(551, 1)), Status::ok);
  EXPECT_EQ(verifier.info().length_bytes, 0x1000U);
  EXPECT_EQ(verifier.wanted(), 0x1000U - 552);
}

TEST(ImageVerifier, JunkIsNoImage) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    ByteVector junk = tests::random_bytes(2048, seed);
    for (const std::uint8_t magic : std::initializer_list<std::uint8_t>{0x00, 0xE9}) {
      if (magic != 0) junk[0] = std::byte{magic};
      if (magic != 0) store_u16(junk, 12, 9);
      EXPECT_FALSE(fed(junk, ImageRules::strict(9, kSlot)).done()) << seed;
      EXPECT_FALSE(fed(junk, ImageRules::vendor(kAnyChip, kSlot)).done()) << seed;
    }
  }
  const ImageVerifier erased = fed(ByteVector(4096, std::byte{0xFF}), ImageRules::vendor(9, kSlot));
  EXPECT_EQ(erased.error(), event(Status::image_no_magic, 0xFF));
}

}  // namespace
}  // namespace dualbank
