#include "dualbank/cli/watched_flash.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dualbank/ports/ram/ram_flash.hpp"

namespace dualbank::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Watched : public ::testing::Test {
 protected:
  std::vector<std::byte> memory_ = std::vector<std::byte>(0x40000, std::byte{0xFF});
  ports::RamFlash below_{memory_};
  std::vector<std::byte> zeros_ = std::vector<std::byte>(16);

  static std::byte at(Flash& flash, std::uint32_t address) {
    std::array<std::byte, 1> byte{};
    EXPECT_EQ(flash.read(address, byte), Status::ok);
    return byte[0];
  }
};

TEST_F(Watched, NamesTheSectorsThatChangeAndJoinsNeighbours) {
  WatchedFlash flash{below_, WatchedFlash::Mode::write_through};
  EXPECT_EQ(flash.program(0x2000, zeros_), Status::ok);
  EXPECT_EQ(flash.program(0x1F00, zeros_), Status::ok);
  EXPECT_EQ(flash.program(0x8000, zeros_), Status::ok);
  EXPECT_THAT(flash.changed(), ElementsAre(Range{0x1000, 0x3000}, Range{0x8000, 0x9000}));
  EXPECT_EQ(memory_[0x2000], std::byte{0});
}

TEST_F(Watched, DoesNotCountWhatWasThereAlready) {
  std::fill_n(memory_.begin() + 0x2000, 16, std::byte{0});
  WatchedFlash flash{below_, WatchedFlash::Mode::write_through};
  EXPECT_EQ(flash.program(0x2000, zeros_), Status::ok);
  EXPECT_EQ(flash.erase(0x10000, 0x10000), Status::ok);
  EXPECT_THAT(flash.changed(), IsEmpty());
  EXPECT_EQ(flash.erase(0x2000, 0x1000), Status::ok);
  EXPECT_THAT(flash.changed(), ElementsAre(Range{0x2000, 0x3000}));
}

TEST_F(Watched, KeepsADryRunsChangesToItself) {
  memory_[0x2100] = std::byte{0x5A};
  const auto before = memory_;
  WatchedFlash flash{below_, WatchedFlash::Mode::keep};
  EXPECT_EQ(flash.program(0x2000, zeros_), Status::ok);
  EXPECT_EQ(at(flash, 0x2000), std::byte{0});
  EXPECT_EQ(at(flash, 0x2100), std::byte{0x5A});
  EXPECT_EQ(flash.erase(0, 0x10000), Status::ok);
  EXPECT_EQ(at(flash, 0x2000), std::byte{0xFF});
  EXPECT_EQ(at(flash, 0x2100), std::byte{0xFF});
  EXPECT_EQ(flash.program(0x2100, zeros_), Status::ok);

  std::vector<std::byte> across(0x3000);
  EXPECT_EQ(flash.read(0x1800, across), Status::ok);
  EXPECT_EQ(across[0x2100 - 0x1800], std::byte{0});
  EXPECT_EQ(std::count(across.begin(), across.end(), std::byte{0}), 16);
  EXPECT_THAT(flash.changed(), ElementsAre(Range{0x2000, 0x3000}));
  EXPECT_EQ(memory_, before);
}

TEST_F(Watched, OnlyClearsBitsAsAFlashDoes) {
  WatchedFlash flash{below_, WatchedFlash::Mode::keep};
  EXPECT_EQ(flash.program(0, std::vector<std::byte>{std::byte{0xF0}}), Status::ok);
  EXPECT_EQ(flash.program(0, std::vector<std::byte>{std::byte{0x0F}}), Status::ok);
  EXPECT_EQ(at(flash, 0), std::byte{0});
}

}  // namespace
}  // namespace dualbank::cli
