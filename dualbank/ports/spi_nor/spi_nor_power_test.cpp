// A whole update over the driver on a strict chip. At every operation the power is cut, or the processor alone is reset
// while the chip goes on. Whatever the moment: the driver opens, a valid image boots, and the update goes on to its
// end.
#include <gtest/gtest.h>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"
#include "tests/support/wired_chip.hpp"

namespace dualbank {
namespace {

using namespace tests;
using sim::Tear;

constexpr std::uint32_t kSlotBytes = 0x1'0000;
constexpr std::uint32_t kSmall = 0x4'0000;

/// Of a chip; at its start 1.0 runs from ota_0.
class SpiBoard {
 public:
  explicit SpiBoard(const sim::SpiNorModel& model) : chip(model, kClockHz) {
    chip.array().put(0x8000, table_of({}));
    chip.array().put(kOtadata, record_bytes(1, 2));
    chip.array().put(kFirstSlot, firmware("1.0"));
    start_ = chip.array().snapshot();
  }
  void start_again() {
    chip.array().restore(start_);
    chip.power_on();
  }

  /// The processor starts: what boots, by way of a driver of its own. kNoSlot when the flash does not open.
  SlotIndex boot() {
    ChipBus bus{chip};
    ports::SpiNorFlash flash{bus, {.clock_hz = kClockHz}};
    if (flash.open() != Status::ok) return kNoSlot;
    const Result<Layout> layout = read_layout(flash);
    if (!layout) return kNoSlot;
    const auto decision = predict_boot(flash, *layout, {.policy = Policy::stock, .chip_id = kTestChip}, buffer_);
    return decision ? decision->slot : kNoSlot;
  }

  /// The update to 2.0, from wherever it stands, until it boots next, or to the cut.
  Status update(ChipBus& bus) {
    ports::SpiNorFlash flash{bus, {.clock_hz = kClockHz}};
    if (const Status s = flash.open(); s != Status::ok) return s;
    std::array<Range, 8> gaps{};
    Updater updater{flash, {.gaps = gaps, .running_slot = 0, .policy = Policy::stock}};
    if (const Status s = updater.open(); s != Status::ok) return s;
    if (updater.status().boot_slot == 1) return Status::ok;
    if (const Status s = updater.begin({.header = Bytes{image()}.first(288)}); s != Status::ok) return s;
    if (const Status s = send_missing(updater, image(), 2000); s != Status::ok) return s;
    return updater.switch_slot();
  }

  [[nodiscard]] static const ByteVector& image() { return firmware("2.0", 9); }
  [[nodiscard]] bool has_new_image() {
    const Bytes slot = chip.array().contents().subspan(kFirstSlot + kSlotBytes, image().size());
    return std::equal(slot.begin(), slot.end(), image().begin());
  }
  void expect_no_violations(std::uint32_t index) {
    EXPECT_TRUE(chip.violations().empty()) << index;
    EXPECT_TRUE(chip.array().violations().empty()) << index;
  }
  /// It boots, and the update goes on to its end.
  void expect_whole(std::uint32_t index) {
    const SlotIndex now = boot();
    EXPECT_TRUE(now == 0 || now == 1) << "operation " << index << ": boots " << int{now};
    ChipBus bus{chip};
    EXPECT_EQ(update(bus), Status::ok) << index;
    EXPECT_EQ(boot(), 1) << index;
    EXPECT_TRUE(has_new_image()) << index;
    expect_no_violations(index);
  }

  sim::SpiNorChip chip;

 private:
  sim::NorFlash::Snapshot start_;
  std::array<std::byte, 4096> buffer_{};
};

const std::vector<Tear>& tears() {
  static const std::vector<Tear> all{{.kind = Tear::Kind::before},
                                     {.kind = Tear::Kind::after},
                                     {.kind = Tear::Kind::prefix, .units = 5, .seed = 1, .marginal = true},
                                     {.kind = Tear::Kind::bits, .seed = 2, .marginal = true},
                                     {.kind = Tear::Kind::bits, .seed = 3, .programs_first = true}};
  return all;
}

TEST(SpiNorPower, CutAtEveryOperationOfAnUpdateAValidImageBootsAndTheUpdateGoesOn) {
  SpiBoard board{sim::w25q32().with_size(kSmall)};
  std::uint32_t operations = 0;
  for (const Tear& tear : tears()) {
    for (std::uint32_t index = 0;; ++index) {
      board.start_again();
      board.chip.array().cut_at(index, tear);
      ChipBus bus{board.chip};
      const Status s = board.update(bus);
      if (s == Status::ok) {
        operations = index;
        break;
      }
      ASSERT_EQ(s, Status::flash_timeout) << "the line stays open: " << index;
      board.chip.power_on();
      board.expect_whole(index);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(operations, 40u);
}

/// The processor stops once it has begun an operation, and is reset while the chip still works.
void reset_at_every_operation(const sim::SpiNorModel& model, std::uint32_t step) {
  SpiBoard board{model};
  std::uint32_t busy = 0;
  for (std::uint32_t index = 0;; index += step) {
    board.start_again();
    ChipBus bus{board.chip};
    bus.stop_processor_at(index);
    const Status s = board.update(bus);
    if (bus.processor_runs()) {
      EXPECT_EQ(s, Status::ok);
      break;
    }
    busy += board.chip.busy() ? 1 : 0;
    board.expect_whole(index);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(busy, 40 / step);
}

TEST(SpiNorPower, AResetOfTheProcessorAloneIsSurvivedWhileTheChipIsBusy) {
  reset_at_every_operation(sim::w25q32().with_size(kSmall), 1);
}

TEST(SpiNorPower, AResetOfTheProcessorAloneIsSurvivedInThe4ByteMode) { reset_at_every_operation(sim::n25q256a(), 8); }

}  // namespace
}  // namespace dualbank
