#include "dualbank/ports/ram/ram_flash.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/conformance/flash_conformance.hpp"

namespace dualbank::tests {
namespace {

template <Geometry kGeometry>
class RamProvider {
 public:
  RamProvider() { flash_.erase_all(); }
  Flash& flash() { return flash_; }

 private:
  std::vector<std::byte> memory_ = std::vector<std::byte>(kGeometry.size_bytes, std::byte{0x5A});
  ports::RamFlash flash_{memory_, kGeometry};
};

using RamProviders = testing::Types<
    RamProvider<Geometry{.size_bytes = 0x2'0000, .erase_units = 0x1'1000}>, RamProvider<Geometry{.size_bytes = 0x3000}>,
    RamProvider<Geometry{.size_bytes = 0x1400, .erase_units = 0x600, .page_bytes = 64, .write_unit_bytes = 4}>,
    RamProvider<Geometry{.size_bytes = 0x4000, .write_unit_bytes = 2, .erased = std::byte{0}}>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Ram, FlashConformance, RamProviders);

TEST(RamFlash, IsAChipOfTheMemorysSizeAndKeepsWhatItHolds) {
  std::vector<std::byte> memory(0x2'0000, std::byte{0x42});
  ports::RamFlash flash{memory};
  EXPECT_EQ(flash.geometry().size_bytes, 0x2'0000u);
  EXPECT_EQ(flash.geometry().erase_units, 0x1'1000u);
  EXPECT_TRUE(flash.geometry().is_sound());
  std::byte b{};
  EXPECT_EQ(flash.read(0x1'FFFF, {&b, 1}), Status::ok);
  EXPECT_EQ(b, std::byte{0x42});
}

TEST(RamFlash, WritesIntoTheCallersMemory) {
  std::vector<std::byte> memory(0x2000, std::byte{0xFF});
  ports::RamFlash flash{memory};
  const std::byte b{0x3C};
  EXPECT_EQ(flash.program(0x1001, {&b, 1}), Status::ok);
  EXPECT_EQ(memory[0x1001], b);
  EXPECT_EQ(flash.contents()[0x1001], b);
  flash.erase_all();
  EXPECT_EQ(memory[0x1001], std::byte{0xFF});
}

TEST(RamFlash, OfMemoryThatIsNoWholeSectorsIsNotSound) {
  std::vector<std::byte> memory(0x1001);
  EXPECT_FALSE(ports::RamFlash{memory}.geometry().is_sound());
  EXPECT_FALSE(ports::RamFlash{MutableBytes{}}.geometry().is_sound());
}

TEST(RamFlash, StandsInStaticMemoryWithoutStartUpCode) {
  static std::byte memory[0x1000];
  static constinit ports::RamFlash flash{memory};
  EXPECT_EQ(flash.geometry().size_bytes, 0x1000u);
}

}  // namespace
}  // namespace dualbank::tests
