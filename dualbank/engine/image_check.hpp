// What a bootloader asks of a slot before it starts it, behind a hook: whether its image boots.
#pragma once

#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

class ImageCheck {
 public:
  ImageCheck(const ImageCheck&) = delete;
  ImageCheck& operator=(const ImageCheck&) = delete;

  /// ok: the image in `slot` boots. Errors: those of the flash; why the image does not boot, for run_compact_bootloader
  /// always image_refused. `buffer`: for reading, at least 64 bytes; a sector is quick.
  [[nodiscard]] virtual Status check(const Extent& /*slot*/, MutableBytes /*buffer*/) {
    return Status::image_refused;  // not pure: that would be one more function to link
  }
  /// The values of the last error, as far as they are known.
  [[nodiscard]] const Event& why() const { return why_; }

 protected:
  constexpr ImageCheck() = default;
  ~ImageCheck() = default;

  Event why_{};
};

}  // namespace dualbank
