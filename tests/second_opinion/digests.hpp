// CRC-32, MD5 and SHA-256 once more, in their plainest form: the second opinion shares no code with what it judges.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace second_opinion {

using Memory = std::vector<unsigned char>;

/// As the boot records have it: the register starts at 0, the end is inverted.
inline std::uint32_t record_crc(const Memory& bytes) {
  std::uint32_t remainder = 0;
  for (const unsigned char byte : bytes) {
    remainder ^= byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder & 1) != 0 ? remainder >> 1 ^ 0xEDB88320 : remainder >> 1;
  }
  return ~remainder;
}

/// The message with its 80, its zeros and its length, as both digests want it.
inline Memory padded(Memory message, bool length_little_endian) {
  const std::uint64_t bits = message.size() * 8;
  message.push_back(0x80);
  while (message.size() % 64 != 56) message.push_back(0);
  for (int i = 0; i < 8; ++i) {
    const int shift = length_little_endian ? 8 * i : 56 - 8 * i;
    message.push_back(static_cast<unsigned char>(bits >> shift));
  }
  return message;
}

inline std::uint32_t rotated_left(std::uint32_t x, unsigned n) { return x << n | x >> (32 - n); }
inline std::uint32_t rotated_right(std::uint32_t x, unsigned n) { return rotated_left(x, 32 - n); }

inline Memory md5(const Memory& bytes) {
  static const std::array<std::uint32_t, 64> kSines = [] {
    std::array<std::uint32_t, 64> sines{};
    for (unsigned i = 0; i < 64; ++i)
      sines[i] = static_cast<std::uint32_t>(std::floor(std::ldexp(std::fabs(std::sin(i + 1.0)), 32)));
    return sines;
  }();
  constexpr unsigned kTurns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  std::uint32_t sum[4] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  const Memory message = padded(bytes, true);
  for (std::size_t block = 0; block < message.size(); block += 64) {
    auto [a, b, c, d] = sum;
    for (unsigned i = 0; i < 64; ++i) {
      const unsigned round = i / 16;
      const std::uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                                  : round == 1 ? (d & b) | (~d & c)
                                  : round == 2 ? b ^ c ^ d
                                               : c ^ (b | ~d);
      const unsigned word = (round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5 : 7 * i) % 16;
      std::uint32_t value = 0;
      for (unsigned k = 0; k < 4; ++k) value |= static_cast<std::uint32_t>(message[block + word * 4 + k]) << (8 * k);
      const std::uint32_t turned = b + rotated_left(a + mixed + kSines[i] + value, kTurns[round][i % 4]);
      a = d, d = c, c = b, b = turned;
    }
    sum[0] += a, sum[1] += b, sum[2] += c, sum[3] += d;
  }
  Memory digest;
  for (const std::uint32_t word : sum) {
    for (unsigned k = 0; k < 4; ++k) digest.push_back(static_cast<unsigned char>(word >> (8 * k)));
  }
  return digest;
}

/// The first 32 bits behind the point of a root of each of the first primes.
template <std::size_t Count>
std::array<std::uint32_t, Count> roots_of_primes(long double (*root)(long double)) {
  std::array<std::uint32_t, Count> words{};
  std::size_t found = 0;
  for (unsigned n = 2; found < Count; ++n) {
    bool prime = true;
    for (unsigned d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (!prime) continue;
    const long double r = root(n);
    words[found++] = static_cast<std::uint32_t>(std::floor((r - std::floor(r)) * 4294967296.0L));
  }
  return words;
}

inline Memory sha256(const Memory& bytes) {
  static const auto kStart = roots_of_primes<8>([](long double x) { return std::sqrt(x); });
  static const auto kRound = roots_of_primes<64>([](long double x) { return std::cbrt(x); });
  std::array<std::uint32_t, 8> sum = kStart;
  const Memory message = padded(bytes, false);
  for (std::size_t block = 0; block < message.size(); block += 64) {
    std::array<std::uint32_t, 64> w{};
    for (unsigned i = 0; i < 16; ++i) {
      for (unsigned k = 0; k < 4; ++k) w[i] = w[i] << 8 | message[block + i * 4 + k];
    }
    for (unsigned i = 16; i < 64; ++i) {
      const std::uint32_t s0 = rotated_right(w[i - 15], 7) ^ rotated_right(w[i - 15], 18) ^ w[i - 15] >> 3;
      const std::uint32_t s1 = rotated_right(w[i - 2], 17) ^ rotated_right(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto v = sum;
    for (unsigned i = 0; i < 64; ++i) {
      const std::uint32_t e = rotated_right(v[4], 6) ^ rotated_right(v[4], 11) ^ rotated_right(v[4], 25);
      const std::uint32_t a = rotated_right(v[0], 2) ^ rotated_right(v[0], 13) ^ rotated_right(v[0], 22);
      const std::uint32_t t1 = v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + kRound[i] + w[i];
      const std::uint32_t t2 = a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {t1 + t2, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]};
    }
    for (unsigned i = 0; i < 8; ++i) sum[i] += v[i];
  }
  Memory digest;
  for (const std::uint32_t word : sum) {
    for (int shift = 24; shift >= 0; shift -= 8) digest.push_back(static_cast<unsigned char>(word >> shift));
  }
  return digest;
}

}  // namespace second_opinion
