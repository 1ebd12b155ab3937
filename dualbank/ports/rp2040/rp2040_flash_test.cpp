// The port on the stand-ins of tests/stand_ins/pico_sdk: an array, and what the SDK asks of its callers.
#include "dualbank/ports/rp2040/rp2040_flash.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/conformance/flash_conformance.hpp"

namespace {

constexpr std::uint32_t kSizeBytes = 0x1'0000;

struct Machine {
  std::vector<std::uint8_t> chip = std::vector<std::uint8_t>(kSizeBytes, std::uint8_t{0xFF});
  int answer = PICO_OK;  ///< of flash_safe_execute
  bool runs = true;      ///< whether it calls the function before an error
  bool parked = false;   ///< the other core waits and interrupts are off
  std::uint32_t timeout_ms = 0;
  int operations = 0;
};

Machine machine;

}  // namespace

extern "C" {
uintptr_t stand_in_flash_window(void) {
  EXPECT_FALSE(machine.parked) << "nothing can be read while the chip works";
  return reinterpret_cast<uintptr_t>(machine.chip.data());
}

int flash_safe_execute(void (*func)(void*), void* param, uint32_t enter_exit_timeout_ms) {
  machine.timeout_ms = enter_exit_timeout_ms;
  machine.parked = true;
  if (machine.answer == PICO_OK || machine.runs) func(param);
  machine.parked = false;
  return machine.answer;
}

void flash_range_erase(uint32_t flash_offs, size_t count) {
  ASSERT_TRUE(machine.parked);
  ASSERT_EQ(flash_offs % FLASH_SECTOR_SIZE, 0U);
  ASSERT_EQ(count % FLASH_SECTOR_SIZE, 0U);
  ++machine.operations;
  std::fill_n(machine.chip.begin() + flash_offs, count, std::uint8_t{0xFF});
}

void flash_range_program(uint32_t flash_offs, const uint8_t* data, size_t count) {
  ASSERT_TRUE(machine.parked);
  ASSERT_EQ(flash_offs % FLASH_PAGE_SIZE, 0U);
  ASSERT_EQ(count % FLASH_PAGE_SIZE, 0U);
  ++machine.operations;
  for (size_t i = 0; i < count; ++i) machine.chip[flash_offs + i] &= data[i];
}
}

namespace dualbank::tests {
namespace {

class Rp2040Provider {
 public:
  Rp2040Provider() { machine = {}; }
  Flash& flash() { return flash_; }

 private:
  ports::Rp2040Flash flash_{kSizeBytes};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Rp2040, FlashConformance, Rp2040Provider);

class Rp2040FlashTest : public testing::Test {
 protected:
  Rp2040FlashTest() { machine = {}; }
  ports::Rp2040Flash flash{kSizeBytes, 250};
  std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
};

TEST_F(Rp2040FlashTest, ProgramsAWholePageOfWhichOnlyTheBytesChangeAnything) {
  machine.chip[0x1100] = 0x42;
  EXPECT_EQ(flash.program(0x11FD, bytes), Status::ok);
  EXPECT_EQ(machine.chip[0x1100], 0x42);
  EXPECT_EQ(machine.chip[0x11FF], 3);
  EXPECT_EQ(machine.operations, 1);
  EXPECT_EQ(machine.timeout_ms, 250U);
}

TEST_F(Rp2040FlashTest, ErasesASectorInOneOperationAndNoBlock) {
  EXPECT_EQ(flash.geometry().erase_units, 0x1000U);
  EXPECT_EQ(flash.erase(0x2000, 0x1000), Status::ok);
  EXPECT_EQ(machine.operations, 1);
}

TEST_F(Rp2040FlashTest, SaysWhatTheSdkAnswered) {
  machine.answer = PICO_ERROR_TIMEOUT;  // the other core did not come back: the bytes are in the chip
  EXPECT_EQ(flash.program(0x1000, bytes), Status::flash_timeout);
  EXPECT_EQ(machine.chip[0x1000], 1);
  EXPECT_EQ(flash.erase(0x1000, 0x1000), Status::flash_timeout);
  machine.runs = false;
  for (const int refusal : {PICO_ERROR_NOT_PERMITTED, PICO_ERROR_INSUFFICIENT_RESOURCES}) {
    machine.answer = refusal;
    EXPECT_EQ(flash.program(0x1000, bytes), Status::flash_program_failed);
    EXPECT_EQ(flash.erase(0x1000, 0x1000), Status::flash_erase_failed);
  }
}

TEST_F(Rp2040FlashTest, StandsInStaticMemoryWithoutStartUpCode) {
  static constinit ports::Rp2040Flash standing{0x20'0000};
  EXPECT_EQ(standing.geometry().size_bytes, 0x20'0000U);
}

}  // namespace
}  // namespace dualbank::tests
