// The version of the images that the models install: a number, as text in the app descriptor.
#pragma once

#include <cstdint>
#include <optional>

#include "dualbank/engine/flash.hpp"

namespace dualbank::sim {

/// Of the image at `address`, which is not verified. None when the flash cannot be read.
[[nodiscard]] std::optional<int> image_version(Flash& flash, std::uint32_t address);

}  // namespace dualbank::sim
