// For tests of the image writer: recipes, and an image taken apart again without the code under test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "dualbank/formats/image_writer.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank::tests {

template <std::size_t N>
void put_text(std::array<char, N>& field, std::string_view text) {
  std::copy(text.begin(), text.end(), field.begin());
}

inline ByteVector descriptor_bytes(std::string_view version, std::uint8_t mmu_page_log2 = 0) {
  ByteVector out = bytes_of({0x32, 0x54, 0xCD, 0xAB});
  out.resize(256);
  const ByteVector text = bytes_of(version);
  std::copy(text.begin(), text.end(), out.begin() + 16);
  const ByteVector project = bytes_of("demo");
  std::copy(project.begin(), project.end(), out.begin() + 48);
  out[180] = std::byte{mmu_page_log2};
  return out;
}

inline ImageRecipe with_payload(std::uint16_t chip, std::uint32_t address, Bytes payload) {
  ImageRecipe recipe{.chip_id = chip, .payload = payload, .payload_address = address};
  put_text(recipe.descriptor.version, "4.5.6");
  put_text(recipe.descriptor.project_name, "made");
  return recipe;
}

inline ImageRecipe with_elf(std::uint16_t chip, Bytes elf) {
  ImageRecipe recipe{.chip_id = chip, .elf = elf};
  put_text(recipe.descriptor.version, "4.5.6");
  put_text(recipe.descriptor.project_name, "made");
  return recipe;
}

/// Writes it, and expects what was planned.
inline ByteVector made(const ImageRecipe& recipe) {
  const auto need = image_bytes_needed(recipe);
  EXPECT_TRUE(need) << static_cast<int>(need.error().code);
  if (!need) return {};
  ByteVector image(*need, std::byte{0xEE});
  const auto written = write_image(recipe, image);
  EXPECT_TRUE(written);
  EXPECT_EQ(*written, *need);
  return image;
}

inline Event error_of(const ImageRecipe& recipe) {
  ByteVector out(1 << 20, std::byte{0xEE});
  const Event error = write_image(recipe, out).error();
  EXPECT_TRUE(all_equal(out, std::byte{0xEE})) << "nothing is written on an error";
  EXPECT_EQ(plan_image(recipe).error(), error);
  EXPECT_EQ(image_bytes_needed(recipe).error(), error);
  return error;
}

inline Event expected(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) {
  return {code, {a, b, c}};
}

struct Segment {
  std::uint32_t address = 0;
  std::size_t offset = 0;
  ByteVector data;
};

inline std::vector<Segment> segments_of(const ByteVector& image) {
  std::vector<Segment> out;
  std::size_t at = 24;
  for (int i = 0; i < std::to_integer<int>(image[1]); ++i) {
    const std::uint32_t address = load_u32(image, at);
    const std::uint32_t length = load_u32(image, at + 4);
    const auto from = image.begin() + static_cast<std::ptrdiff_t>(at + 8);
    out.push_back({address, at + 8, ByteVector(from, from + length)});
    at += 8 + length;
  }
  return out;
}

/// What a bootloader would have at an address, from all segments that are loaded or mapped.
inline ByteVector loaded(const ByteVector& image, std::uint32_t address, std::size_t size) {
  ByteVector out(size);
  std::size_t found = 0;
  for (const Segment& s : segments_of(image)) {
    for (std::size_t i = 0; i < s.data.size(); ++i) {
      const std::uint64_t at = s.address + i;
      if (s.address < 0x10000000 || at < address || at >= address + std::uint64_t{size}) continue;
      out[at - address] = s.data[i];
      ++found;
    }
  }
  EXPECT_EQ(found, size) << "each byte once";
  return out;
}

inline Event verified(const ByteVector& image, std::uint16_t chip, std::uint32_t flash_offset = 0) {
  ImageVerifier verifier(ImageRules::strict(chip, 0x1000000, flash_offset));
  if (verifier.feed(image) != Status::ok) return verifier.error();
  if (!verifier.done()) return verifier.truncated();
  EXPECT_EQ(verifier.info().length_bytes, image.size());
  return {};
}

/// An address that the chip does not map.
inline std::uint32_t ram_of(std::uint16_t chip) {
  if (chip == kNoVendorChip) return 0x20000000;
  return find_chip(chip)->maps(0x3FFC0000) ? 0x60000000 : 0x3FFC0000;
}

}  // namespace dualbank::tests
