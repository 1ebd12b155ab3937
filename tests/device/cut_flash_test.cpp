// What a cut on the machine leaves is what a cut can leave: between old and new, and nothing beside it.
#include "tests/device/guest/cut_flash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "dualbank/ports/ram/ram_flash.hpp"

namespace device {
namespace {

using dualbank::Status;

Cut last_cut;

class CutFlashTest : public testing::Test {
 protected:
  CutFlashTest() {
    ram.erase_all();
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = pattern(i);
    flash.take_geometry();
  }

  static std::byte pattern(std::size_t i) { return static_cast<std::byte>(i * 37 ^ i >> 5); }
  void go(std::uint32_t operations, std::uint32_t seed) { order = {CutOrder::kOrdered, operations, 0, seed}; }

  std::array<std::byte, 0x4000> memory{};
  std::array<std::byte, 0x1000> old{};
  dualbank::ports::RamFlash ram{memory};
  CutOrder order{};
  CutFlash flash{ram, order, old, [](const Cut& cut) { last_cut = cut; }};
};

TEST_F(CutFlashTest, WithoutAnOrderItIsTheChip) {
  order.operations_left = 1;  // RAM after power-on holds anything
  EXPECT_EQ(flash.erase(0x1000, 0x1000), Status::ok);
  EXPECT_EQ(flash.program(0x1000, std::vector(256, std::byte{0x5A})), Status::ok);
  EXPECT_EQ(memory[0x1000], std::byte{0x5A});
  EXPECT_EQ(memory[0x1100], std::byte{0xFF});
  EXPECT_EQ(flash.geometry().size_bytes, memory.size());
}

TEST_F(CutFlashTest, TheOperationAskedForIsCutAndNoOther) {
  go(3, 1);
  EXPECT_EQ(flash.erase(0x1000, 0x1000), Status::ok);
  EXPECT_EQ(flash.program(0x1000, std::vector(16, std::byte{0x5A})), Status::ok);
  EXPECT_EQ(flash.program(0x1010, std::vector(16, std::byte{0x5A})), Status::power_lost);
  EXPECT_EQ(flash.program(0x1020, std::vector(16, std::byte{0x5A})), Status::ok);
  EXPECT_EQ(order.operations_done, 4U);
  EXPECT_EQ(last_cut.address, 0x1010U);
  EXPECT_EQ(last_cut.size_bytes, 16U);
}

TEST_F(CutFlashTest, ATornProgramClearsOnlyBitsThatItWasToClear) {
  std::set<Tear> seen;
  bool changed = false;
  const std::vector bytes(256, std::byte{0x33});
  for (std::uint32_t seed = 1; seed <= 400; ++seed) {
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = pattern(i);
    go(1, seed * 0x9E37'79B9);
    ASSERT_EQ(flash.program(0x1000, bytes), Status::power_lost);
    seen.insert(last_cut.tear);
    for (std::size_t i = 0; i < memory.size(); ++i) {
      const auto before = pattern(i);
      const bool within = i >= 0x1000 && i < 0x1100;
      const auto full = within ? before & std::byte{0x33} : before;
      ASSERT_EQ(memory[i] & full, full) << seed;
      ASSERT_EQ(memory[i] | before, before) << seed;
      changed = changed || memory[i] != before;
      if (last_cut.tear == Tear::nothing) {
        ASSERT_EQ(memory[i], before);
      }
      if (last_cut.tear == Tear::all) {
        ASSERT_EQ(memory[i], full);
      }
    }
  }
  EXPECT_EQ(seen.size(), kTears);
  EXPECT_TRUE(changed);
}

TEST_F(CutFlashTest, ATornEraseSetsBitsOfItsUnitOnly) {
  std::set<Tear> seen;
  bool zeroed = false;
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = pattern(i);
    go(1, seed * 0x9E37'79B9);
    ASSERT_EQ(flash.erase(0x2000, 0x1000), Status::power_lost);
    seen.insert(last_cut.tear);
    zeroed = zeroed || last_cut.zeroed;
    for (std::size_t i = 0; i < memory.size(); ++i) {
      const bool within = i >= 0x2000 && i < 0x3000;
      if (!within) {
        ASSERT_EQ(memory[i], pattern(i)) << seed;
      }
      if (within && !last_cut.zeroed) {
        ASSERT_EQ(memory[i] & pattern(i), pattern(i)) << seed;
      }
      if (within && last_cut.tear == Tear::all) {
        ASSERT_EQ(memory[i], std::byte{0xFF}) << seed;
      }
    }
  }
  EXPECT_EQ(seen.size(), kTears);
  EXPECT_TRUE(zeroed);
}

TEST_F(CutFlashTest, TheSameSeedTearsTheSame) {
  go(1, 77);
  EXPECT_EQ(flash.erase(0x2000, 0x1000), Status::power_lost);
  const auto first = memory;
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = pattern(i);
  go(1, 77);
  EXPECT_EQ(flash.erase(0x2000, 0x1000), Status::power_lost);
  EXPECT_EQ(memory, first);
}

}  // namespace
}  // namespace device
