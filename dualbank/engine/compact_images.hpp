// Whether an image boots, in as little code as can be: the check of a compact bootloader. Where images run in RAM it
// loads them on the way, so that what was checked is what runs, and the flash is read once.
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/image_check.hpp"
#include "dualbank/engine/image_loader.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank {

/// For machines that are no ESP chip. A good image is one that check_bootable takes with the same memory and without
/// guard and versions; no other is.
///
/// `kInPlace` false: images for kNoVendorChip, which are loaded to `memory`; no region of it is RAM of the bootloader.
/// True: images for kInPlaceChip, which run where they lie. Those linked for another place do not boot; `memory` is
/// empty.
template <bool kInPlace>
class CompactImages final : public ImageCheck {
 public:
  [[nodiscard]] static constexpr std::uint16_t chip_id() { return kInPlace ? kInPlaceChip : kNoVendorChip; }

  explicit CompactImages(Flash& flash, std::span<const LoadRegion> memory = {}) : flash_(flash), memory_(memory) {}

  /// Errors: those of the flash; image_refused. After one the memory holds anything.
  [[nodiscard]] Status check(const Extent& slot, MutableBytes buffer) override;
  /// Where the image starts that was checked last, and is good.
  [[nodiscard]] std::uint32_t entry() const { return entry_; }

 private:
  Flash& flash_;
  std::span<const LoadRegion> memory_;
  std::uint32_t entry_ = 0;
};

}  // namespace dualbank
