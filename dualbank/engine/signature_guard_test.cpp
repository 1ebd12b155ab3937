#include "dualbank/engine/signature_guard.hpp"

#include <gtest/gtest.h>

#include "dualbank/formats/crc32.hpp"
#include "tests/support/boot_board.hpp"
#include "tests/support/toy_signatures.hpp"

namespace dualbank::tests {
namespace {

constexpr std::uint32_t kRam = 0x8040'0000;

TEST(KeyDigest, IsReadFromTheDigitsThatKeygenPrints) {
  constexpr Sha256Digest kDigest = key_digest("00019aAfF062054218e3520a7a754f864f63466904d100e842b7dbec6902a4fF");
  EXPECT_EQ(kDigest[0], std::byte{0});
  EXPECT_EQ(kDigest[1], std::byte{1});
  EXPECT_EQ(kDigest[2], std::byte{0x9A});
  EXPECT_EQ(kDigest[3], std::byte{0xAF});
  EXPECT_EQ(kDigest[4], std::byte{0xF0});
  EXPECT_EQ(kDigest[31], std::byte{0xFF});
}

class SignatureGuardTest : public BootTest {
 protected:
  static ByteVector image(std::uint32_t seed = 1) {
    return ImageBuilder()
        .chip(kS3)
        .load_address(kRam)
        .entry(kRam + 0x100)
        .segment(kRam + 0x800, random_bytes(0x700, seed))
        .build();
  }
  Event check(const ByteVector& slot, SlotIndex running = kNoSlot) {
    install(1, slot);
    return guard_.check(flash_, {layout_.slots[1], length_, layout_.extent_of(running)}, buffer_);
  }

