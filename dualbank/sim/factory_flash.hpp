// A board as it leaves the factory, to begin simulations with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::sim {

/// A flash with a partition table at 0x8000, blank boot records at 0xE000 and two slots of `slot_bytes` from 0x10000
/// on, `image` in the first of them. As long as that needs. Throws std::invalid_argument when `slot_bytes` is no
/// multiple of 64 KiB, or the image is longer.
[[nodiscard]] std::vector<std::byte> factory_flash(Bytes image, std::uint32_t slot_bytes = 0x1'0000);

}  // namespace dualbank::sim
