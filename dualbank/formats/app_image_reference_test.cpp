// The streaming verifier against a second reading of the same rules: a plain one that has the whole image in its hands.
#include <gtest/gtest.h>

#include <algorithm>

#include "dualbank/formats/app_image.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::ByteVector;
using tests::ImageBuilder;

constexpr std::size_t kSlot = 0x4000;

enum class Verdict : std::uint8_t { good, bad, too_short };

/// What the vendor's steps make of an image for an ESP32-S3 at the start of the flash; with `strict`, what ours add.
Verdict judged_whole(const ByteVector& image, bool strict) {
  const auto u8 = [&](std::size_t at) { return std::to_integer<std::size_t>(image[at]); };
  const auto u32 = [&](std::size_t at) { return u8(at) | u8(at + 1) << 8 | u8(at + 2) << 16 | u8(at + 3) << 24; };
  if (image.size() < 24) return Verdict::too_short;
  const std::size_t count = u8(1);
  const std::size_t hash_bytes = u8(23) != 0 ? 32 : 0;
  if (u8(0) != 0xE9 || u8(12) != 9 || u8(13) != 0 || count > 16) return Verdict::bad;
  if (strict && count == 0) return Verdict::bad;

  std::size_t at = 24;
  std::size_t checksum = 0xEF;
  for (std::size_t i = 0; i < count; ++i) {
    if (image.size() < at + 8) return Verdict::too_short;
    const std::size_t address = u32(at);
    const std::size_t length = u32(at + 4);
    at += 8;
    const bool mapped =
        (address >= 0x3C00'0000 && address < 0x3E00'0000) || (address >= 0x4200'0000 && address < 0x4400'0000);
    if (length % 4 != 0) return Verdict::bad;
    // The page that mapping is measured in stands in the descriptor.
    if (i == 0 && length >= 256 && image.size() < at + 256) return Verdict::too_short;
    if (mapped && address % 0x10000 != at % 0x10000) return Verdict::bad;
    if (strict && i == 0) {
      if (image.size() < at + 4) return Verdict::too_short;
      if (length < 256 || u32(at) != 0xABCD'5432 || hash_bytes == 0) return Verdict::bad;
    }
    if (at + length > kSlot) return Verdict::bad;
    if (image.size() < at + length) return Verdict::too_short;
    for (std::size_t j = 0; j < length; ++j) checksum ^= u8(at + j);
    at += length;
  }
  const std::size_t hashed = at / 16 * 16 + 16;
  if (hashed + hash_bytes > kSlot) return Verdict::bad;
  if (image.size() < hashed) return Verdict::too_short;
  if (u8(hashed - 1) != checksum) return Verdict::bad;
  if (hash_bytes == 0) return Verdict::good;
  if (image.size() < hashed + 32) return Verdict::too_short;
  const Sha256Digest digest = sha256(Bytes{image}.first(hashed));
  return std::ranges::equal(digest, Bytes{image}.subspan(hashed, 32)) ? Verdict::good : Verdict::bad;
}

Verdict streamed(const ByteVector& image, bool strict, std::size_t piece) {
  ImageVerifier verifier{strict ? ImageRules::strict(9, kSlot) : ImageRules::vendor(9, kSlot)};
  for (Bytes rest{image}; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    static_cast<void>(verifier.feed(rest.first(std::min(piece, rest.size()))));
  }
  if (verifier.done()) return Verdict::good;
  return verifier.error().failed() ? Verdict::bad : Verdict::too_short;
}

/// The two may see an unavoidable end at different bytes: the streaming one knows of a length that cannot fit earlier.
void expect_same(const ByteVector& image, std::size_t piece, std::uint32_t seed) {
  for (const bool strict : {false, true}) {
    const Verdict whole = judged_whole(image, strict);
    const Verdict stream = streamed(image, strict, piece);
    EXPECT_EQ(stream == Verdict::good, whole == Verdict::good) << "seed " << seed << (strict ? " strict" : " vendor");
    EXPECT_TRUE(stream != Verdict::too_short || whole == Verdict::too_short) << "seed " << seed;
  }
}

std::size_t pick(const ByteVector& dice, std::size_t index, std::size_t below) {
  return (std::to_integer<std::size_t>(dice[2 * index]) << 8 | std::to_integer<std::size_t>(dice[2 * index + 1])) %
         below;
}

ImageBuilder some_image(const ByteVector& dice) {
  ImageBuilder builder;
  const std::size_t segments = pick(dice, 0, 5);
  builder.payload(tests::random_bytes(4 * pick(dice, 1, 40), 1));
  for (std::size_t i = 0; i < segments; ++i) {
    builder.segment(static_cast<std::uint32_t>(0x3FC8'0000 + 0x100 * i),
                    tests::random_bytes(4 * pick(dice, 2 + i, 60), 2));
  }
  if (pick(dice, 8, 4) == 0) builder.no_hash();
  if (pick(dice, 9, 4) == 0) builder.no_descriptor();
  if (pick(dice, 10, 8) == 0) builder.no_segments();
  return builder;
}

TEST(ImageVerifierAgainstReference, AgreesOnWholeImages) {
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    const ByteVector dice = tests::random_bytes(64, seed);
    const ByteVector image = some_image(dice).build();
    EXPECT_EQ(judged_whole(image, false), Verdict::good) << seed;
    expect_same(image, 1 + pick(dice, 12, 400), seed);
  }
}

TEST(ImageVerifierAgainstReference, AgreesOnImagesThatEndEarly) {
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    const ByteVector dice = tests::random_bytes(64, seed);
    ByteVector image = some_image(dice).build();
    image.resize(pick(dice, 13, image.size()));
    EXPECT_EQ(streamed(image, false, 50), Verdict::too_short) << seed;
    expect_same(image, 1 + pick(dice, 12, 400), seed);
  }
}

TEST(ImageVerifierAgainstReference, AgreesOnDamagedImages) {
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    const ByteVector dice = tests::random_bytes(64, seed);
    ByteVector image = some_image(dice).build();
    // Half of the damage where the headers are, where it has the most to break.
    const std::size_t reach = pick(dice, 14, 2) == 0 ? 32 : image.size();
    for (std::size_t i = 0; i <= pick(dice, 15, 3); ++i) tests::flip_bit(image, pick(dice, 16 + i, 8 * reach));
    expect_same(image, 1 + pick(dice, 12, 400), seed);
  }
}

}  // namespace
}  // namespace dualbank
