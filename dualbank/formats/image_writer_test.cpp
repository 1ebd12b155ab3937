#include "dualbank/formats/image_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "dualbank/formats/elf.hpp"
#include "tests/support/elf_builder.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::bytes_of;
using tests::ByteVector;
using tests::ElfBuilder;
using tests::random_bytes;

constexpr std::uint16_t kS3 = 9;
constexpr std::uint16_t kC3 = 5;
constexpr std::uint16_t kC6 = 13;
constexpr std::uint16_t kS31 = 32;

template <std::size_t N>
void put_text(std::array<char, N>& field, std::string_view text) {
  std::copy(text.begin(), text.end(), field.begin());
}

ByteVector descriptor_bytes(std::string_view version, std::uint8_t mmu_page_log2 = 0) {
  ByteVector out = bytes_of({0x32, 0x54, 0xCD, 0xAB});
  out.resize(256);
  const ByteVector text = bytes_of(version);
  std::copy(text.begin(), text.end(), out.begin() + 16);
  const ByteVector project = bytes_of("demo");
  std::copy(project.begin(), project.end(), out.begin() + 48);
  out[180] = std::byte{mmu_page_log2};
  return out;
}

ImageRecipe with_payload(std::uint16_t chip, std::uint32_t address, Bytes payload) {
  ImageRecipe recipe{.chip_id = chip, .payload = payload, .payload_address = address};
  put_text(recipe.descriptor.version, "4.5.6");
  put_text(recipe.descriptor.project_name, "made");
  return recipe;
}

ImageRecipe with_elf(std::uint16_t chip, Bytes elf) {
  ImageRecipe recipe{.chip_id = chip, .elf = elf};
  put_text(recipe.descriptor.version, "4.5.6");
  put_text(recipe.descriptor.project_name, "made");
  return recipe;
}

/// Writes it, and expects what was planned.
ByteVector made(const ImageRecipe& recipe) {
  const auto need = image_bytes_needed(recipe);
  EXPECT_TRUE(need) << static_cast<int>(need.error().code);
  if (!need) return {};
  ByteVector image(*need, std::byte{0xEE});
  const auto written = write_image(recipe, image);
  EXPECT_TRUE(written);
  EXPECT_EQ(*written, *need);
  return image;
}

Event error_of(const ImageRecipe& recipe) {
  ByteVector out(1 << 20, std::byte{0xEE});
  const Event error = write_image(recipe, out).error();
  EXPECT_TRUE(all_equal(out, std::byte{0xEE})) << "nothing is written on an error";
  EXPECT_EQ(plan_image(recipe).error(), error);
  EXPECT_EQ(image_bytes_needed(recipe).error(), error);
  return error;
}

