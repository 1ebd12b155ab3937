// An ESP32 whose flash is encrypted: blocks of 16 bytes, each programmed once. What docs/ESP-IDF.md says of it. Native
// records with a bootloader of ours on the same flash are the board `encrypted` of `dualbank sim`.
#include <gtest/gtest.h>

#include "dualbank/sim/models/vendor_ota.hpp"
#include "tests/support/board.hpp"

namespace dualbank::tests {
namespace {

using sim::VendorGeneration;

class EncryptedFlash : public testing::Test {
 protected:
  EncryptedFlash() { board.install(0, firmware("1.0")).install(1, firmware("2.0")).record(0, 1, 2).record(1, 4, 4); }
  ~EncryptedFlash() { EXPECT_TRUE(board.flash.violations().empty()); }

  Board board{{.write_unit_bytes = 16, .can_reprogram = false}};
};

TEST_F(EncryptedFlash, IsRefusedBeforeAnyOperation) {
  for (const Policy policy : {Policy::stock, Policy::stock_rollback, Policy::dualbank}) {
    Updater updater{board.flash, {.running_slot = 0, .policy = policy}};
    EXPECT_EQ(updater.open(), Status::flash_geometry);
    EXPECT_EQ(updater.flash(firmware("3.0"), 0), Status::not_open);
  }
  EXPECT_EQ(board.operations(), 0U);
}

TEST_F(EncryptedFlash, TheVendorsCallsUpdateItAndItsSetBootSurvivesEveryCut) {
  const ByteVector& image = firmware("3.0");
  ASSERT_EQ(sim::vendor_begin(board.flash, board.layout(), 1, 0, false), Status::ok);
  for (std::size_t at = 0; at < image.size(); at += 256) {
    const auto address = static_cast<std::uint32_t>(board.extent(1).offset + at);
    ASSERT_EQ(board.flash.program(address, Bytes{image}.subspan(at, 256)), Status::ok);
  }
  const auto choose = [&] {
    return sim::vendor_set_boot(board.flash, board.layout(), 1, RecordState::undefined, VendorGeneration::up_to_5_5);
  };
  const auto sent = board.flash.snapshot();
  for (const std::uint32_t operation : {0U, 1U}) {  // erase, program
    for (const std::uint32_t units : {0U, 1U, 2U}) {
      board.flash.restore(sent);
      board.flash.cut_at(operation, {.kind = sim::Tear::Kind::prefix, .units = units});
      ASSERT_EQ(choose(), Status::power_lost);
      board.power_on();
      const SlotIndex boots = board.reset();
      EXPECT_TRUE(boots == 0 || (boots == 1 && operation == 1 && units == 2)) << operation << " " << units;
    }
  }
  board.flash.restore(sent);
  ASSERT_EQ(choose(), Status::ok);
  EXPECT_EQ(board.reset(), 1);
}

TEST_F(EncryptedFlash, TheVendorsConfirmationInPlaceLosesTheRecordInACut) {
  board.record(0, 1, 1).record(1, kBlankSeq);
  board.flash.cut_at(1, {.kind = sim::Tear::Kind::prefix, .units = 1});
  ASSERT_EQ(sim::vendor_confirm(board.flash, board.layout()), Status::power_lost);
  board.power_on();
  EXPECT_FALSE(board.record_at(0).usable());
  EXPECT_FALSE(board.record_at(1).usable());
}

}  // namespace
}  // namespace dualbank::tests
