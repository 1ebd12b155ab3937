// The counter on stand-ins: a field of 16 bits.
#include "dualbank/ports/esp_idf/esp_idf_version_counter.hpp"

#include <gtest/gtest.h>

#include "tests/support/board.hpp"
#include "tests/support/esp_idf_board.hpp"

namespace dualbank::tests {
namespace {

TEST(EspIdfVersionCounter, IsWhatTheEfusesSay) {
  RunningBoard board;
  esp_idf = {.chip = &board.flash, .secure_version = 3};
  ports::EspIdfVersionCounter counter;
  EXPECT_EQ(*counter.lowest(board.flash), 3U);
  for (const auto& [version, expected] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{2, 3}, {3, 3}, {7, 7}, {17, 7}}) {
    EXPECT_EQ(counter.raise(board.flash, version), Event{});
    EXPECT_EQ(esp_idf.secure_version, expected);
  }
  esp_idf.burns_efuses = false;
  EXPECT_EQ(counter.raise(board.flash, 7), Event{}) << "nothing to burn";
  EXPECT_EQ(counter.raise(board.flash, 8).code, Status::flash_program_failed);
}

TEST(EspIdfVersionCounter, ConfirmBurnsIt) {
  RunningBoard board;
  esp_idf = {.chip = &board.flash};
  ports::EspIdfVersionCounter counter;
  board.install(0, ImageBuilder().chip(kTestChip).secure_version(4).build());
  Updater updater{board.flash, {.running_slot = 0, .versions = &counter}};
  ASSERT_EQ(updater.open(), Status::ok);
  EXPECT_EQ(esp_idf.secure_version, 0U);
  ASSERT_EQ(updater.confirm(), Status::ok);
  EXPECT_EQ(esp_idf.secure_version, 4U);
}

}  // namespace
}  // namespace dualbank::tests