Event expected(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

struct Segment {
  std::uint32_t address = 0;
  std::size_t offset = 0;
  ByteVector data;
};

std::vector<Segment> segments_of(const ByteVector& image) {
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
ByteVector loaded(const ByteVector& image, std::uint32_t address, std::size_t size) {
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

Event verified(const ByteVector& image, std::uint16_t chip, std::uint32_t flash_offset = 0) {
  ImageVerifier verifier(ImageRules::strict(chip, 0x1000000, flash_offset));
  if (verifier.feed(image) != Status::ok) return verifier.error();
  if (!verifier.done()) return verifier.truncated();
  EXPECT_EQ(verifier.info().length_bytes, image.size());
  return {};
}

/// An address that the chip does not map.
std::uint32_t ram_of(std::uint16_t chip) {
  if (chip == kNoVendorChip) return 0x20000000;
  return find_chip(chip)->maps(0x3FFC0000) ? 0x60000000 : 0x3FFC0000;
}

// ---- golden bytes

// The image of the facts' vector, whose checksum and SHA-256 were computed by other tools.
TEST(WriteImage, MakesTheVectorsBytes) {
  const ByteVector descriptor = descriptor_bytes("1.2.3");
  const ImageRecipe recipe{.chip_id = kS3,
                           .payload = descriptor,
                           .payload_address = 0x3C000020,
                           .entry_address = 0x40370000,
                           .spi_mode = 2,
                           .spi_speed_and_size = 0x2F};
  const ByteVector image = made(recipe);
  ByteVector golden =
      bytes_of({0xE9, 0x01, 0x02, 0x2F, 0x00, 0x00, 0x37, 0x40, 0xEE, 0x00, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00,
                0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0x01, 0x20, 0x00, 0x00, 0x3C, 0x00, 0x01, 0x00, 0x00});
  golden.insert(golden.end(), descriptor.begin(), descriptor.end());
  golden.resize(0x12F);
  golden.push_back(std::byte{0xDC});
  const ByteVector hash =
      bytes_of({0x3B, 0x53, 0x78, 0x8B, 0x1E, 0x32, 0x65, 0x23, 0x9A, 0xA4, 0xB4, 0x45, 0x06, 0x56, 0x6B, 0xCB,
                0x18, 0xC7, 0xB9, 0xCE, 0xF8, 0xA8, 0x1C, 0x33, 0x42, 0x66, 0x5B, 0xC1, 0x51, 0xD7, 0x38, 0xDA});
  golden.insert(golden.end(), hash.begin(), hash.end());
  EXPECT_EQ(image, golden);
}

TEST(WriteImage, FillsTheHeader) {
  const ByteVector payload = random_bytes(64, 1);
  ImageRecipe recipe = with_payload(kC3, 0x40380000, payload);
  recipe.spi_mode = 3;
  recipe.spi_speed_and_size = 0x4F;
  recipe.entry_address = 0x40380010;
  recipe.min_chip_revision = 3;
  recipe.max_chip_revision = 199;
  const ImageHeader header = ImageHeader::parse(made(recipe));
  EXPECT_EQ(header.magic, 0xE9);
  EXPECT_EQ(header.segment_count, 2);
  EXPECT_EQ(header.spi_mode, 3);
  EXPECT_EQ(header.spi_speed_and_size, 0x4F);
  EXPECT_EQ(header.entry_address, 0x40380010u);
  EXPECT_EQ(header.chip_id, kC3);
  EXPECT_EQ(header.min_chip_revision, 3);
  EXPECT_EQ(header.max_chip_revision, 199);
  EXPECT_TRUE(header.has_hash);
}

TEST(WriteImage, StartsAPayloadAtItsFirstByteUnlessToldOtherwise) {
  const ByteVector payload = random_bytes(64, 1);
  EXPECT_EQ(ImageHeader::parse(made(with_payload(kC3, 0x40380000, payload))).entry_address, 0x40380000u);
}

// ---- every chip

TEST(WriteImageOnEveryChip, MakesAVerifiedImageOfAPayload) {
  for (const Chip& chip : all_chips()) {
    const ByteVector payload = random_bytes(1001, chip.id);
    const ByteVector image = made(with_payload(chip.id, ram_of(chip.id), payload));
    EXPECT_EQ(verified(image, chip.id), Event{}) << chip.name;
    EXPECT_EQ(loaded(image, ram_of(chip.id), 1001), payload) << chip.name;
    const auto info = check_image_start(image, ImageRules::strict(chip.id, 0x100000));
    ASSERT_TRUE(info) << chip.name;
    EXPECT_STREQ(info->descriptor.version.data(), "4.5.6");
    EXPECT_STREQ(info->descriptor.project_name.data(), "made");
    EXPECT_EQ(info->header.chip_id, chip.id);
  }
}

TEST(WriteImageOnEveryChip, MakesAVerifiedImageOfAPayloadThatIsMapped) {
  for (const Chip& chip : all_chips()) {
    if (chip.irom.empty()) continue;
    const std::uint32_t address = chip.irom.from + 0x10C840;
    const ByteVector payload = random_bytes(0x12345, chip.id);
    const ByteVector image = made(with_payload(chip.id, address, payload));
    EXPECT_EQ(verified(image, chip.id), Event{}) << chip.name;
    EXPECT_EQ(loaded(image, address, payload.size()), payload) << chip.name;
  }
}

TEST(WriteImageOnEveryChip, MakesAVerifiedImageOfAnElfFileAsTheVendorsLinkerMakesIt) {
  for (const Chip& chip : all_chips()) {
    if (chip.id == kNoVendorChip) continue;
    const bool one_window = chip.drom == chip.irom;
    const std::uint32_t code_at = chip.irom.from + 0x20;
    const std::uint32_t data_at = chip.drom.from + (one_window ? 0x40020 : 0x20);
    const ByteVector descriptor = descriptor_bytes("7.7.7");
    const ByteVector rodata = random_bytes(5000, 1);
    const ByteVector code = random_bytes(0x20011, 2);
    const ByteVector ram = random_bytes(777, 3);
    const ByteVector elf = ElfBuilder()
                               .machine(machine_of_chip(chip.id))
                               .entry(code_at + 0x100)
                               .section(ram_of(chip.id), ram)
                               .section(data_at, descriptor)
                               .section(data_at + 256, rodata)
                               .section(code_at, code)
                               .build();
    const ImageRecipe recipe = with_elf(chip.id, elf);
    const ByteVector image = made(recipe);
    EXPECT_EQ(verified(image, chip.id), Event{}) << chip.name;
    EXPECT_EQ(loaded(image, data_at + 256, rodata.size()), rodata) << chip.name;
    EXPECT_EQ(loaded(image, code_at, code.size()), code) << chip.name;
    EXPECT_EQ(loaded(image, ram_of(chip.id), ram.size()), ram) << chip.name;
    EXPECT_EQ(ImageHeader::parse(image).entry_address, code_at + 0x100);
    const auto segments = segments_of(image);
    EXPECT_EQ(segments[0].address, data_at) << chip.name;
    const auto mapped =
        std::count_if(segments.begin(), segments.end(), [&](const Segment& s) { return chip.maps(s.address); });
    EXPECT_EQ(mapped, 2) << "data and code, as the vendor's bootloader wants them: " << chip.name;
    EXPECT_STREQ(plan_image(recipe)->descriptor.version.data(), "7.7.7");
    EXPECT_TRUE(plan_image(recipe)->descriptor_from_input);
  }
}

TEST(WriteImageOnEveryChip, MakesAVerifiedImageOfAnElfFileWithoutDescriptor) {
  for (const Chip& chip : all_chips()) {
    const ByteVector text = random_bytes(3000, 1);
    ElfBuilder builder;
    builder.machine(chip.id == kNoVendorChip ? elf_machine::kArm : machine_of_chip(chip.id));
    builder.entry(ram_of(chip.id)).segment(ram_of(chip.id), text);
    if (!chip.irom.empty()) builder.segment(chip.irom.from + 0x10020, text);
    const ByteVector elf = builder.build();
    const ImageRecipe recipe = with_elf(chip.id, elf);
    const ByteVector image = made(recipe);
    EXPECT_EQ(verified(image, chip.id), Event{}) << chip.name;
    EXPECT_EQ(loaded(image, ram_of(chip.id), text.size()), text) << chip.name;
    EXPECT_FALSE(plan_image(recipe)->descriptor_from_input);
    EXPECT_STREQ(plan_image(recipe)->descriptor.version.data(), "4.5.6");
  }
}

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

// ---- every bad recipe has its own error

TEST(WriteImageErrors, NoRoom) {
  const ByteVector payload = random_bytes(100, 1);
  const ImageRecipe recipe = with_payload(kC3, 0x40380000, payload);
  const std::uint32_t need = *image_bytes_needed(recipe);
  ByteVector out(need - 1, std::byte{0xEE});
  EXPECT_EQ(write_image(recipe, out).error(), expected(Status::make_no_room, need, need - 1));
  EXPECT_TRUE(all_equal(out, std::byte{0xEE}));
}

TEST(WriteImageErrors, UnknownChipAndNothing) {
  const ByteVector payload = random_bytes(8, 1);
  EXPECT_EQ(error_of(with_payload(7, 0x40380000, payload)), expected(Status::bad_argument, 7));
  EXPECT_EQ(error_of(with_payload(kAnyChip, 0x40380000, payload)), expected(Status::bad_argument, kAnyChip));
  EXPECT_EQ(error_of(with_payload(kC3, 0x40380000, {})), expected(Status::make_nothing));
}

TEST(WriteImageErrors, BadElfFilesAndOtherMachines) {
  const ByteVector junk = random_bytes(100, 1);
  EXPECT_EQ(error_of(with_elf(kC3, junk)).code, Status::elf_no_magic);
  const ByteVector xtensa = ElfBuilder().machine(94).section(0x40380000, bytes_of("code")).build();
  EXPECT_EQ(error_of(with_elf(kC3, xtensa)), expected(Status::elf_wrong_machine, 94, kC3, 243));
  const ByteVector riscv = ElfBuilder().machine(243).section(0x40380000, bytes_of("code")).build();
  EXPECT_EQ(error_of(with_elf(kS3, riscv)), expected(Status::elf_wrong_machine, 243, kS3, 94));
  const ByteVector arm = ElfBuilder().machine(40).section(0x20000000, bytes_of("code")).build();
  EXPECT_EQ(verified(made(with_elf(kNoVendorChip, arm)), kNoVendorChip), Event{});
}

TEST(WriteImageErrors, AddressesThatNothingIsLoadedTo) {
  const ByteVector payload = random_bytes(16, 1);
  EXPECT_EQ(error_of(with_payload(kC3, 0x0FFFFFFC, payload)), expected(Status::make_bad_range, 16, 0x0FFFFFFC));
  EXPECT_EQ(error_of(with_payload(kC3, 0xFFFFFFF4, payload)), expected(Status::make_bad_range, 16, 0xFFFFFFF4));
  EXPECT_EQ(verified(made(with_payload(kNoVendorChip, 0x08000000, payload)), kNoVendorChip), Event{})
      << "other platforms have memory down there";
}

TEST(WriteImageErrors, ASegmentOf16MiB) {
  const ByteVector payload(0x1000000);
  EXPECT_EQ(error_of(with_payload(kC3, 0x40380000, payload)), expected(Status::make_bad_range, 0x1000000, 0x40380000));
  EXPECT_TRUE(plan_image(with_payload(kS3, 0x40380000, payload))) << "not so with 32-bit cache addresses";
}

TEST(WriteImageErrors, Overlap) {
  const ByteVector elf =
      ElfBuilder().section(0x3FC80004, bytes_of("wxyz")).section(0x3FC80000, bytes_of("abcde")).build();
  EXPECT_EQ(error_of(with_elf(kC3, elf)), expected(Status::make_overlap, 0x3FC80000, 0x3FC80004));
}

TEST(WriteImageErrors, TooManySegments) {
  ElfBuilder builder;
  for (std::uint32_t i = 0; i < 15; ++i) builder.section(0x3FC80000 + 0x100 * i, bytes_of("data"));
  EXPECT_EQ(verified(made(with_elf(kC3, builder.build())), kC3), Event{}) << "15 and the descriptor's";
  builder.section(0x3FC90000, bytes_of("data"));
  const ByteVector elf = builder.build();
  EXPECT_EQ(error_of(with_elf(kC3, elf)), expected(Status::make_too_many_segments, 17, 16));
}

TEST(WriteImageErrors, MoreThan4GiBOfImage) {
  // One payload, told to be long: nothing of it is read while planning.
  const ByteVector bytes(16);
  const Bytes huge{bytes.data(), 0xBFFFFFF0};
  const ImageRecipe recipe = with_payload(kNoVendorChip, 0x20000000, huge);
  EXPECT_TRUE(plan_image(recipe));
  const Bytes larger{bytes.data(), 0xFFFFFFE0};
  EXPECT_EQ(plan_image(with_payload(kNoVendorChip, 0, larger)).error().code, Status::make_bad_range);
}

}  // namespace
}  // namespace dualbank
