// What the compact bootloader does by itself. That it does what run_bootloader does is asserted at every boot of
// tests/support/board.hpp and of the simulator's boards (sim/compact_twin.hpp), and here for records of any content.
#include "dualbank/engine/compact_bootloader.hpp"

#include <algorithm>

#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/sim/compact_twin.hpp"
#include "dualbank/sim/draw.hpp"
#include "tests/support/boot_board.hpp"

namespace dualbank::tests {
namespace {

class CompactBootloaderTest : public BootTest {
 protected:
  CompactBootloaderTest() { settings_ = {.policy = Policy::dualbank, .chip_id = kS3}; }

  /// Both run on the same flash; `good` says which images do. Returns the outcome of the other one.
  BootOutcome boot_both(std::uint8_t most_tries = 3) {
    settings_.most_tries = most_tries;
    sim::CompactTwin twin{flash_, layout_, [this](SlotIndex slot) {
                            return !check_bootable(flash_, layout_.extent_of(slot), settings_, buffer_).failed();
                          }};
    twin.run(most_tries);
    const auto outcome = run_bootloader(flash_, layout_, settings_, buffer_);
    EXPECT_TRUE(outcome.has_value());
    EXPECT_EQ(twin.difference(flash_, *outcome), "");
    return *outcome;
  }
  static Cell any_cell(sim::Random& draw) {
    Cell cell{.kind = static_cast<CellKind>(1 + draw.below(14))};
    cell.a = static_cast<std::uint8_t>(draw.below(4));
    cell.b = static_cast<std::uint16_t>(draw.below(3));
    cell.c = draw.below(5);
    cell.d = draw.below(6) == 0 ? kUndefined : draw.below(4);
    if (cell.kind == CellKind::session) cell.b = static_cast<std::uint16_t>(draw.below(3) == 0 ? 13 : 12);
    if (cell.kind == CellKind::intent) {
      cell.b = static_cast<std::uint16_t>(draw.below(3) == 0 ? draw.below(4) : 1);
      cell.d = draw.below(2) == 0 ? kUndefined : draw.below(5);
    }
    return cell;
  }
  void put_any_sector(std::uint32_t sector, sim::Random& draw) {
    ByteVector bytes(0x1000, std::byte{0xFF});
    const std::uint32_t seq = draw.below(5);
    const std::uint32_t state = draw.below(2) == 0 ? kUndefined : draw.below(6);
    BootRecord record = BootRecord::make(seq, static_cast<RecordState>(state));
    if (draw.below(6) == 0) record.crc ^= 1;
    if (draw.below(6) == 0) record = BootRecord{};
    std::ranges::copy(record.bytes(), bytes.begin());
    // Few cells, or so many that the log is nearly full.
    const std::uint32_t most = draw.below(4) == 0 ? 254 - draw.below(14) : draw.below(12);
    std::uint32_t at = kLogOffset;
    for (std::uint32_t n = 0; n < most; ++n, at += kCellBytes) {
      std::array<std::byte, kCellBytes> cell = any_cell(draw).bytes();
      if (draw.below(40) == 0) cell[0] ^= std::byte{0x30};                  // burnt
      if (n + 1 == most && draw.below(3) == 0) cell[15] = std::byte{0x5A};  // torn
      std::ranges::copy(cell, bytes.begin() + at);
    }
    if (draw.below(8) == 0 && at + 64 < 0x1000) bytes[at + 16 * draw.below(4) + 3] = std::byte{0x7F};  // remains
    flash_.put(0xE000 + sector * 0x1000, bytes);
  }
};

TEST_F(CompactBootloaderTest, RecordsAndJournalsOfAnyContent) {
  sim::Random draw(20'260);
  std::array<int, 16> reasons{};
  int counted = 0;
  for (int i = 0; i < 20'000; ++i) {
    layout_.factory = draw.below(4) == 0 ? Extent{0x3'0000, kSlotBytes} : Extent{};
    layout_.test = draw.below(6) == 0 ? Extent{0x4'0000, kSlotBytes} : Extent{};
    layout_.slot_count = static_cast<std::uint8_t>(draw.below(20) == 0 ? 0 : 1 + draw.below(3));
    layout_.slots[2] = {0x5'0000, kSlotBytes};
    layout_.otadata = draw.below(40) == 0 ? Extent{} : Extent{0xE000, draw.below(40) == 0 ? 0x1000U : 0x2000U};
    if (i % 16 == 0) {
      for (const std::uint32_t at : {0x1'0000U, 0x2'0000U, 0x3'0000U, 0x4'0000U, 0x5'0000U}) {
        flash_.put(at, draw.below(3) == 0 ? ByteVector(64) : ImageBuilder().chip(kS3).build());
      }
    }
    for (const std::uint32_t sector : {0U, 1U}) put_any_sector(sector, draw);
    const BootOutcome outcome = boot_both(static_cast<std::uint8_t>(draw.below(4)));
    ++reasons[static_cast<unsigned>(outcome.decision.reason)];
    counted += outcome.decision.trial_boot > 0 ? 1 : 0;
    ASSERT_FALSE(HasFailure()) << i;
  }
  for (const BootReason reason :
       {BootReason::active_record, BootReason::no_record_first_slot, BootReason::no_record_factory,
        BootReason::no_usable_record, BootReason::no_otadata, BootReason::fallback, BootReason::test_app,
        BootReason::nothing_boots, BootReason::otadata_unreadable, BootReason::trial_boot, BootReason::trial_failed}) {
    EXPECT_GT(reasons[static_cast<unsigned>(reason)], 5) << boot_reason_name(reason);
  }
  EXPECT_GT(counted, 50);
}

/// Says which slots it was asked for.
class Asked final : public ImageCheck {
 public:
  explicit Asked(std::vector<Status> answers) : answers_(std::move(answers)) {}
  Status check(const Extent& slot, MutableBytes) override {
    slots.push_back(slot.offset);
    return answers_.at(slots.size() - 1);
  }
  std::vector<std::uint32_t> slots;

 private:
  std::vector<Status> answers_;
};

TEST_F(CompactBootloaderTest, ASessionBehindTheEndOfItsLogLeavesNoRoom) {
  for (const std::uint32_t left : {16U, 32U, 48U, 64U}) {
    ByteVector bytes(0x1000, std::byte{0});
    std::ranges::copy(BootRecord::make(1, RecordState::undefined).bytes(), bytes.begin());
    std::fill(bytes.end() - left, bytes.end(), std::byte{0xFF});
    const Cell session{.kind = CellKind::session, .a = 0, .b = 12};
    std::ranges::copy(session.bytes(), bytes.end() - left);
    flash_.put(0xE000, bytes);
    flash_.put(0xF000, ByteVector(0x1000, std::byte{0xFF}));
    flash_.put(0x1'0000, ByteVector(64));
    flash_.put(0x2'0000, ImageBuilder().chip(kS3).build());  // so that another slot boots, which would be noted
    EXPECT_EQ(boot_both().decision.reason, BootReason::fallback) << left;
    const auto seen = flash_.contents().subspan(0xE000, 0x1000);
    EXPECT_TRUE(std::ranges::equal(seen, bytes)) << left;
  }
}

TEST_F(CompactBootloaderTest, AnImageThatIsPassedOverIsCheckedOnce) {
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  put_record(0, record_bytes(1, kUndefined, kCrc1));
  add_factory();
  Asked images{{3, Status::image_refused}};
  CompactOutcome outcome;
  ASSERT_EQ(run_compact_bootloader(flash_, layout_, 3, images, buffer_, outcome), Status::ok);
  EXPECT_EQ(images.slots, (std::vector<std::uint32_t>{0x2'0000, 0x1'0000, 0x3'0000}));
  EXPECT_EQ(outcome.slot, kNoSlot);
}

TEST_F(CompactBootloaderTest, AFlashThatDoesNotReadDecidesNothing) {
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  Asked images{{Status::flash_timeout}};
  CompactOutcome outcome;
  EXPECT_EQ(run_compact_bootloader(flash_, layout_, 3, images, buffer_, outcome), Status::flash_timeout);
  for (std::uint32_t n = 0; n < 4; ++n) {
    Asked none{{}};
    flash_.fail_read_at(n, Status::flash_read_failed);
    EXPECT_EQ(run_compact_bootloader(flash_, layout_, 3, none, buffer_, outcome), Status::flash_read_failed) << n;
    EXPECT_TRUE(none.slots.empty());
  }
}

/// As run_bootloader: the image is not started this time, and the old one is.
TEST_F(CompactBootloaderTest, ABootThatCannotBeCountedIsNotMade) {
  put_record(0, record_bytes(1, kUndefined, kCrc1));
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  const Cell intent{
      .kind = CellKind::intent, .a = 1, .b = static_cast<std::uint16_t>(Reason::switched), .c = 2, .d = kUndefined};
  flash_.put(0xF000 + kLogOffset, intent.bytes());
  flash_.fail_at(0, Status::flash_program_failed);
  Asked images{{Status::ok, Status::ok}};
  CompactOutcome outcome;
  ASSERT_EQ(run_compact_bootloader(flash_, layout_, 3, images, buffer_, outcome), Status::ok);
  EXPECT_EQ(int{outcome.slot}, 0);
  EXPECT_EQ(outcome.reason, BootReason::trial_failed);
  EXPECT_EQ(outcome.trial_boot, 0);
  EXPECT_EQ(outcome.journal, Status::flash_program_failed);
  Asked again{{Status::ok}};
  ASSERT_EQ(run_compact_bootloader(flash_, layout_, 3, again, buffer_, outcome), Status::ok);
  EXPECT_EQ(int{outcome.slot}, 1);
  EXPECT_EQ(outcome.trial_boot, 1);
}

}  // namespace
}  // namespace dualbank::tests
