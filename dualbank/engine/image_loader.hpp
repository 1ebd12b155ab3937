// Copies an image's segments to where they run, on machines that run their code in RAM.
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

/// A piece of RAM that images may be loaded to: never the bootloader's own code, variables or stack, nor what it hands
/// over.
struct LoadRegion {
  std::uint32_t address = 0;  ///< as images name it
  MutableBytes memory{};      ///< the same place, as this program reaches it
};

/// Whether all of the image in `slot` can be loaded: each segment lies in one region, and the entry in one of the
/// segments. Segments with load address 0 are padding and count for nothing. Returns the entry.
/// Errors: those of the flash; image_outside_memory, image_bad_entry; image_bad_segment, image_too_many_segments where
/// the image is not one that was verified.
[[nodiscard]] Result<std::uint32_t> check_loadable(Flash& flash, const Extent& slot,
                                                   std::span<const LoadRegion> regions);

/// The same, and copies. Nothing is copied when it cannot be loaded; after an error of the flash the regions hold
/// anything. The caller makes the copied code visible to the core (RISC-V: fence.i) before it jumps to the entry.
[[nodiscard]] Result<std::uint32_t> load_image(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions);

}  // namespace dualbank
