// Images of machines that cannot remap their flash: each is linked for one slot, and its load addresses say which.
#include <gtest/gtest.h>

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
using tests::ImageBuilder;
using tests::loaded;
using tests::made;
using tests::random_bytes;
using tests::segments_of;

constexpr std::uint32_t kFlash = 0x1000'0000;  // as the RP2040 has it
constexpr std::uint32_t kSlot0 = 0x1'0000;
constexpr std::uint32_t kSlot1 = 0x11'0000;
constexpr std::uint32_t kSlotBytes = 0x10'0000;

ImageRecipe in_slot(std::uint32_t slot, std::uint32_t address, Bytes payload) {
  ImageRecipe recipe = tests::with_payload(kInPlaceChip, address, payload);
  recipe.flash_offset = slot;
  recipe.slot_bytes = kSlotBytes;
  return recipe;
}

ByteVector image_for(std::uint32_t slot) {
  const ByteVector payload = random_bytes(3000, slot);
  return made(in_slot(slot, kFlash + slot + 0x200, payload));
}

Event judged(const ByteVector& image, std::uint32_t place) {
  const ImageRules rules = ImageRules::strict(kInPlaceChip, kSlotBytes, place);
  ImageVerifier verifier{rules};
  EXPECT_EQ(verifier.feed(image), verifier.error().code);
  EXPECT_NE(verifier.done(), verifier.error().failed());
  const auto start = check_image_start(image, rules);
  EXPECT_EQ(start.error(), verifier.error()) << "the first 288 bytes tell";
  EXPECT_EQ(start ? start->linked_place : kAnyPlace, verifier.done() ? verifier.info().linked_place : kAnyPlace);
  return verifier.error();
}

TEST(ImageInPlace, RunsInTheSlotThatItIsLinkedForAndInNoOther) {
  EXPECT_EQ(judged(image_for(kSlot0), kSlot0), Event{});
  EXPECT_EQ(judged(image_for(kSlot1), kSlot1), Event{});
  EXPECT_EQ(judged(image_for(kSlot0), kSlot1), expected(Status::image_linked_elsewhere, kSlot0, kSlot1));
  EXPECT_EQ(judged(image_for(kSlot1), kSlot0), expected(Status::image_linked_elsewhere, kSlot1, kSlot0));
}

TEST(ImageInPlace, TheVendorsRulesSeeItToo) {
  ImageVerifier verifier{ImageRules::vendor(kAnyChip, kSlotBytes, kSlot1)};
  EXPECT_EQ(verifier.feed(image_for(kSlot0)), Status::image_linked_elsewhere);
}

TEST(ImageInPlace, SaysItsSlotWhereThePlaceIsNotKnown) {
  ImageVerifier verifier{ImageRules::strict(kAnyChip, kUnknownLength)};
  EXPECT_EQ(verifier.feed(image_for(kSlot1)), Status::ok);
  EXPECT_EQ(verifier.info().linked_place, kSlot1);
  EXPECT_EQ(check_image_start(image_for(kSlot1), ImageRules::strict(kAnyChip, kUnknownLength))->linked_place, kSlot1);
  ImageVerifier of_an_esp{ImageRules::strict(kAnyChip, kUnknownLength)};
  EXPECT_EQ(of_an_esp.feed(ImageBuilder().build()), Status::ok);
  EXPECT_EQ(of_an_esp.info().linked_place, kAnyPlace);
}

TEST(ImageInPlace, AllSegmentsNameTheSameSlot) {
  const ByteVector more = random_bytes(64, 2);
  ImageBuilder builder;
  builder.chip(kInPlaceChip).load_address(kFlash + kSlot0 + 0x20);
  const std::uint32_t next = kFlash + kSlot0 + 0x20 + 512 + 8;  // descriptor, payload, header
  EXPECT_EQ(judged(ImageBuilder{builder}.segment(next, more).build(), kSlot0), Event{});
  for (const std::uint32_t place : {kSlot0, kAnyPlace}) {
    ImageVerifier verifier{ImageRules::strict(kInPlaceChip, kSlotBytes, place)};
    EXPECT_EQ(verifier.feed(ImageBuilder{builder}.segment(next + 4, more).build()), Status::image_bad_mapping);
  }
}

