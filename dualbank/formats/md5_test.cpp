#include "dualbank/formats/md5.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank {
namespace {

Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }

std::string hex(const Md5Digest& digest) {
  std::string text;
  for (const std::byte b : digest) {
    text += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    text += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15U];
  }
  return text;
}

TEST(Md5, GivesTheDigestsOfTheStandard) {
  EXPECT_EQ(hex(md5({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(md5(as_bytes("a"))), "0cc175b9c0f1b6a831c399e269772661");
  EXPECT_EQ(hex(md5(as_bytes("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex(md5(as_bytes("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex(md5(as_bytes("abcdefghijklmnopqrstuvwxyz"))), "c3fcd3d76192e4007dfb496cca67e13b");
  EXPECT_EQ(hex(md5(as_bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))),
            "d174ab98d277d9f5a5611c2c9f419d9f");
  EXPECT_EQ(hex(md5(as_bytes("12345678901234567890123456789012345678901234567890123456789012345678901234567890"))),
            "57edf4a22be3c955ac49da2e2107b67a");
}

// Around 55, 56 and 64 the padding changes its shape. Digests of that many 'x', from an independent MD5.
TEST(Md5, PadsRightAroundTheBlocksEnd) {
  EXPECT_EQ(hex(md5(as_bytes(std::string(31, 'x')))), "48e95c91781dcf2c5eb90da6e8dcc14d");
  EXPECT_EQ(hex(md5(as_bytes(std::string(32, 'x')))), "dc8fe1d6497ebd23f5975d8d2a1c5e81");
  EXPECT_EQ(hex(md5(as_bytes(std::string(54, 'x')))), "61ea0974c662328da964d977a8253873");
  EXPECT_EQ(hex(md5(as_bytes(std::string(55, 'x')))), "04364420e25c512fd958a70738aa8f72");
  EXPECT_EQ(hex(md5(as_bytes(std::string(56, 'x')))), "668a72d5ba17f08e62dabcafad6db14b");
  EXPECT_EQ(hex(md5(as_bytes(std::string(57, 'x')))), "693037871c4a9d3d8685018905cb530a");
  EXPECT_EQ(hex(md5(as_bytes(std::string(63, 'x')))), "7dc2ca208106a2f703567bdff99d8981");
  EXPECT_EQ(hex(md5(as_bytes(std::string(64, 'x')))), "c1bb4f81d892b2d57947682aeb252456");
  EXPECT_EQ(hex(md5(as_bytes(std::string(65, 'x')))), "1bc932052302d074bdec39795fe00cf6");
  EXPECT_EQ(hex(md5(as_bytes(std::string(119, 'x')))), "ab347a5f68c8a443cfcddc633f12c24f");
  EXPECT_EQ(hex(md5(as_bytes(std::string(120, 'x')))), "fb98667f98096de92620b64f46e1c5b5");
  EXPECT_EQ(hex(md5(as_bytes(std::string(128, 'x')))), "d69cb61a6ee87200676eb0d4b90edbcb");
}

// The digest of all digests, from an independent MD5.
TEST(Md5, IsRightForEveryLengthUpToThreeHundred) {
  Md5 all;
  for (std::size_t length = 0; length < 300; ++length) {
    std::vector<std::byte> bytes(length);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = std::byte((i * 7 + length) & 0xFF);
    all.update(md5(bytes));
  }
  EXPECT_EQ(hex(all.finish()), "07078cab541bc45f0a66e2c0213a32f4");
}

TEST(Md5, OfAMillionCharactersIsTheKnownValue) {
  const std::string text(1'000'000, 'a');
  EXPECT_EQ(hex(md5(as_bytes(text))), "7707d6ae4e027c70eea2a935c2296f21");
}

TEST(Md5, DoesNotCareHowTheBytesArePortioned) {
  std::vector<std::byte> bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i * 7 & 0xFF);
  const Md5Digest whole = md5(bytes);
  for (std::size_t portion = 1; portion <= bytes.size(); ++portion) {
    Md5 hash;
    for (std::size_t from = 0; from < bytes.size(); from += portion) {
      hash.update(Bytes{bytes}.subspan(from, std::min(portion, bytes.size() - from)));
    }
    ASSERT_EQ(hash.finish(), whole) << portion;
  }
}

TEST(Md5, IsAsNewAfterADigest) {
  Md5 hash;
  hash.update(as_bytes("something else"));
  EXPECT_NE(hash.finish(), md5({}));
  EXPECT_EQ(hash.finish(), md5({}));
  hash.update(as_bytes("abc"));
  EXPECT_EQ(hash.finish(), md5(as_bytes("abc")));
}

}  // namespace
}  // namespace dualbank
