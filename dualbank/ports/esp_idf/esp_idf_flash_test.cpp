// The port on the stand-ins of tests/stand_ins/esp_idf, over a simulated flash.
#include "dualbank/ports/esp_idf/esp_idf_flash.hpp"

#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/esp_idf/esp_idf_options.hpp"
#include "tests/conformance/flash_conformance.hpp"
#include "tests/support/board.hpp"
#include "tests/support/esp_idf_board.hpp"

namespace dualbank::tests {
namespace {

class EspIdfProvider {
 public:
  EspIdfProvider() {
    esp_idf = {.chip = &chip_, .has_guard = false};  // the suite writes all of a chip
    EXPECT_EQ(port_.open(), Status::ok);
  }
  Flash& flash() { return port_; }

 private:
  sim::NorFlash chip_{{.size_bytes = 0x2'0000, .erase_units = 0x1'1000}};
  ports::EspIdfFlash port_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(EspIdf, FlashConformance, EspIdfProvider);

class EspIdfFlashTest : public testing::Test {
 protected:
  EspIdfFlashTest() { esp_idf = {.chip = &chip}; }
  sim::NorFlash chip{{.size_bytes = 0x4'0000, .erase_units = 0x1'1000}};
  ports::EspIdfFlash port;
  std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
};

TEST_F(EspIdfFlashTest, StandsInStaticMemoryAndHasNoBytesBeforeItIsOpen) {
  static constinit ports::EspIdfFlash standing;
  EXPECT_EQ(standing.geometry().size_bytes, 0U);
  EXPECT_EQ(standing.read(0, bytes), Status::flash_out_of_range);
  EXPECT_EQ(standing.program(0, bytes), Status::flash_out_of_range);
  EXPECT_EQ(standing.erase(0, 0x1000), Status::flash_out_of_range);
}

TEST_F(EspIdfFlashTest, TakesTheSizeThatEspIdfKnows) {
  EXPECT_EQ(port.open(), Status::ok);
  EXPECT_EQ(port.geometry().size_bytes, 0x4'0000U);
  EXPECT_EQ(port.geometry().erase_units, 0x1'1000U);
  EXPECT_TRUE(port.geometry().is_sound());
  esp_idf.chip = nullptr;
  EXPECT_EQ(port.open(), Status::flash_no_chip);
  EXPECT_EQ(port.geometry().size_bytes, 0U);
}

TEST_F(EspIdfFlashTest, MakesOneCallOfEachVerb) {
  ASSERT_EQ(port.open(), Status::ok);
  EXPECT_EQ(port.erase(0x1'0000, 0x1'0000), Status::ok);
  EXPECT_EQ(port.program(0x1'00FD, bytes), Status::ok);
  EXPECT_EQ(esp_idf.erases, 1U);
  EXPECT_EQ(esp_idf.writes, 1U);
  EXPECT_EQ(chip.counts().erases, 1U);  // a block, not 16 sectors
  EXPECT_EQ(chip.contents()[0x1'00FF], std::byte{3});
  EXPECT_EQ(port.program(0x1'00FE, bytes), Status::flash_misaligned);
  EXPECT_EQ(esp_idf.writes, 1U);
}

TEST_F(EspIdfFlashTest, SaysWhatEspIdfAnswered) {
  ASSERT_EQ(port.open(), Status::ok);
  const auto all = [&](Status read, Status program, Status erase) {
    EXPECT_EQ(port.read(0x1'0000, bytes), read);
    EXPECT_EQ(port.program(0x1'0000, bytes), program);
    EXPECT_EQ(port.erase(0x1'0000, 0x1000), erase);
  };
  esp_idf.answer = ESP_FAIL;
  all(Status::flash_read_failed, Status::flash_program_failed, Status::flash_erase_failed);
  esp_idf.answer = ESP_ERR_TIMEOUT;
  all(Status::flash_timeout, Status::flash_timeout, Status::flash_timeout);
  esp_idf.answer = ESP_ERR_FLASH_PROTECTED;
  EXPECT_EQ(port.program(0x1'0000, bytes), Status::flash_write_protected);
  EXPECT_EQ(port.erase(0x1'0000, 0x1000), Status::flash_write_protected);
  EXPECT_EQ(chip.counts().operations(), 0U);
}

TEST_F(EspIdfFlashTest, RefusesAnEncryptedFlashAndWritesNothingThere) {
  esp_idf.running.encrypted = true;
  EXPECT_EQ(port.open(), Status::flash_geometry);
  EXPECT_EQ(port.program(0x1'0000, std::array<std::byte, 16>{}), Status::flash_geometry);
  EXPECT_EQ(port.erase(0x1'0000, 0x1000), Status::flash_geometry);

  Updater updater{port, {.running_slot = 0}};
  EXPECT_EQ(updater.open(), Status::flash_geometry);
  EXPECT_EQ(updater.last_event().values[0], 16U);
  EXPECT_EQ(updater.last_event().values[1], 0x1000U);
  EXPECT_EQ(chip.counts().operations(), 0U);
}

TEST_F(EspIdfFlashTest, NamesTheSlotThatRuns) {
  const auto slot_of = [](std::uint8_t subtype) {
    esp_idf.run_from(subtype, 0x1'0000, 0x1'0000);
    return ports::running_slot();
  };
  EXPECT_EQ(slot_of(0x00), kFactorySlot);
  EXPECT_EQ(slot_of(0x10), 0);
  EXPECT_EQ(slot_of(0x1F), 15);
  EXPECT_EQ(slot_of(0x20), kTestSlot);
  EXPECT_EQ(slot_of(0x30), kUnknownSlot);
  esp_idf.running.type = ESP_PARTITION_TYPE_DATA;
  esp_idf.running.subtype = ESP_PARTITION_SUBTYPE_APP_OTA_MIN;
  EXPECT_EQ(ports::running_slot(), kUnknownSlot);
  esp_idf.knows_running = false;
  EXPECT_EQ(ports::running_slot(), kUnknownSlot);
  EXPECT_EQ(port.open(), Status::ok);
}

TEST_F(EspIdfFlashTest, OptionsSayWhatTheBuildKnows) {
  esp_idf.run_from(0x11, 0x2'0000, 0x1'0000);
  const Options options = ports::esp_idf_options();
  EXPECT_EQ(options.running_slot, 1);
  EXPECT_EQ(options.policy, Policy::stock_rollback);
  EXPECT_EQ(options.chip_id, kTestChip);
  EXPECT_EQ(options.table_offset, 0x8000U);
  EXPECT_FALSE(options.anti_rollback);
}

TEST(EspIdfBoard, IsUpdatedThroughThePort) {
  RunningBoard board;
  esp_idf = {.chip = &board.flash};
  esp_idf.run_from(0x10, board.extent(0).offset, board.extent(0).size_bytes);
  ports::EspIdfFlash port;
  ASSERT_EQ(port.open(), Status::ok);
  Updater updater{port, ports::esp_idf_options()};
  board.allowed_policy = Policy::stock_rollback;
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(updater.status().next_update_slot, 1);
  ASSERT_EQ(send(updater, firmware("2.0")), Status::ok);
  board.may_boot({0, 1}, Policy::stock_rollback);
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(esp_idf.guarded, 0U);
  board.may_boot({});
  ASSERT_EQ(board.reset(Policy::stock_rollback), 1);

  esp_idf.run_from(0x11, board.extent(1).offset, board.extent(1).size_bytes);
  Updater next{port, ports::esp_idf_options()};
  ASSERT_EQ(next.open(), Status::ok);
  EXPECT_TRUE(next.status().on_trial);
  EXPECT_EQ(next.confirm(), Status::ok);
  EXPECT_EQ(board.reset(Policy::stock_rollback), 1);
  EXPECT_EQ(board.record_at(1).state, RecordState::valid);
}

TEST(EspIdfBoard, NothingReachesWhatEspIdfGuards) {
  RunningBoard board;
  esp_idf = {.chip = &board.flash};
  esp_idf.run_from(0x10, board.extent(0).offset, board.extent(0).size_bytes);
  ports::EspIdfFlash port;
  ASSERT_EQ(port.open(), Status::ok);
  for (const std::uint32_t address : {0x0U, 0x8000U, board.extent(0).offset}) {
    EXPECT_EQ(port.erase(address, 0x1000), Status::flash_erase_failed) << address;
    EXPECT_EQ(port.program(address, std::array{std::byte{0}}), Status::flash_program_failed) << address;
  }
  EXPECT_EQ(esp_idf.guarded, 6U);
  EXPECT_EQ(board.operations(), 0U);
}

}  // namespace
}  // namespace dualbank::tests
