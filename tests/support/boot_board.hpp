// A board with two slots on a simulated flash, for tests of booting.
#pragma once

#include <gtest/gtest.h>

#include "dualbank/engine/boot.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank::tests {

inline constexpr std::uint16_t kS3 = 9;
inline constexpr std::uint16_t kC3 = 5;
inline constexpr std::uint32_t kSlotBytes = 0x1'0000;

/// The records' bytes by hand: seq 1 and 2 with their CRCs, label FF.
inline ByteVector record_bytes(std::uint32_t seq, std::uint32_t state, std::uint32_t crc) {
  ByteVector bytes(32, std::byte{0xFF});
  store_u32(bytes, 0, seq);
  store_u32(bytes, 24, state);
  store_u32(bytes, 28, crc);
  return bytes;
}
inline constexpr std::uint32_t kCrc1 = 0x4743'989A;
inline constexpr std::uint32_t kCrc2 = 0x55F6'3774;
inline constexpr std::uint32_t kUndefined = 0xFFFF'FFFF;

class BootTest : public testing::Test {
 protected:
  BootTest() : BootTest(Geometry{.size_bytes = 0x6'0000, .erase_units = 0x1'1000}) {}
  explicit BootTest(const Geometry& geometry) : flash_(geometry), buffer_(0x1000) {
    layout_.slot_count = 2;
    layout_.slots[0] = {0x1'0000, kSlotBytes};
    layout_.slots[1] = {0x2'0000, kSlotBytes};
    layout_.otadata = {0xE000, 0x2000};
  }

  void install(SlotIndex slot, const ByteVector& image) { flash_.put(layout_.extent_of(slot).offset, image); }
  void put_record(std::uint32_t sector, const ByteVector& bytes) { flash_.put(0xE000 + sector * 0x1000, bytes); }
  [[nodiscard]] ByteVector record(std::uint32_t sector) const {
    const Bytes bytes = flash_.contents().subspan(0xE000 + sector * 0x1000, 32);
    return {bytes.begin(), bytes.end()};
  }
  void add_factory() { layout_.factory = {0x3'0000, kSlotBytes}; }
  void add_test() { layout_.test = {0x4'0000, kSlotBytes}; }

  [[nodiscard]] Result<ImageInfo> verify(SlotIndex slot, std::uint16_t chip = kS3) {
    const Extent extent = layout_.extent_of(slot);
    return verify_slot(flash_, extent, ImageRules::vendor(chip, extent.size_bytes, extent.offset), buffer_);
  }
  [[nodiscard]] BootDecision predict() {
    const auto decision = predict_boot(flash_, layout_, settings_, buffer_);
    EXPECT_TRUE(decision.has_value());
    return *decision;
  }
  void boot() { ASSERT_EQ(perform_boot_writes(flash_, layout_, predict()), Status::ok); }

  sim::NorFlash flash_;
  Layout layout_{};
  BootSettings settings_{.policy = Policy::stock, .chip_id = kS3};
  ByteVector buffer_;
};

}  // namespace dualbank::tests
