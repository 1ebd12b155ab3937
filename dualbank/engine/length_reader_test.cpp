#include "dualbank/engine/length_reader.hpp"

#include <gtest/gtest.h>

#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::ByteVector;
using tests::ImageBuilder;
using tests::random_bytes;

std::uint32_t length_of(const ByteVector& image, std::uint32_t slot_bytes = 0x100000) {
  LengthReader reader;
  while (!reader.known()) {
    const Range wanted = reader.wanted();
    if (wanted.to > image.size()) return kUnknownLength;
    if (!reader.take(Bytes{image}.subspan(wanted.from, wanted.length()), slot_bytes)) return kUnknownLength;
  }
  return reader.length_bytes();
}

TEST(LengthReader, FindsTheLengthOfEveryImage) {
  for (std::size_t payload = 0; payload < 64; payload += 4) {
    const ByteVector plain = ImageBuilder().payload(random_bytes(payload, 1)).build();
    EXPECT_EQ(length_of(plain), plain.size());
    const ByteVector bare = ImageBuilder().payload(random_bytes(payload, 1)).no_hash().build();
    EXPECT_EQ(length_of(bare), bare.size());
    const ByteVector three =
        ImageBuilder().segment(0x3FC88000, random_bytes(payload, 2)).segment(0x3FC90000, {}).build();
    EXPECT_EQ(length_of(three), three.size());
  }
}

TEST(LengthReader, TrailingBytesDoNotCount) {
  const ByteVector image = ImageBuilder().length(8192).trailing(ByteVector(100)).build();
  EXPECT_EQ(length_of(image), 8192U);
}

TEST(LengthReader, AsksOnlyForHeaders) {
  const ByteVector image = ImageBuilder().segment(0x3FC88000, random_bytes(5000, 2)).build();
  LengthReader reader;
  EXPECT_EQ(reader.wanted(), (Range{0, 24}));
  ASSERT_TRUE(reader.take(Bytes{image}.first(24), 0x10000));
  EXPECT_EQ(reader.wanted(), (Range{24, 32}));
  ASSERT_TRUE(reader.take(Bytes{image}.subspan(24, 8), 0x10000));
  EXPECT_EQ(reader.wanted(), (Range{32 + 512, 40 + 512}));
  EXPECT_FALSE(reader.known());
  reader.reset();
  EXPECT_EQ(reader.wanted(), (Range{0, 24}));
}

TEST(LengthReader, AnImageThatCannotFitIsToldWithWhatItNeeds) {
  const ByteVector image = ImageBuilder().length(8192).build();
  EXPECT_EQ(length_of(image, 8192), 8192U);
  EXPECT_EQ(length_of(image, 8191), kUnknownLength);
  LengthReader reader;
  ASSERT_TRUE(reader.take(Bytes{image}.first(24), 4096));
  EXPECT_FALSE(reader.take(Bytes{image}.subspan(24, 8), 4096));
  EXPECT_GE(reader.wanted().to, 8192U - 48);
}

TEST(LengthReader, NonsenseLengthsDoNotWrap) {
  ByteVector image = ImageBuilder().build();
  for (const std::uint32_t length : {0xFFFFFFFFU, 0xFFFFFFE0U, 0x80000000U, 0x100000U}) {
    store_u32(image, 28, length);
    EXPECT_EQ(length_of(image), kUnknownLength) << length;
  }
}

TEST(LengthReader, AnImageWithoutSegmentsIsItsTrailer) {
  const ByteVector image = ImageBuilder().no_segments().build();
  EXPECT_EQ(length_of(image), image.size());
  LengthReader reader;
  EXPECT_FALSE(reader.take(image, 32)) << "no room for the trailer";
}

}  // namespace
}  // namespace dualbank
