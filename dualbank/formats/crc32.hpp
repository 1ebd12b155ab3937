// CRC-32 as zlib, PNG and Ethernet have it: reflected polynomial EDB88320, register inverted before and after.
#pragma once

#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

/// The CRC of what came before, `crc`, carried on over `bytes`: `crc32(b, crc32(a))` is that of a and b together. Start
/// with 0. ASCII "123456789" gives CBF43926.
///
/// The vendor's boot records hold another one: the register starts at 0, which is `crc32(bytes, 0xFFFFFFFF)` here.
[[nodiscard]] std::uint32_t crc32(Bytes bytes, std::uint32_t crc = 0);

}  // namespace dualbank
