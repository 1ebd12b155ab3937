// Our bootloader with a guard and a counter: what it does not allow is as bad as an image that is broken.
#include <gtest/gtest.h>

#include "dualbank/engine/board_boot.hpp"
#include "tests/support/boot_board.hpp"
#include "tests/support/toy_signatures.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kRam = 0x8040'0000;

class Quiet final : public BootBoard {
 public:
  void starting(const BootHandover&) override {
    if (before_loading) before_loading();
  }
  void recovering() override { throw std::out_of_range("nothing boots"); }
  std::byte read() override { return std::byte{0}; }
  void write(Bytes) override {}
  std::function<void()> before_loading;
};

class FixedCounter final : public VersionCounter {
 public:
  explicit FixedCounter(std::uint32_t lowest) : lowest_(lowest) {}
  [[nodiscard]] Result<std::uint32_t> lowest(Flash&) override { return lowest_; }
  [[nodiscard]] Event raise(Flash&, std::uint32_t) override {
    ADD_FAILURE() << "a bootloader raises nothing";
    return {};
  }

 private:
  std::uint32_t lowest_;
};

class BootSigned : public BootTest {
 protected:
  BootSigned() {
    settings_ = {.chip_id = kNoVendorChip, .memory = regions_, .guard = &guard_};
    put_record(1, record_bytes(2, kUndefined, kCrc2));
  }
  static ByteVector image(std::uint32_t seed, std::uint32_t version = 0) {
    return ImageBuilder()
        .chip(kNoVendorChip)
        .load_address(kRam)
        .entry(kRam + 0x104)
        .seed(seed)
        .secure_version(version)
        .build();
  }
  Result<std::uint32_t> boot() {
    return dualbank::boot(board_, flash_,
                          {.layout = layout_, .settings = settings_, .buffer = buffer_, .handover = handover_});
  }
  SlotIndex booted() {
    if (!boot()) return kNoSlot;
    return take_boot_handover(handover_).slot;
  }

  Quiet board_;
  ToyVerifier verifier_;
  std::array<Sha256Digest, 1> keys_{toy_key_digest(1)};
  SignatureGuard guard_{verifier_, {.keys = keys_}};
  ByteVector ram_ = ByteVector(0x1000, std::byte{0xEE});
  ByteVector handover_ = ByteVector(kBootHandoverBytes);
  std::array<LoadRegion, 1> regions_{{{kRam, ram_}}};
};

TEST_F(BootSigned, AnImageOfSomebodyElseDoesNotStart) {
  install(0, toy_signed(image(1), {1}));
  for (const auto& bad : {image(2), toy_signed(image(2), {2})}) {
    install(1, ByteVector(0x4000, std::byte{0xFF}));
    install(1, bad);
    EXPECT_EQ(int{booted()}, 0);
    EXPECT_EQ(predict_boot(flash_, layout_, settings_, buffer_)->reason, BootReason::fallback);
  }
  install(1, toy_signed(image(2), {1}));
  EXPECT_EQ(int{booted()}, 1);
  for (const SlotIndex slot : {SlotIndex{0}, SlotIndex{1}}) {
    install(slot, ByteVector(0x4000, std::byte{0xFF}));
    install(slot, image(3));
  }
  EXPECT_THROW(static_cast<void>(boot()), std::out_of_range);
}

TEST_F(BootSigned, BytesThatChangeAfterTheyWereVerifiedAreNotStarted) {
  const ByteVector good = toy_signed(image(2), {1});
  install(1, good);
  for (const std::size_t at : {std::size_t{4}, std::size_t{0x100}, std::size_t{0x150}}) {
    board_.before_loading = [&] {
      ByteVector changed = good;
      changed[at] ^= std::byte{1};
      install(1, changed);
    };
    const auto entry = boot();
    EXPECT_FALSE(entry) << at;
    EXPECT_EQ(entry.error().code, Status::image_hash_mismatch);
    install(1, good);
  }
}

TEST_F(BootSigned, AnImageBelowTheCounterDoesNotStart) {
  FixedCounter counter{5};
  settings_.versions = &counter;
  install(0, toy_signed(image(1, 5), {1}));
  install(1, toy_signed(image(2, 4), {1}));
  EXPECT_EQ(int{booted()}, 0);
  install(1, toy_signed(image(2, 6), {1}));
  EXPECT_EQ(int{booted()}, 1);
}

TEST_F(BootSigned, RecoveryTakesNoImageOfSomebodyElse) {
  FixedCounter counter{5};
  settings_.versions = &counter;
  const std::vector<std::pair<ByteVector, Status>> cases{{image(1, 5), Status::signature_missing},
                                                         {toy_signed(image(1, 4), {1}), Status::image_version_too_low},
                                                         {toy_signed(image(1, 5), {1}), Status::ok}};
  for (const auto& [slot, status] : cases) {
    install(0, ByteVector(0x4000, std::byte{0xFF}));
    install(0, slot);
    EXPECT_EQ(check_bootable(flash_, layout_.slots[0], settings_, buffer_).code, status);
  }
}

}  // namespace
}  // namespace dualbank::tests
