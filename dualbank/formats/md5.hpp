// MD5 (RFC 1321), streaming: what guards the partition table. It finds damage, not forgery.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

using Md5Digest = std::array<std::byte, 16>;

class Md5 {
 public:
  /// Any number of bytes, any number of times.
  void update(Bytes bytes);
  /// The digest of all bytes so far. Afterwards the object is as new.
  [[nodiscard]] Md5Digest finish();

 private:
  static constexpr std::size_t kBlockBytes = 64;
  static constexpr std::array<std::uint32_t, 4> kStart{0x6745'2301, 0xEFCD'AB89, 0x98BA'DCFE, 0x1032'5476};

  void mix_block();

  std::array<std::uint32_t, 4> state_ = kStart;
  std::uint64_t length_bytes_ = 0;
  std::array<std::byte, kBlockBytes> block_{};
};

[[nodiscard]] Md5Digest md5(Bytes bytes);

}  // namespace dualbank
