// What an update is known by.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/crc32.hpp"

namespace dualbank {

/// The first 8 bytes of the identity's SHA-256; zeros for none.
[[nodiscard]] inline std::array<std::uint32_t, 2> identity_digest(Bytes identity) {
  if (identity.empty()) return {};
  const Sha256Digest digest = sha256(identity);
  return {load_u32(digest, 0), load_u32(digest, 4)};
}

/// CRC-32 of an image's first 288 bytes, never 0: that says "not seen". Precondition: there are that many.
[[nodiscard]] inline std::uint32_t start_crc(Bytes header) {
  const std::uint32_t crc = crc32(header.first(kImageStartBytes));
  return crc == 0 ? 1 : crc;
}

}  // namespace dualbank
