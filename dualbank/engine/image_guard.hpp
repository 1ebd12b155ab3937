// What a board asks of an image beside being whole, behind a hook: whose it is. The one implementation here is
// SignatureGuard; it is linked only where it is named.
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/image_loader.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

/// An image that verifies.
struct GuardedImage {
  Extent slot{};
  std::uint32_t length_bytes = 0;  ///< of the image, checksum and hash included
  Extent running{};                ///< the slot that runs; not present: none does, or none is known
};

class ImageGuard {
 public:
  ImageGuard(const ImageGuard&) = delete;
  ImageGuard& operator=(const ImageGuard&) = delete;

  /// ok: the image may boot. Errors: those of the flash; about the image (image_no_magic to 109) why not.
  /// `buffer`: for reading; a sector is quick, below 64 bytes it is not used.
  [[nodiscard]] virtual Event check(Flash& flash, const GuardedImage& image, MutableBytes buffer) = 0;
  /// load_image() of what the last check allowed: bytes that are not the ones it saw are not started.
  [[nodiscard]] virtual Result<std::uint32_t> load(Flash& flash, const Extent& slot,
                                                   std::span<const LoadRegion> regions, MutableBytes buffer) = 0;
  /// How long an update is whose image has this length: with all that the guard wants behind it.
  [[nodiscard]] virtual std::uint32_t bytes_to_send(std::uint32_t image_bytes) const = 0;

 protected:
  constexpr ImageGuard() = default;
  ~ImageGuard() = default;
};

}  // namespace dualbank