  ToyVerifier verifier_;
  ByteVector image_ = image();
  std::uint32_t length_ = static_cast<std::uint32_t>(image_.size());
  std::array<Sha256Digest, 3> keys_{toy_key_digest(1), toy_key_digest(2), toy_key_digest(3)};
  SignatureGuard guard_{verifier_, {.keys = keys_}};
};

TEST_F(SignatureGuardTest, AnyBlockByATrustedKeyWillDo) {
  for (const auto& keys :
       std::vector<std::vector<std::uint8_t>>{{1}, {2}, {3}, {9, 2}, {9, 8, 3}, {0, 0, 1}, {9, 0, 1}}) {
    EXPECT_EQ(check(toy_signed(image_, keys)), Event{});
  }
}

TEST_F(SignatureGuardTest, OtherKeysAndNoneAreRefused) {
  EXPECT_EQ(check(toy_signed(image_, {9, 8, 7})), (Event{Status::signature_untrusted, {0, 0, 0}}));
  EXPECT_EQ(check(toy_signed(image_, {0, 8})), (Event{Status::signature_untrusted, {1, 0, 0}}));
  EXPECT_EQ(check(toy_signed(image_, {})), (Event{Status::signature_missing}));
  EXPECT_EQ(check(image_), (Event{Status::signature_missing}));
}

TEST_F(SignatureGuardTest, ARevokedKeyCountsForNothing) {
  SignatureGuard guard{verifier_, {.keys = keys_, .revoked = 0b010}};
  install(1, toy_signed(image_, {2}));
  EXPECT_EQ(guard.check(flash_, {layout_.slots[1], length_, {}}, buffer_).code, Status::signature_untrusted);
  install(1, toy_signed(image_, {2, 3}));
  EXPECT_EQ(guard.check(flash_, {layout_.slots[1], length_, {}}, buffer_), Event{});
}

TEST_F(SignatureGuardTest, ABlockThatIsWrongDoesNotHideAGoodOne) {
  ByteVector slot = toy_signed(image_, {1, 2});
  const std::size_t sector = slot.size() - kSignatureBlocksBytes;
  slot[sector + 101] ^= std::byte{1};  // of the first block's signature
  EXPECT_EQ(check(slot), Event{}) << "its CRC is wrong now";
  store_u32(MutableBytes{slot}.subspan(sector), 1196, crc32(Bytes{slot}.subspan(sector, 1196)));
  EXPECT_EQ(check(slot), Event{}) << "the signature is";
  EXPECT_EQ(verifier_.verified, 3);
}

TEST_F(SignatureGuardTest, WhatIsToldIsWhatSaysMost) {
  ByteVector slot = toy_signed(image_, {9, 2});
  const std::size_t second = slot.size() - kSignatureBlocksBytes + kSignatureBlockBytes;
  slot[second + 150] ^= std::byte{1};
  EXPECT_EQ(check(slot), (Event{Status::signature_untrusted, {0, 0, 0}}));
  slot[second + 150] ^= std::byte{1};
  slot[second + 101] ^= std::byte{1};
  store_u32(MutableBytes{slot}.subspan(second), 1196, crc32(Bytes{slot}.subspan(second, 1196)));
  EXPECT_EQ(check(slot), (Event{Status::signature_wrong, {1, 0, 0}})) << "the second is by a trusted key";
  slot = toy_signed(image_, {1});
  slot[slot.size() - kSignatureBlocksBytes + 5] ^= std::byte{1};
  EXPECT_EQ(check(slot), (Event{Status::signature_damaged, {0, 0, 0}}));
}

TEST_F(SignatureGuardTest, AllBytesUpToTheSectorAreSigned) {
  const ByteVector good = toy_signed(image_, {1});
  for (const std::size_t at : {std::size_t{0}, std::size_t{length_ - 1}, std::size_t{length_}, good.size() - 4097}) {
    ByteVector slot = good;
    slot[at] ^= std::byte{0x80};
    EXPECT_EQ(check(slot), (Event{Status::signature_other_bytes, {0, 0, 0}})) << at;
  }
  EXPECT_EQ(verifier_.verified, 0) << "the digest that the block names is looked at first";
}

TEST_F(SignatureGuardTest, UnsignedImagesWhereTheyAreAllowed) {
  SignatureGuard guard{verifier_, {.keys = keys_, .refuse_unsigned = false}};
  const auto check_there = [&](const ByteVector& slot) {
    install(1, slot);
    return guard.check(flash_, {layout_.slots[1], length_, {}}, buffer_);
  };
  EXPECT_EQ(check_there(toy_signed(image_, {})), Event{});
  EXPECT_EQ(check_there(toy_signed(image_, {9})).code, Status::signature_untrusted) << "a bad one is none";
  EXPECT_EQ(guard.bytes_to_send(4000), 4000U);
  EXPECT_EQ(guard_.bytes_to_send(4000), 8192U);
  EXPECT_EQ(guard_.bytes_to_send(4096), 8192U);
  EXPECT_EQ(guard_.bytes_to_send(4097), 12288U);
}

TEST_F(SignatureGuardTest, NoSectorIsReadBeyondTheSlot) {
  const ByteVector slot = toy_signed(image_, {1});
  install(1, slot);
  layout_.slots[1].size_bytes = static_cast<std::uint32_t>(slot.size()) - 0x1000;
  EXPECT_EQ(guard_.check(flash_, {layout_.slots[1], length_, {}}, buffer_), (Event{Status::signature_missing}));
}

TEST_F(SignatureGuardTest, TheRunningImagesKeyByTheVendorsRule) {
  SignatureGuard guard{verifier_, {.keys = keys_, .by_running_image = true}};
  const auto check_there = [&](const std::vector<std::uint8_t>& keys, SlotIndex running = 0) {
    install(1, toy_signed(image_, keys));
    return guard.check(flash_, {layout_.slots[1], length_, layout_.extent_of(running)}, buffer_);
  };
  install(0, toy_signed(image(5), {0, 7, 6}));
  EXPECT_EQ(check_there({7}), Event{}) << "the first sound block's";
  EXPECT_EQ(check_there({6}), (Event{Status::signature_untrusted, {0, 0, 0}}));
  EXPECT_EQ(check_there({6, 7}), (Event{Status::signature_untrusted, {0, 0, 0}})) << "block 0 only";
  EXPECT_EQ(check_there({0, 7}), (Event{Status::signature_untrusted, {1, 0, 0}})) << "block 0 only";
  EXPECT_EQ(check_there({1}), (Event{Status::signature_untrusted, {0, 0, 0}})) << "keys count for nothing";
  install(0, image(5));
  flash_.put(layout_.slots[0].offset + 0x1000, ByteVector(0x1000, std::byte{0xFF}));
  EXPECT_EQ(check_there({7}), (Event{Status::signature_no_anchor}));
  EXPECT_EQ(check_there({7}, kNoSlot), (Event{Status::signature_no_anchor}));
}

TEST_F(SignatureGuardTest, ErrorsOfTheFlashAreItsOwn) {
  install(1, toy_signed(image_, {1}));
  for (const std::uint32_t read : {0U, 1U}) {
    flash_.fail_read_at(read, Status::flash_read_failed);
    EXPECT_EQ(guard_.check(flash_, {layout_.slots[1], length_, {}}, buffer_).code, Status::flash_read_failed) << read;
  }
}

TEST_F(SignatureGuardTest, WhatIsLoadedIsWhatWasVerified) {
  ByteVector ram(0x1000, std::byte{0xEE});
  const std::array<LoadRegion, 1> regions{{{kRam, ram}}};
  const ByteVector good = toy_signed(image_, {1});
  ASSERT_EQ(check(good), Event{});
  const auto entry = guard_.load(flash_, layout_.slots[1], regions, buffer_);
  ASSERT_TRUE(entry) << static_cast<int>(entry.error().code);
  EXPECT_EQ(*entry, kRam + 0x100);
  ByteVector plainly(0x1000, std::byte{0xEE});
  const std::array<LoadRegion, 1> other{{{kRam, plainly}}};
  ASSERT_TRUE(load_image(flash_, layout_.slots[1], other));
  EXPECT_EQ(ram, plainly);
  for (const std::size_t at : {std::size_t{8}, std::size_t{0x200}, std::size_t{length_ - 1}, std::size_t{length_}}) {
    ByteVector changed = good;
    changed[at] ^= std::byte{1};
    ASSERT_EQ(check(good), Event{});
    install(1, changed);
    EXPECT_FALSE(guard_.load(flash_, layout_.slots[1], regions, buffer_)) << at;
  }
}

}  // namespace
}  // namespace dualbank::tests
