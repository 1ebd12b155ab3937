// Little-endian numbers in byte spans. Every field of every format is read by offset with these, never by a cast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace dualbank {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// Precondition of all: the field lies within the span.
[[nodiscard]] constexpr std::uint8_t load_u8(Bytes bytes, std::size_t offset) {
  return std::to_integer<std::uint8_t>(bytes[offset]);
}
[[nodiscard]] constexpr std::uint16_t load_u16(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(load_u8(bytes, offset) | load_u8(bytes, offset + 1) << 8);
}
[[nodiscard]] constexpr std::uint32_t load_u32(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(load_u16(bytes, offset)) | static_cast<std::uint32_t>(load_u16(bytes, offset + 2))
                                                                   << 16;
}

constexpr void store_u8(MutableBytes bytes, std::size_t offset, std::uint8_t value) {
  bytes[offset] = std::byte{value};
}
constexpr void store_u16(MutableBytes bytes, std::size_t offset, std::uint16_t value) {
  store_u8(bytes, offset, static_cast<std::uint8_t>(value));
  store_u8(bytes, offset + 1, static_cast<std::uint8_t>(value >> 8));
}
constexpr void store_u32(MutableBytes bytes, std::size_t offset, std::uint32_t value) {
  store_u16(bytes, offset, static_cast<std::uint16_t>(value));
  store_u16(bytes, offset + 2, static_cast<std::uint16_t>(value >> 16));
}

/// One after the other; less code than a store each.
inline void store_words(MutableBytes bytes, std::size_t offset, std::span<const std::uint32_t> words) {
  for (const std::uint32_t word : words) {
    store_u32(bytes, offset, word);
    offset += 4;
  }
}

/// True when every byte has the value, also for no bytes at all.
[[nodiscard]] constexpr bool all_equal(Bytes bytes, std::byte value) {
  if (!std::is_constant_evaluated()) {  // each byte against the next one, by a routine made for such
    return bytes.empty() || (bytes[0] == value && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
  }
  for (const std::byte b : bytes) {
    if (b != value) return false;
  }
  return true;
}

/// A half-open range of byte offsets, [from, to).
struct Range {
  std::uint32_t from = 0;
  std::uint32_t to = 0;

  [[nodiscard]] constexpr std::uint32_t length() const { return to - from; }
  [[nodiscard]] constexpr bool empty() const { return from >= to; }
  [[nodiscard]] constexpr explicit operator bool() const { return !empty(); }
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

}  // namespace dualbank
