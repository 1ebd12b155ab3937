// SHA-256 (FIPS 180-4), streaming, for machines without a library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

using Sha256Digest = std::array<std::byte, 32>;

class Sha256 {
 public:
  /// Any number of bytes, any number of times.
  void update(Bytes bytes);
  /// The digest of all bytes so far. Afterwards the object is as new.
  [[nodiscard]] Sha256Digest finish();

 private:
  static constexpr std::size_t kBlockBytes = 64;
  static constexpr std::array<std::uint32_t, 8> kStart{0x6A09'E667, 0xBB67'AE85, 0x3C6E'F372, 0xA54F'F53A,
                                                       0x510E'527F, 0x9B05'688C, 0x1F83'D9AB, 0x5BE0'CD19};

  std::array<std::uint32_t, 8> state_ = kStart;
  std::uint64_t length_bytes_ = 0;
  std::array<std::byte, kBlockBytes> block_{};
};

[[nodiscard]] Sha256Digest sha256(Bytes bytes);

}  // namespace dualbank