TEST(ImageInPlace, TheFlashMayStandAnywhereInMemory) {
  for (const std::uint32_t base : {0x0000'0000U, 0x0800'0000U, 0x9000'0000U, 0xFF00'0000U}) {
    const ByteVector payload = random_bytes(100, base);
    const ByteVector image = made(in_slot(kSlot1, base + kSlot1 + 0x128, payload));
    EXPECT_EQ(judged(image, kSlot1), Event{}) << base;
    EXPECT_EQ(segments_of(image).at(0).address, base + kSlot1 + 0x20);
    EXPECT_EQ(segments_of(image).at(1).address, base + kSlot1 + 0x128);
  }
}

TEST(MakeImageInPlace, EveryByteLiesWhereItsAddressSays) {
  const ByteVector payload = random_bytes(3000, 1);
  for (const std::uint32_t from : {0x128U, 0x12CU, 0x12EU, 0x200U, 0x1000U}) {
    const ByteVector image = made(in_slot(kSlot0, kFlash + kSlot0 + from, payload));
    EXPECT_TRUE(std::equal(payload.begin(), payload.end(), image.begin() + from)) << from;
    EXPECT_EQ(segments_of(image).size(), 2U);
    EXPECT_EQ(judged(image, kSlot0), Event{});
  }
}

// .data runs in RAM, and the program's start-up code copies it from where it is loaded.
TEST(MakeImageInPlace, TakesTheLoadAddressesOfAnElfFile) {
  const ByteVector descriptor = descriptor_bytes("7.7.7");
  const ByteVector code = random_bytes(700, 1);
  const ByteVector data = random_bytes(40, 2);
  const std::uint32_t slot = kFlash + kSlot1;
  ElfBuilder builder;
  builder.machine(elf_machine::kArm).entry(slot + 0x201);
  builder.section(slot + 0x20, descriptor).section(slot + 0x200, code).loaded_section(0x2000'0000, slot + 0x600, data);
  const ByteVector elf = builder.build();
  ImageRecipe recipe = tests::with_elf(kInPlaceChip, elf);
  recipe.flash_offset = kSlot1;
  recipe.slot_bytes = kSlotBytes;
  const ByteVector image = made(recipe);
  EXPECT_EQ(judged(image, kSlot1), Event{});
  EXPECT_EQ(loaded(image, slot + 0x200, code.size()), code);
  EXPECT_EQ(loaded(image, slot + 0x600, data.size()), data);
  EXPECT_TRUE(std::equal(data.begin(), data.end(), image.begin() + 0x600));
  EXPECT_TRUE(plan_image(recipe)->descriptor_from_input);
  EXPECT_EQ(ImageHeader::parse(image).entry_address, slot + 0x201);
}

TEST(MakeImageInPlace, RefusesWhatIsLinkedOutsideTheSlot) {
  const ByteVector payload = random_bytes(100, 1);
  const std::uint32_t slot = kFlash + kSlot1;
  const auto outside = [&](std::uint32_t address, std::uint32_t from) {
    return expected(Status::make_outside_slot, address, from, slot + kSlotBytes);
  };
  for (const std::uint32_t address : {slot - 4, slot, slot + 0x1C, slot + kSlotBytes, kFlash + kSlot0 + 0x200}) {
    EXPECT_EQ(error_of(in_slot(kSlot1, address, payload)), outside(address, slot + 0x20)) << address;
  }
  EXPECT_EQ(error_of(in_slot(kSlot1, slot + 0x124, payload)), outside(slot + 0x124, slot + 0x128));
  const ByteVector large = random_bytes(kSlotBytes - 0x128, 2);
  EXPECT_EQ(error_of(in_slot(kSlot1, slot + 0x128, large)).code, Status::image_too_long);
  const ByteVector descriptor = descriptor_bytes("1");
  EXPECT_EQ(error_of(in_slot(kSlot1, slot + 0x24, descriptor)).code, Status::make_descriptor_misplaced);
}

}  // namespace
}  // namespace dualbank
