// Machines that cannot remap their flash: an update takes the image that is linked for its slot, and no other.
#include <gtest/gtest.h>

#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"

namespace dualbank {
namespace {

using namespace tests;

constexpr std::uint32_t kFlash = 0x1000'0000;

ByteVector linked_for(const Board& board, SlotIndex slot, const char* version, std::uint32_t seed = 1) {
  return ImageBuilder()
      .chip(kInPlaceChip)
      .version(version)
      .seed(seed)
      .load_address(kFlash + board.extent(slot).offset + 0x20)
      .length(12 * 1024)
      .build();
}

/// 1.0 runs in ota_0.
class InPlaceTest : public testing::Test {
 protected:
  InPlaceTest() {
    board.install(0, linked_for(board, 0, "1.0")).record(0, 1, 2);
    EXPECT_EQ(updater.open(), Status::ok);
  }

  void expect_refused(const ByteVector& image, Status status) {
    EXPECT_EQ(status, Status::image_for_other_slot);
    EXPECT_EQ(updater.last_event(), (Event{Status::image_for_other_slot, {0, 1, 0}}));
    EXPECT_EQ(board.operations(), 0U) << "nothing was erased or programmed for " << image.size() << " bytes";
    EXPECT_EQ(updater.status().boot_slot, 0);
  }

  Board board;
  Updater updater{board.flash, {.running_slot = 0}};
};

TEST_F(InPlaceTest, TheImageOfTheOtherSlotIsRefusedBeforeAnyFlashOperation) {
  const ByteVector wrong = linked_for(board, 0, "2.0", 2);
  expect_refused(wrong, updater.begin({.identity = Bytes{wrong}.last(32), .header = wrong}));
  expect_refused(wrong, updater.flash(wrong, 0));
  for (std::uint32_t offset = 0; offset < kImageStartBytes; offset += 32) {
    const Status status = updater.flash(Bytes{wrong}.subspan(offset, 32), offset);
    if (offset + 32 < kImageStartBytes) {
      EXPECT_EQ(status, Status::ok) << "held back until it can be judged";
    } else {
      expect_refused(wrong, status);
    }
  }
}

TEST_F(InPlaceTest, AnUpdateGoesFromSlotToSlotWithTheImageOfEach) {
  const ByteVector two = linked_for(board, 1, "2.0", 2);
  ASSERT_EQ(updater.flash(two, 0), Status::ok);
  board.may_boot({0, 1});
  ASSERT_EQ(updater.switch_slot(), Status::ok);
  Updater next{board.flash, {.running_slot = 1}};
  ASSERT_EQ(next.open(), Status::ok);
  ASSERT_EQ(next.confirm(), Status::ok);
  const std::uint64_t before = board.operations();
  EXPECT_EQ(next.flash(linked_for(board, 1, "3.0", 3), 0), Status::image_for_other_slot);
  EXPECT_EQ(next.last_event(), (Event{Status::image_for_other_slot, {1, 0, 0}}));
  EXPECT_EQ(board.operations(), before);
  EXPECT_EQ(next.flash(linked_for(board, 0, "3.0", 3), 0), Status::ok);
  EXPECT_EQ(next.switch_slot(), Status::ok);
}

TEST_F(InPlaceTest, NoSwitchToAnImageThatAnotherToolPutIntoTheWrongSlot) {
  board.install(1, linked_for(board, 0, "2.0", 2));
  expect_refused({}, updater.switch_slot(1));
  expect_refused({}, updater.rollback(1));
}

TEST_F(InPlaceTest, TheBootloaderDoesNotStartAnImageInTheWrongSlot) {
  board.install(1, linked_for(board, 0, "2.0", 2)).record(1, 2, 2);
  std::array<std::byte, 4096> buffer;
  const auto outcome = run_bootloader(board.flash, updater.layout(), {.policy = Policy::dualbank}, buffer);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->decision.slot, 0);
  EXPECT_EQ(outcome->decision.reason, BootReason::fallback);
  const auto verdict =
      verify_slot(board.flash, board.extent(1), ImageRules::vendor(kAnyChip, board.extent(1).size_bytes), buffer);
  EXPECT_EQ(verdict.error(),
            (Event{Status::image_linked_elsewhere, {board.extent(0).offset, board.extent(1).offset, 0}}));
}

TEST(NameSlots, LeavesWhatNamesNoSlot) {
  Layout layout;
  layout.slot_count = 2;
  layout.slots[0] = {0x1'0000, 0x1'0000};
  layout.slots[1] = {0x2'0000, 0x1'0000};
  const Event other{Status::image_bad_mapping, {0x2'0000, 0x1'0000, 0}};
  const Event nowhere{Status::image_linked_elsewhere, {0x3'0000, 0x1'0000, 0}};
  EXPECT_EQ(name_slots(other, layout), other);
  EXPECT_EQ(name_slots(nowhere, layout), nowhere);
  EXPECT_EQ(name_slots({Status::image_linked_elsewhere, {0x2'0000, 0x1'0000, 0}}, layout),
            (Event{Status::image_for_other_slot, {1, 0, 0}}));
}

}  // namespace
}  // namespace dualbank
