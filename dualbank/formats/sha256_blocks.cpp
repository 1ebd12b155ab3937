#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/sha256.hpp"

namespace dualbank {
namespace {

constexpr std::array<std::uint32_t, 64> kRound{
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2};

constexpr std::uint32_t load_big_endian(const std::byte* from) {
  return std::to_integer<std::uint32_t>(from[0]) << 24 | std::to_integer<std::uint32_t>(from[1]) << 16 |
         std::to_integer<std::uint32_t>(from[2]) << 8 | std::to_integer<std::uint32_t>(from[3]);
}

// The three rotations of a sum, one within the other: fewer registers than side by side.
constexpr std::uint32_t sum_of(std::uint32_t x, int inner, int middle, int outer) {
  return std::rotr(std::rotr(std::rotr(x, inner) ^ x, middle) ^ x, outer);
}

// The schedule is kept as a ring of 16 words: 192 bytes of stack less than the 64 words of the standard's text.
void expand(std::array<std::uint32_t, 16>& w) {
  for (std::size_t i = 0; i < 16; ++i) {
    const std::uint32_t w15 = w[(i + 1) & 15];
    const std::uint32_t w2 = w[(i + 14) & 15];
    w[i] += (std::rotr(std::rotr(w15, 11) ^ w15, 7) ^ (w15 >> 3)) + w[(i + 9) & 15] +
            (std::rotr(std::rotr(w2, 2) ^ w2, 17) ^ (w2 >> 10));
  }
}

void compress(Sha256State& state, const std::byte* block) {
  std::array<std::uint32_t, 16> w;
  for (std::size_t i = 0; i < 16; ++i) w[i] = load_big_endian(block + 4 * i);
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t first = 0;; first += 16) {
    for (std::size_t i = 0; i < 16; ++i) {
      const std::uint32_t t1 = h + sum_of(e, 14, 5, 6) + (g ^ (e & (f ^ g))) + kRound[first + i] + w[i];
      const std::uint32_t t2 = sum_of(a, 9, 11, 2) + ((a & b) | (c & (a | b)));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    if (first == 48) break;
    expand(w);
  }
  const Sha256State sum{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += sum[i];
}

}  // namespace

void sha256_blocks(Sha256State& state, const std::byte* blocks, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) compress(state, blocks + i * kSha256BlockBytes);
}

}  // namespace dualbank
