// What the driver believes of a chip's description of itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/support/wired_chip.hpp"

namespace dualbank::ports {
namespace {

using sim::SpiNorModel;
using tests::Wired;

constexpr std::uint32_t kSmall = 0x4'0000;

class SpiNorSfdp : public testing::Test {
 protected:
  void word(std::size_t number, std::uint32_t value) { store_u32(model_.sfdp, 0x30 + 4 * (number - 1), value); }
  Status open(const SpiNorModel& model) {
    wired_ = std::make_unique<Wired>(model);
    return wired_->flash.open();
  }
  const Geometry& geometry() { return wired_->flash.geometry(); }

  SpiNorModel model_ = sim::w25q256jv().with_size(kSmall);
  std::unique_ptr<Wired> wired_;
};

TEST_F(SpiNorSfdp, SizeIsBelievedAndNotTheId) {
  model_.jedec_id = 0xEF'4019;
  ASSERT_EQ(open(model_), Status::ok);
  EXPECT_EQ(geometry().size_bytes, kSmall);
  word(2, 0x8000'0000 | 20);  // 2^20 bits
  ASSERT_EQ(open(model_), Status::ok);
  EXPECT_EQ(geometry().size_bytes, 0x2'0000u);
}

TEST_F(SpiNorSfdp, EraseUnitsPageAndTheirCommandsAreBelieved) {
  word(8, 0x0000'0000);       // types 1 and 2: none
  word(9, 0x200C'D810);       // 64 KiB by D8h, 4 KiB by 20h
  word(10, 0x7EFD'FBFF);      // half a second each, and up to 16 s
  word(11, 9 << 4 | 0x1F00);  // pages of 512 bytes
  ASSERT_EQ(open(model_), Status::ok);
  EXPECT_EQ(geometry().erase_units, 0x1'1000u);
  EXPECT_EQ(geometry().page_bytes, 512);
  wired_->put_zeros(0, 0x2'0000);
  EXPECT_EQ(wired_->flash.erase(0x1'0000, 0x1'0000), Status::ok);
  EXPECT_EQ(wired_->flash.erase(0x1000, 0x1000), Status::ok);
  EXPECT_EQ(wired_->chip.array().counts().erases, 2u);
}

TEST_F(SpiNorSfdp, WithoutASoundGeometryThereIsNone) {
  word(8, 0);
  word(9, 0);
  EXPECT_EQ(open(model_), Status::flash_geometry);
  EXPECT_EQ(geometry().size_bytes, 0u);
  word(2, 0xFFFF'FFFF);  // more than can be said
  model_.jedec_id = 0xEF'4000;
  EXPECT_EQ(open(model_), Status::flash_no_chip) << "neither it nor the id tells a size";
}

TEST_F(SpiNorSfdp, ItsTablesAreWhereItSays) {
  model_.sfdp.resize(0x1'0100, std::byte{0xFF});
  std::copy_n(model_.sfdp.begin() + 0x30, 64, model_.sfdp.begin() + 0x1'0080);
  std::fill_n(model_.sfdp.begin() + 0x30, 64, std::byte{0});
  store_u32(model_.sfdp, 12, 0xFF01'0080);
  ASSERT_EQ(open(model_), Status::ok);
  EXPECT_TRUE(wired_->flash.has_sfdp());
  EXPECT_EQ(geometry().size_bytes, kSmall);
  EXPECT_EQ(geometry().erase_units, 0x1'9000u);
}

TEST_F(SpiNorSfdp, NothingOfItIsTheSameAsNone) {
  store_u32(model_.sfdp, 0, 0x5044'4654);
  ASSERT_EQ(open(model_), Status::ok);
  EXPECT_FALSE(wired_->flash.has_sfdp());
  EXPECT_EQ(geometry().size_bytes, kSmall);
  EXPECT_EQ(geometry().erase_units, 0x1'9000u);
}

TEST_F(SpiNorSfdp, CommandsOf4BytesNeedReadAndProgram) {
  model_ = sim::w25q256jv();
  for (const std::uint32_t lacks : {1U << 0, 1U << 6, 0x1E00U}) {
    SpiNorModel model = model_;
    store_u32(model.sfdp, 0x80, load_u32(model.sfdp, 0x80) & ~lacks);
    ASSERT_EQ(open(model), Status::ok);
    EXPECT_TRUE(wired_->chip.in_4_byte_mode()) << lacks;
    EXPECT_EQ(geometry().erase_units, 0x1'9000u);
  }
}

TEST_F(SpiNorSfdp, Above16MiBThereMustBeAWay) {
  model_ = sim::w25q256jv();
  store_u32(model_.sfdp, 0x80, 0);
  word(16, 1U << 26);  // an extended address register: not used here
  EXPECT_EQ(open(model_), Status::flash_geometry);
  EXPECT_EQ(geometry().size_bytes, 0u);
}

}  // namespace
}  // namespace dualbank::ports
