#include "dualbank/engine/board_boot.hpp"

#include <algorithm>
#include <deque>
#include <string>

#include "dualbank/engine/updater.hpp"
#include "tests/support/boot_board.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kRam = 0x8040'0000;

/// Remembers what it was told; its line holds what the test put there.
class Board final : public BootBoard {
 public:
  void starting(const BootHandover& boot) override { started.push_back(boot.slot); }
  void recovering() override { recovered = true; }
  std::byte read() override {
    if (line.empty()) throw std::out_of_range("nobody is at the line");
    const std::byte b = line.front();
    line.pop_front();
    return b;
  }
  void write(Bytes bytes) override { said.insert(said.end(), bytes.begin(), bytes.end()); }

  std::vector<SlotIndex> started;
  bool recovered = false;
  std::deque<std::byte> line;
  ByteVector said;
};

/// The parameter: whether it is the compact one.
class BoardBoot : public BootTest, public testing::WithParamInterface<bool> {
 protected:
  BoardBoot() { settings_ = {.chip_id = kNoVendorChip, .memory = regions_}; }

  static ImageBuilder builder() { return ImageBuilder().chip(kNoVendorChip).load_address(kRam).entry(kRam + 0x104); }
  Result<std::uint32_t> boot() {
    if (GetParam()) {
      return boot_compact(board_, flash_,
                          {.layout = layout_, .memory = regions_, .buffer = buffer_, .handover = handover_});
    }
    return dualbank::boot(board_, flash_,
                          {.layout = layout_, .settings = settings_, .buffer = buffer_, .handover = handover_});
  }
  void ask(const SerialRequest& request) {
    ByteVector body(kSerialBeginBytes);
    ByteVector line(serial_framed_bytes(kSerialBeginBytes));
    const Bytes framed = write_serial_frame(write_serial_request(request, body), line);
    board_.line.insert(board_.line.end(), framed.begin(), framed.end());
  }

  Board board_;
  ByteVector ram_ = ByteVector(0x1000, std::byte{0xEE});
  ByteVector handover_ = ByteVector(kBootHandoverBytes);
  std::array<LoadRegion, 1> regions_{{{kRam, ram_}}};
};

TEST_P(BoardBoot, LoadsHandsOverAndNamesTheEntry) {
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  install(1, builder().build());
  const auto entry = boot();
  ASSERT_TRUE(entry);
  EXPECT_EQ(*entry, kRam + 0x104);
  EXPECT_EQ(board_.started, std::vector<SlotIndex>{1});
  EXPECT_FALSE(board_.recovered);
  const BootHandover handover = take_boot_handover(handover_);
  EXPECT_EQ(int{handover.slot}, 1);
  EXPECT_EQ(handover.reason, BootReason::active_record);
  EXPECT_EQ(load_u32(ram_, 0), kAppDescriptorMagic);
}

TEST_P(BoardBoot, TheOtherGoodSlotComesBeforeAnythingElse) {
  put_record(1, record_bytes(2, kUndefined, kCrc2));
  install(0, builder().seed(3).build());
  install(1, builder().wrong_hash().build());
  ASSERT_TRUE(boot());
  EXPECT_EQ(board_.started, std::vector<SlotIndex>{0});
  EXPECT_EQ(take_boot_handover(handover_).reason, BootReason::fallback);
}

TEST_P(BoardBoot, WithoutAGoodSlotTheLineIsServedUntilAReset) {
  install(0, builder().wrong_checksum().build());
  ask({.verb = SerialVerb::hello, .sequence = 1});
  ask({.verb = SerialVerb::reset, .sequence = 2});
  EXPECT_EQ(boot().error().code, Status::stopped);
  EXPECT_TRUE(board_.recovered);
  EXPECT_TRUE(board_.started.empty());
  EXPECT_EQ(board_.said.size(), serial_framed_bytes(kSerialHelloBytes) + serial_framed_bytes(kSerialReplyBytes));
  EXPECT_TRUE(board_.line.empty());
  EXPECT_EQ(take_boot_handover(handover_).slot, kNoSlot);
}

TEST_P(BoardBoot, AFlashThatDoesNotReadStartsNothing) {
  install(0, builder().build());
  flash_.fail_read_at(0, Status::flash_read_failed);
  EXPECT_EQ(boot().error().code, Status::flash_read_failed);
  EXPECT_TRUE(board_.started.empty());
}

TEST_P(BoardBoot, ABootOnTrialIsHandedOver) {
  install(0, builder().build());
  install(1, builder().seed(3).build());
  put_record(0, record_bytes(1, kUndefined, kCrc1));
  {
    Updater updater{flash_,
                    {.running_slot = 0, .policy = Policy::dualbank, .chip_id = kNoVendorChip, .layout = &layout_}};
    ASSERT_EQ(updater.open(), Status::ok);
    ASSERT_EQ(updater.switch_slot(1), Status::ok);
  }
  for (std::uint8_t n = 1; n <= 3; ++n) {
    ASSERT_TRUE(boot());
    const BootHandover handover = take_boot_handover(handover_);
    EXPECT_EQ(int{handover.slot}, 1);
    EXPECT_EQ(handover.reason, BootReason::trial_boot);
    EXPECT_EQ(handover.trial_boot, n);
  }
  ASSERT_TRUE(boot());
  EXPECT_EQ(take_boot_handover(handover_).reason, BootReason::trial_failed);
}

INSTANTIATE_TEST_SUITE_P(All, BoardBoot, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Compact" : "Whole"; });

}  // namespace
}  // namespace dualbank::tests
