// SHA-256 (FIPS 180-4), streaming.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

using Sha256Digest = std::array<std::byte, 32>;

inline constexpr std::size_t kSha256BlockBytes = 64;
using Sha256State = std::array<std::uint32_t, 8>;

/// The work of it: `count` blocks, one behind the other, into `state`; `blocks` need not be aligned. The portable one
/// is alone in sha256_blocks.cpp: a program that has a function of this name among its own objects gets that one
/// instead (dualbank/ports/openssl/ does so, with the processor's instructions), since a library's object is only
/// linked for what is still missing.
void sha256_blocks(Sha256State& state, const std::byte* blocks, std::size_t count);

class Sha256 {
 public:
  /// Any number of bytes, any number of times.
  void update(Bytes bytes);
  /// The digest of all bytes so far. The object is used up then.
  [[nodiscard]] Sha256Digest finish();

 private:
  static constexpr Sha256State kStart{0x6A09'E667, 0xBB67'AE85, 0x3C6E'F372, 0xA54F'F53A,
                                      0x510E'527F, 0x9B05'688C, 0x1F83'D9AB, 0x5BE0'CD19};

  Sha256State state_ = kStart;
  std::uint64_t length_bytes_ = 0;
  std::array<std::byte, kSha256BlockBytes> block_{};
};

[[nodiscard]] Sha256Digest sha256(Bytes bytes);

}  // namespace dualbank
