#include "dualbank/formats/signature_block.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dualbank/formats/crc32.hpp"
#include "tests/support/signed_image.hpp"

namespace dualbank {
namespace {

std::vector<std::byte> block(int version, int sha, int curve) {
  std::vector<std::byte> bytes(kSignatureBlockBytes);
  bytes[0] = std::byte{0xE7};
  bytes[1] = static_cast<std::byte>(version);
  bytes[2] = static_cast<std::byte>(sha);
  for (std::size_t i = 4; i < 36; ++i) bytes[i] = static_cast<std::byte>(i);
  bytes[36] = static_cast<std::byte>(curve);
  store_u32(bytes, 1196, crc32(Bytes(bytes).first(1196)));
  return bytes;
}

TEST(SignatureBlock, HasTheStandardCrc) {
  std::vector<std::byte> bytes(kSignatureBlockBytes);
  bytes[0] = std::byte{0xE7};
  bytes[1] = std::byte{2};
  EXPECT_EQ(SignatureBlock::parse(bytes).scheme, SignatureScheme::none);
  store_u32(bytes, 1196, 0xE661'09DD);
  EXPECT_EQ(SignatureBlock::parse(bytes).scheme, SignatureScheme::rsa_3072);
}

TEST(SignatureBlock, NamesItsSchemeAndDigest) {
  const std::vector<std::pair<std::vector<std::byte>, SignatureScheme>> cases{
      {block(2, 0, 0), SignatureScheme::rsa_3072},   {block(3, 0, 1), SignatureScheme::ecdsa_p192},
      {block(3, 0, 2), SignatureScheme::ecdsa_p256}, {block(3, 1, 0), SignatureScheme::ecdsa_p384},
      {block(1, 0, 0), SignatureScheme::none},       {block(4, 0, 0), SignatureScheme::none}};
  for (const auto& [bytes, scheme] : cases) {
    const SignatureBlock parsed = SignatureBlock::parse(bytes);
    EXPECT_EQ(parsed.scheme, scheme);
    EXPECT_EQ(std::string(scheme_name(scheme)).empty(), scheme == SignatureScheme::none);
    EXPECT_EQ(parsed.digest[31] == std::byte{35}, parsed.names_sha256());
  }
  EXPECT_STREQ(scheme_name(SignatureScheme::ecdsa_p384), "ECDSA P-384");
}

TEST(SignatureBlock, AnyOtherBitMakesItNone) {
  for (const std::size_t at : {0U, 1U, 4U, 500U, 1195U, 1196U, 1199U}) {
    auto bytes = block(2, 0, 0);
    bytes[at] ^= std::byte{0x10};
    EXPECT_EQ(SignatureBlock::parse(bytes).scheme, SignatureScheme::none) << at;
  }
}

TEST(SignatureBlock, HasItsFieldsWhereTheVendorHasThem) {
  struct Case {
    tests::Block bytes;
    std::size_t digest, key_at, key, signature_at, signature;
  };
  const std::vector<Case> cases{{tests::rsa_block(), 32, 36, 776, 812, 384},
                                {tests::p256_block(), 32, 36, 65, 101, 64},
                                {tests::p384_block(), 48, 52, 97, 149, 96}};
  for (const Case& c : cases) {
    const SignatureBlock parsed = SignatureBlock::parse(c.bytes);
    const Bytes bytes{c.bytes};
    const auto same = [](Bytes a, Bytes b) { return a.data() == b.data() && a.size() == b.size(); };
    EXPECT_TRUE(same(parsed.named_digest(), bytes.subspan(4, c.digest)));
    EXPECT_TRUE(same(parsed.key(), bytes.subspan(c.key_at, c.key)));
    EXPECT_TRUE(same(parsed.signature(), bytes.subspan(c.signature_at, c.signature)));
    EXPECT_EQ(parsed.key_digest(), sha256(bytes.subspan(c.key_at, c.key)));
    EXPECT_TRUE(parsed.rest_is_zero());
  }
}

TEST(SignatureBlock, IsWrittenByteForByteAsByHand) {
  for (const tests::Block& by_hand : {tests::rsa_block(), tests::p256_block(), tests::p384_block()}) {
    const SignatureBlock block = SignatureBlock::parse(by_hand);
    std::vector<std::byte> written(kSignatureBlockBytes, std::byte{0xAB});
    write_signature_block(written, block.scheme, block.named_digest(), block.key(), block.signature());
    EXPECT_EQ(written, by_hand) << scheme_name(block.scheme);
  }
}

TEST(SignatureBlock, WhatItLeavesUnusedIsToBeZero) {
  for (const tests::Block& good : {tests::rsa_block(), tests::p256_block(), tests::p384_block()}) {
    const SignatureBlock block = SignatureBlock::parse(good);
    const auto end = static_cast<std::size_t>(block.signature().data() + block.signature().size() - good.data());
    std::vector<std::size_t> places{2, 3, 1200, 1215};
    if (end < 1196) places.insert(places.end(), {end, std::size_t{1195}});
    for (const std::size_t at : places) {
      tests::Block bytes = good;
      bytes[at] ^= std::byte{4};
      bytes = tests::with_crc(bytes);
      EXPECT_FALSE(SignatureBlock::parse(bytes).rest_is_zero()) << scheme_name(block.scheme) << " " << at;
    }
  }
}

TEST(SignatureBlock, OneThatIsNoneHasNothing) {
  for (const tests::Block& bytes : {block(1, 0, 0), tests::Block(kSignatureBlockBytes, std::byte{0xFF})}) {
    const SignatureBlock none = SignatureBlock::parse(bytes);
    EXPECT_EQ(none.begun, bytes[0] == std::byte{0xE7});
    EXPECT_TRUE(none.named_digest().empty() && none.key().empty() && none.signature().empty());
    EXPECT_FALSE(none.rest_is_zero());
  }
}

TEST(SignatureBlock, V1IsRecognisedByItsVersionAndByHavingContent) {
  std::vector<std::byte> bytes(kSignatureV1Bytes);
  EXPECT_FALSE(looks_like_signature_v1(bytes));
  bytes[40] = std::byte{1};
  EXPECT_TRUE(looks_like_signature_v1(bytes));
  bytes[0] = std::byte{1};
  EXPECT_FALSE(looks_like_signature_v1(bytes));
  EXPECT_FALSE(looks_like_signature_v1(std::vector<std::byte>(kSignatureV1Bytes, std::byte{0xFF})));
}

}  // namespace
}  // namespace dualbank
