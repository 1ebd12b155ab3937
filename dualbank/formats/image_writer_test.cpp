#include "dualbank/formats/image_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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
using tests::ram_of;
using tests::random_bytes;
using tests::Segment;
using tests::segments_of;
using tests::verified;
using tests::with_elf;
using tests::with_payload;

constexpr std::uint16_t kS3 = 9;
constexpr std::uint16_t kC3 = 5;

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
    if (chip.fixed) continue;  // image_in_place_test.cpp
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
    if (chip.irom.empty() || chip.fixed) continue;
    const std::uint32_t address = chip.irom.from + 0x10C840;
    const ByteVector payload = random_bytes(0x12345, chip.id);
    const ByteVector image = made(with_payload(chip.id, address, payload));
    EXPECT_EQ(verified(image, chip.id), Event{}) << chip.name;
    EXPECT_EQ(loaded(image, address, payload.size()), payload) << chip.name;
  }
}

TEST(WriteImageOnEveryChip, MakesAVerifiedImageOfAnElfFileAsTheVendorsLinkerMakesIt) {
  for (const Chip& chip : all_chips()) {
    if (!is_vendor_chip(chip.id)) continue;
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
    if (chip.fixed) continue;
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
