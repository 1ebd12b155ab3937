#include "dualbank/formats/signature_block.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dualbank/formats/crc32.hpp"

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
