#include "dualbank/formats/sha256.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank {
namespace {

std::string hex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte b : digest) {
    text += kDigits[std::to_integer<std::size_t>(b >> 4)];
    text += kDigits[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return text;
}

Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

// The first 8 bytes, as a number, of the digests of n bytes, n from 0 to 130, byte i being (7 * i + 3) mod 256; made
// with Python's hashlib.
constexpr std::array<std::uint64_t, 131> kDigestStarts{
    0xE3B0C44298FC1C14, 0x084FED08B978AF4D, 0x323B730F87B4E7CC, 0x6AB0DBA1F4F1DFBB, 0x42A146D9CAF95C0D,
    0xC0A7188B4E87D64B, 0xF3A8EB3D8BBB31DB, 0xAB764DB46A4B504F, 0x0865C1BE255B33B6, 0x172F3D817C5CCCF0,
    0xAADD73EB67F4E48B, 0x74B55C9DE0BE1E88, 0x756A339579953083, 0xDA92597518961B4C, 0xA6A744AD474A0ED0,
    0x98B03249D75E642E, 0x9C94926DFB94433E, 0xBBC485BD3E986556, 0x4929DCD438730A2D, 0xE22BD9F643244050,
    0xCB0B638F9FD1FD3D, 0xDD59E815A7A25DB1, 0x7F5E1B7371ADC30C, 0x0C2227CE84DEDB8C, 0x73281455A5E61867,
    0xFA9766EA344626DD, 0x5492DFF8D285D13C, 0x8876C6114DEBB097, 0xA6940DE8EC80C86A, 0x52BBBBD714150AF8,
    0xF1EAB075947C8BCF, 0x721F1B54DD0F746E, 0xAB5F8B5CB9435354, 0x90F90857A7D1AAD4, 0xC296690862799313,
    0x028250999C518646, 0xA7ABA4CA5C330841, 0xB11E919CE284B7E0, 0xAFA3A9B2B3C085CF, 0x90663C41A474E299,
    0x0873681BD0F82F74, 0xFE877131379E5BBF, 0xD9FCBC5F1A9F3A7D, 0x6C980FE8293C22FF, 0xF990F6ED8D1CBC3A,
    0x98CE1F7BD0CB468F, 0x736B0A4E151AF6D6, 0x9B6073AF8D49F2FE, 0x31CEDEC8E83DC0FB, 0x5649348A03738691,
    0x9898428B82EE6F67, 0x75E248B3DA4CAE96, 0x8230C270CD48AA1A, 0x9F17A1B3D8F9AFFD, 0x160BBF14B458C877,
    0xE7313D333C272E63, 0x4324D65F3C103567, 0x35DF609437DCFEA3, 0x9AFD9E8BCDB57C7C, 0x3F67CD873703688F,
    0x06659A8B0876D0EA, 0x4A28A6C40A8E8306, 0x5B50D7A374C35BF4, 0x81C80242132F230C, 0x39E3D7B6B5D075D3,
    0xAACCA6FF74FDBB29, 0x11FDF00350687CDD, 0x06E3CD2ED0FA6071, 0xC23B56CCB21EBF78, 0xCA32376F1CECA93D,
    0xFB1907E541F9C815, 0x54CAC60524E8D206, 0x99E356EADFFA8027, 0x64BEE9B0CCCAAA16, 0x3EBC4BE43F93CAC2,
    0x08182253830D4D2B, 0x65CF2B7BEB0BA72F, 0x1F21D7FE24283682, 0x87FA111CE4E78D2D, 0x2A4808F9DFC6E270,
    0xC6B3377D81C23312, 0x5876EBCB920052EC, 0xEB52F62BE6FE52E6, 0x2F0795E2F484BD5A, 0x442975E01AC27436,
    0xB690F6F0CC86111B, 0xB876AD022F68DEAB, 0xFF4EC8CD0185EAAA, 0xB16FFCE5F3D16040, 0xBB743AA18F1DB056,
    0x4D39E6AED7920542, 0x85373E64524DFF04, 0xF8368D09AC1E1AFD, 0x4D0D2D3269729239, 0x5028666BD79EDD2B,
    0x3A23C9132A8635AD, 0xC9F1A5F79D7BEA01, 0x9B5D66321A0D9224, 0xAF680818335F180A, 0x5E4EDD8413B312A4,
    0x5A2CDA2351D1CDD9, 0x48719CF73125F924, 0x9F0FC4C34F14E7A4, 0x9313CF73A730AC07, 0x5AF877DE0EA99D70,
    0xAF7D44BCC0959AAA, 0x0E99348634F0DD83, 0x9DFADA1B2877F507, 0xE0CFD9F04DD5DDBA, 0x6A9C24A9D2F86056,
    0x4A70B5E28BFD48B3, 0x67D9492E628FD376, 0x96B928CFF8528DBB, 0xCDED73EED7DF41EE, 0x5155CE162330C694,
    0xC2030F07255ACE70, 0x556CBF3481676C7F, 0x867B32635B088696, 0x2C49B89C5AAAAAA6, 0x9CE7368E4DAF3234,
    0x7836B787757E95E5, 0x1189A98A00C71BC1, 0x60937AFBB66ACB06, 0x229C92A5ABFFA530, 0x2F781A36CC860B10,
    0xB402A31C521E6CAD, 0x3D11BE9920ED2C43, 0xA8D23E75D936F303, 0xD2742F1F4AC6BB7C, 0x307F8FC2C1622B92,
    0x4D5E47A2E8510A31};

std::vector<std::byte> counted_bytes(std::size_t count) {
  std::vector<std::byte> result;
  for (std::size_t i = 0; i < count; ++i) result.push_back(static_cast<std::byte>(7 * i + 3));
  return result;
}

std::uint64_t start_of(const Sha256Digest& digest) {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < 8; ++i) result = result << 8 | std::to_integer<std::uint64_t>(digest[i]);
  return result;
}

TEST(Sha256, GivesTheStandardsDigests) {
  EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(as_bytes("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"))),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

TEST(Sha256, HashesAMillionLettersFedInPieces) {
  const std::string piece(997, 'a');
  Sha256 hash;
  for (std::size_t left = 1'000'000; left > 0;) {
    const std::size_t n = std::min(left, piece.size());
    hash.update(as_bytes(piece).first(n));
    left -= n;
  }
  EXPECT_EQ(hex(hash.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsRightForEveryLengthAroundTheBlocks) {
  const std::vector<std::byte> bytes = counted_bytes(kDigestStarts.size());
  for (std::size_t length = 0; length < kDigestStarts.size(); ++length) {
    EXPECT_EQ(start_of(sha256(Bytes{bytes}.first(length))), kDigestStarts[length]) << length;
  }
}

TEST(Sha256, DoesNotDependOnHowTheBytesAreSplit) {
  const std::vector<std::byte> bytes = counted_bytes(kDigestStarts.size());
  for (std::size_t length = 0; length < kDigestStarts.size(); ++length) {
    for (std::size_t split = 0; split <= length; ++split) {
      Sha256 hash;
      hash.update(Bytes{bytes}.first(split));
      hash.update({});
      hash.update(Bytes{bytes}.subspan(split, length - split));
      ASSERT_EQ(start_of(hash.finish()), kDigestStarts[length]) << length << " split at " << split;
    }
  }
}

}  // namespace
}  // namespace dualbank
