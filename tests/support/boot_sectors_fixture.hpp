// A board, its layout and its two otadata sectors, for the tests of what is read from them and written to them.
#pragma once

#include <gtest/gtest.h>

#include "dualbank/engine/boot_sectors.hpp"
#include "tests/support/board.hpp"

namespace dualbank::tests {

class BootSectorsFixture : public testing::Test {
 protected:
  BootSectorsFixture() {
    const Result<Layout> read = read_layout(board.flash);
    EXPECT_TRUE(read.has_value());
    layout = *read;
  }
  void read() { ASSERT_EQ(sectors.read(board.flash, layout), kDone); }
  void put_cell(int sector, std::uint32_t offset, const Cell& cell) {
    board.flash.put(sectors_address(sector) + offset, cell.bytes());
  }
  static std::uint32_t sectors_address(int sector) { return kOtadata + 0x1000U * static_cast<unsigned>(sector); }
  CellForm form_at(int sector, std::uint32_t offset, Cell& cell) {
    return Cell::parse(board.flash.contents().subspan(sectors_address(sector) + offset, 16), cell);
  }

  Board board;
  Layout layout;
  BootSectors sectors;
};

}  // namespace dualbank::tests
