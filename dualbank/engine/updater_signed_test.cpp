// An updater with a guard: only signed images boot next, by whatever call.
#include <gtest/gtest.h>

#include "dualbank/engine/updater.hpp"
#include "tests/support/board.hpp"
#include "tests/support/toy_signatures.hpp"

namespace dualbank {
namespace {

using namespace tests;

class SignedUpdates : public testing::Test {
 protected:
  SignedUpdates() {
    board_.install(0, toy_signed(firmware("1.0"), {1}));
    board_.may_boot({0, 1});
  }
  Updater open(const Options& options) {
    Updater updater{board_.flash, options};
    EXPECT_EQ(updater.open(), Status::ok);
    return updater;
  }
  Updater open() { return open({.guard = &guard_}); }
  Status switch_to(const ByteVector& slot) {
    board_.install(1, slot);
    Updater updater = open();
    return updater.switch_slot();
  }

  RunningBoard board_;
  ToyVerifier verifier_;
  std::array<Sha256Digest, 1> keys_{toy_key_digest(1)};
  SignatureGuard guard_{verifier_, {.keys = keys_}};
};

TEST_F(SignedUpdates, TheSectorIsPartOfTheUpdate) {
  const ByteVector image = toy_signed(firmware("2.0", 10), {1});
  Updater updater = open();
  ASSERT_EQ(updater.flash(Bytes{image}.first(0x2800), 0), Status::ok);
  ASSERT_TRUE(updater.length_known());
  EXPECT_EQ(updater.next_missing(), (Range{0x2800, 0x4000})) << "the image alone has 0x2800 bytes";
  EXPECT_EQ(updater.switch_slot(), Status::update_incomplete);
  ASSERT_EQ(send_missing(updater, image), Status::ok);
  EXPECT_EQ(updater.switch_slot(), Status::ok);
  EXPECT_EQ(board_.boots(), 1);
}

TEST_F(SignedUpdates, ASlotWithoutRoomForTheSectorIsTooSmall) {
  Updater updater = open();
  EXPECT_EQ(send(updater, firmware("2.0", 61)), Status::image_too_long);
  EXPECT_EQ(updater.last_event(), (Event{Status::image_too_long, {0x1'1000, 0x1'0000, 0}}));
}

TEST_F(SignedUpdates, SwitchRefusesByNameAndWritesNothing) {
  const ByteVector& image = firmware("2.0");
  const std::vector<std::pair<ByteVector, Status>> cases{{image, Status::signature_missing},
                                                         {toy_signed(image, {2}), Status::signature_untrusted}};
  for (const auto& [slot, status] : cases) {
    board_.install(1, slot);
    Updater updater = open();
    const auto before = board_.operations();
    EXPECT_EQ(updater.switch_slot(), status);
    EXPECT_EQ(board_.operations(), before);
    EXPECT_EQ(board_.boots(), 0);
  }
  EXPECT_EQ(switch_to(toy_signed(image, {1})), Status::ok);
}

TEST_F(SignedUpdates, RollbackGoesToNoUnsignedImage) {
  board_.install(1, firmware("0.9"));
  Updater updater = open();
  EXPECT_EQ(updater.rollback(), Status::no_rollback_target);
  EXPECT_EQ(updater.rollback(1), Status::signature_missing);
  board_.install(1, toy_signed(firmware("0.9"), {1}));
  EXPECT_EQ(updater.rollback(), Status::ok);
}

TEST_F(SignedUpdates, AnImageThatWasVerifiedAsItCameIsStillAskedForItsSignature) {
  ImageVerifier streamed{ImageRules{}};
  for (const std::uint8_t key : {std::uint8_t{2}, std::uint8_t{1}}) {
    Updater updater = open({.streamed = &streamed, .guard = &guard_});
    ASSERT_EQ(send(updater, toy_signed(firmware(key == 1 ? "2.0" : "2.1"), {key})), Status::ok);
    EXPECT_EQ(updater.switch_slot(), key == 1 ? Status::ok : Status::signature_untrusted);
  }
}

TEST_F(SignedUpdates, TheRunningImagesKeyByTheVendorsRule) {
  SignatureGuard guard{verifier_, {.by_running_image = true}};
  board_.install(1, toy_signed(firmware("2.0"), {2}));
  Updater updater = open({.guard = &guard});
  EXPECT_EQ(updater.switch_slot(), Status::signature_untrusted);
  board_.install(1, toy_signed(firmware("2.0"), {1}));
  EXPECT_EQ(updater.switch_slot(), Status::ok);
}

TEST_F(SignedUpdates, ASwitchThatACutInterruptedIsFinishedOnlyForASignedImage) {
  for (const bool changed : {true, false}) {
    for (std::uint32_t cut = 0; cut < 12; ++cut) {
      RunningBoard board;
      board.install(0, toy_signed(firmware("1.0"), {1})).install(1, toy_signed(firmware("2.0"), {1}));
      board.may_boot({0, 1});
      Updater updater{board.flash, {.guard = &guard_}};
      ASSERT_EQ(updater.open(), Status::ok);
      board.flash.cut_at(cut, {});
      if (updater.switch_slot() != Status::power_lost) break;
      board.power_on();
      if (changed) board.install(1, toy_signed(firmware("2.0"), {2}));
      const bool chosen = board.boots() == 1;
      Updater next{board.flash, {.running_slot = 0, .guard = &guard_}};
      ASSERT_EQ(next.open(), Status::ok);
      EXPECT_TRUE(!changed || chosen || board.boots() == 0) << cut;
    }
  }
}

}  // namespace
}  // namespace dualbank
