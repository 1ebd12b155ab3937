#include "dualbank/engine/boot_handover.hpp"

#include <gtest/gtest.h>

#include "tests/support/image_builder.hpp"

namespace dualbank::tests {
namespace {

const BootHandover kSome{.slot = 1,
                         .reason = BootReason::trial_boot,
                         .trial_boot = 2,
                         .journal = {Status::flash_program_failed, {0x1234'5678, 2, 0xFFFF'FFFF}}};

bool is_none(const BootHandover& handover) {
  return handover.slot == kNoSlot && handover.reason == BootReason::nothing_boots && handover.trial_boot == 0 &&
         handover.journal == Event{};
}

class Handover : public testing::Test {
 protected:
  Handover() { write_boot_handover(kSome, place_); }

  ByteVector place_ = ByteVector(kBootHandoverBytes, std::byte{0xA5});
};

TEST_F(Handover, ArrivesAsItWasWritten) {
  const BootHandover taken = take_boot_handover(place_);
  EXPECT_EQ(int{taken.slot}, 1);
  EXPECT_EQ(taken.reason, BootReason::trial_boot);
  EXPECT_EQ(int{taken.trial_boot}, 2);
  EXPECT_EQ(taken.journal, kSome.journal);
}

TEST_F(Handover, SlotsBelowZeroToo) {
  for (const SlotIndex slot : {kFactorySlot, kTestSlot, kNoSlot}) {
    write_boot_handover({.slot = slot}, place_);
    EXPECT_EQ(take_boot_handover(place_).slot, slot);
  }
}

TEST_F(Handover, IsTakenOnce) {
  EXPECT_FALSE(is_none(take_boot_handover(place_)));
  EXPECT_TRUE(is_none(take_boot_handover(place_)));
}

TEST_F(Handover, NoneAfterPowerOnOrWithAnyBitWrong) {
  for (const int filling : {0x00, 0xFF, 0xA5}) {
    ByteVector place(kBootHandoverBytes, static_cast<std::byte>(filling));
    EXPECT_TRUE(is_none(take_boot_handover(place)));
  }
  for (std::size_t bit = 0; bit < 8 * kBootHandoverBytes; ++bit) {
    ByteVector place = place_;
    flip_bit(place, bit);
    EXPECT_TRUE(is_none(take_boot_handover(place))) << bit;
  }
}

/// Bootloaders stay in the field for years.
TEST_F(Handover, TheBytesStay) {
  const ByteVector expected =
      bytes_of({'D', 'B', 'H', '1', 1, 11, 2, 11, 0x78, 0x56, 0x34, 0x12, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF});
  EXPECT_EQ(ByteVector(place_.begin(), place_.begin() + 20), expected);
}

}  // namespace
}  // namespace dualbank::tests
