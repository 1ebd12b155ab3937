#include "dualbank/formats/md5.hpp"

#include <algorithm>
#include <bit>

namespace dualbank {
namespace {

constexpr std::size_t kLengthOffset = 56;

// floor(2^32 * |sin(i + 1)|)
constexpr std::array<std::uint32_t, 64> kSine{
    0xD76A'A478, 0xE8C7'B756, 0x2420'70DB, 0xC1BD'CEEE, 0xF57C'0FAF, 0x4787'C62A, 0xA830'4613, 0xFD46'9501,
    0x6980'98D8, 0x8B44'F7AF, 0xFFFF'5BB1, 0x895C'D7BE, 0x6B90'1122, 0xFD98'7193, 0xA679'438E, 0x49B4'0821,
    0xF61E'2562, 0xC040'B340, 0x265E'5A51, 0xE9B6'C7AA, 0xD62F'105D, 0x0244'1453, 0xD8A1'E681, 0xE7D3'FBC8,
    0x21E1'CDE6, 0xC337'07D6, 0xF4D5'0D87, 0x455A'14ED, 0xA9E3'E905, 0xFCEF'A3F8, 0x676F'02D9, 0x8D2A'4C8A,
    0xFFFA'3942, 0x8771'F681, 0x6D9D'6122, 0xFDE5'380C, 0xA4BE'EA44, 0x4BDE'CFA9, 0xF6BB'4B60, 0xBEBF'BC70,
    0x289B'7EC6, 0xEAA1'27FA, 0xD4EF'3085, 0x0488'1D05, 0xD9D4'D039, 0xE6DB'99E5, 0x1FA2'7CF8, 0xC4AC'5665,
    0xF429'2244, 0x432A'FF97, 0xAB94'23A7, 0xFC93'A039, 0x655B'59C3, 0x8F0C'CC92, 0xFFEF'F47D, 0x8584'5DD1,
    0x6FA8'7E4F, 0xFE2C'E6E0, 0xA301'4314, 0x4E08'11A1, 0xF753'7E82, 0xBD3A'F235, 0x2AD7'D2BB, 0xEB86'D391,
};

constexpr std::array<std::uint8_t, 16> kRotations{7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

}  // namespace

void Md5::mix_block() {
  auto [a, b, c, d] = state_;
  for (std::uint32_t i = 0; i < kSine.size(); ++i) {
    const std::uint32_t round = i >> 4;
    std::uint32_t f = 0;
    std::uint32_t word = 0;
    if (round == 0) {
      f = (b & c) | (~b & d);
      word = i;
    } else if (round == 1) {
      f = (d & b) | (~d & c);
      word = 5 * i + 1;
    } else if (round == 2) {
      f = b ^ c ^ d;
      word = 3 * i + 5;
    } else {
      f = c ^ (b | ~d);
      word = 7 * i;
    }
    const std::uint32_t sum = a + f + kSine[i] + load_u32(block_, (word & 15U) * 4);
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, kRotations[round * 4 + (i & 3U)]);
  }
  state_[0] += a;
  state_[1] += b;
  state_[2] += c;
  state_[3] += d;
}

void Md5::update(Bytes bytes) {
  std::size_t used = static_cast<std::size_t>(length_bytes_) & (kBlockBytes - 1);
  length_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t taken = std::min(kBlockBytes - used, bytes.size());
    std::copy_n(bytes.begin(), taken, block_.begin() + static_cast<std::ptrdiff_t>(used));
    bytes = bytes.subspan(taken);
    used += taken;
    if (used == kBlockBytes) {
      mix_block();
      used = 0;
    }
  }
}

Md5Digest Md5::finish() {
  constexpr std::array<std::byte, kBlockBytes> kPadding{std::byte{0x80}};
  const std::uint64_t length_bits = length_bytes_ << 3;
  const std::size_t used = static_cast<std::size_t>(length_bytes_) & (kBlockBytes - 1);
  const std::size_t padding = used < kLengthOffset ? kLengthOffset - used : kLengthOffset + kBlockBytes - used;
  update(Bytes{kPadding}.first(padding));
  std::array<std::byte, 8> length{};
  store_u32(length, 0, static_cast<std::uint32_t>(length_bits));
  store_u32(length, 4, static_cast<std::uint32_t>(length_bits >> 32));
  update(length);

  Md5Digest digest{};
  for (std::size_t i = 0; i < state_.size(); ++i) store_u32(digest, i * 4, state_[i]);
  *this = Md5{};
  return digest;
}

Md5Digest md5(Bytes bytes) {
  Md5 hash;
  hash.update(bytes);
  return hash.finish();
}

}  // namespace dualbank
