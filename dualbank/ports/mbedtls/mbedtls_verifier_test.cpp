#include "dualbank/ports/mbedtls/mbedtls_verifier.hpp"

#include <gtest/gtest.h>

#include "dualbank/engine/signature_guard.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"
#include "tests/support/signed_image.hpp"

namespace dualbank::ports {
namespace {

using tests::Block;

class MbedtlsVerifierTest : public testing::Test {
 protected:
  MbedtlsVerifierTest() {
    const auto bytes = tests::signed_bytes();
    digests_.sha256 = sha256(bytes);
    EXPECT_TRUE(verifier_.begin_sha384());
    verifier_.update_sha384(Bytes{bytes}.first(1000));
    verifier_.update_sha384(Bytes{bytes}.subspan(1000));
    digests_.has_sha384 = verifier_.finish_sha384(digests_.sha384);
  }
  Status check(const Block& block) {
    return check_signature(SignatureBlock::parse(block), 0, digests_, verifier_).code;
  }

  MbedtlsVerifier verifier_;
  SignedDigests digests_;
};

TEST_F(MbedtlsVerifierTest, TheDigestsAreThoseOfOpenssl) {
  EXPECT_EQ(Block(digests_.sha256.begin(), digests_.sha256.end()), tests::from_hex(signed_vectors::kSha256));
  EXPECT_EQ(Block(digests_.sha384.begin(), digests_.sha384.end()), tests::from_hex(signed_vectors::kSha384));
  EXPECT_TRUE(digests_.has_sha384);
}

TEST_F(MbedtlsVerifierTest, SignaturesOfOpensslAreGood) {
  EXPECT_EQ(check(tests::rsa_block()), Status::ok);
  EXPECT_EQ(check(tests::p256_block()), Status::ok);
  EXPECT_EQ(check(tests::other_p256_block()), Status::ok);
  EXPECT_EQ(check(tests::p384_block()), Status::ok);
}

TEST_F(MbedtlsVerifierTest, TheRightSignatureByAnotherKeyIsWrong) {
  EXPECT_EQ(check(tests::p256_block(signed_vectors::kP256, signed_vectors::kOtherP256)), Status::signature_wrong);
  EXPECT_EQ(check(tests::p256_block(signed_vectors::kOtherP256, signed_vectors::kP256)), Status::signature_wrong);
}

TEST_F(MbedtlsVerifierTest, AnotherLengthOfSaltIsAnotherScheme) {
  EXPECT_EQ(check(tests::short_salt_block()), Status::signature_wrong);
}

// The sector's own check is put right each time, so that it is not what refuses. A key's fields that the arithmetic
// makes no use of (R and M' of RSA) are covered by the key's digest.
TEST_F(MbedtlsVerifierTest, AnyByteOfAnyFieldMatters) {
  for (const Block& good : {tests::rsa_block(), tests::p256_block(), tests::p384_block()}) {
    const Sha256Digest key = tests::key_digest_of(good);
    for (std::size_t at = 0; at < good.size(); ++at) {
      Block bytes = good;
      bytes[at] ^= std::byte{static_cast<unsigned char>(1U << (at % 8))};
      if (at < 1196 || at >= 1200) bytes = tests::with_crc(bytes);
      const bool other_key = tests::key_digest_of(bytes) != key;
      ASSERT_TRUE(other_key || check(bytes) != Status::ok) << at;
    }
  }
}

TEST_F(MbedtlsVerifierTest, NumbersThatAreNoneAreNoSignature) {
  for (const Block& good : {tests::rsa_block(), tests::p256_block(), tests::p384_block()}) {
    const SignatureBlock parsed = SignatureBlock::parse(good);
    for (const auto& [from, size] : {std::pair{parsed.key().data() - good.data(), parsed.key().size()},
                                     std::pair{parsed.signature().data() - good.data(), parsed.signature().size()}}) {
      for (const std::byte value : {std::byte{0}, std::byte{0xFF}}) {
        Block bytes = good;
        const bool has_curve = parsed.scheme != SignatureScheme::rsa_3072 && from == parsed.key().data() - good.data();
        std::fill_n(bytes.begin() + from + (has_curve ? 1 : 0), size - (has_curve ? 1 : 0), value);
        EXPECT_EQ(check(tests::with_crc(bytes)), Status::signature_wrong);
      }
    }
  }
}

/// The image in a slot, asked for through the guard.
class SignedSlot : public testing::Test {
 protected:
  Event check(const std::vector<std::byte>& slot) {
    memory_ = slot;
    RamFlash flash{memory_};
    return guard_.check(flash, {.slot = {0, 8192}, .length_bytes = tests::kSignedImageBytes, .running = {}}, buffer_);
  }
  std::vector<std::byte> memory_;
  std::array<std::byte, 512> buffer_{};
  MbedtlsVerifier verifier_;
  std::array<Sha256Digest, 3> keys_{tests::key_digest_of(tests::rsa_block()), tests::key_digest_of(tests::p256_block()),
                                    tests::key_digest_of(tests::p384_block())};
  SignatureGuard guard_{verifier_, {.keys = keys_}};
};

TEST_F(SignedSlot, OneGoodBlockIsEnough) {
  const Block noise(kSignatureBlockBytes, std::byte{0xFF});
  EXPECT_EQ(check(tests::signed_by({tests::rsa_block()})), Event{});
  EXPECT_EQ(check(tests::signed_by({tests::p256_block()})), Event{});
  EXPECT_EQ(check(tests::signed_by({tests::p384_block()})), Event{});
  EXPECT_EQ(check(tests::signed_by({tests::other_p256_block(), noise, tests::p384_block()})), Event{});
}

TEST_F(SignedSlot, NoByteOfTheImageMayBeAnother) {
  const auto good = tests::signed_by({tests::p256_block()});
  for (std::size_t at = 0; at < 4096; ++at) {
    auto bytes = good;
    bytes[at] ^= std::byte{static_cast<unsigned char>(1U << (at % 8))};
    ASSERT_EQ(check(bytes), (Event{Status::signature_other_bytes, {0, 0, 0}})) << at;
  }
}

TEST_F(SignedSlot, NoByteOfTheOnlyBlockMayBeAnother) {
  for (const Block& block : {tests::rsa_block(), tests::p256_block(), tests::p384_block()}) {
    const auto good = tests::signed_by({block});
    for (std::size_t at = 0; at < kSignatureBlockBytes; ++at) {
      auto bytes = good;
      bytes[4096 + at] ^= std::byte{static_cast<unsigned char>(1U << (at % 8))};
      ASSERT_TRUE(check(bytes).failed()) << at;
    }
  }
}

}  // namespace
}  // namespace dualbank::ports
