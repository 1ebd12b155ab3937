// The boot decision on a real flash: look at it, predict, and do what the bootloader would do.
#pragma once

#include <cstdint>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/app_image.hpp"

namespace dualbank {

struct BootSettings {
  Policy policy = Policy::stock;
  std::uint16_t chip_id = kAnyChip;
  bool anti_rollback = false;
  std::uint32_t lowest_secure_version = 0;    ///< the eFuse counter
  std::uint32_t highest_secure_version = 32;  ///< as far as the chip can count
};

/// Verifies the image in `slot`, reading it once in pieces of the buffer's size (a sector is quick; below 64 bytes it
/// is not used). Never reads past the slot, whatever `rules` say of its size; its place is the slot's. Errors: those of
/// the flash, image_empty_slot (its first bytes are erased, or there is no such slot), those of ImageVerifier.
[[nodiscard]] Result<ImageInfo> verify_slot(Flash& flash, const Extent& slot, const ImageRules& rules,
                                            MutableBytes buffer);

/// The chip this flash belongs to, from the first image that names a known one: the bootloader's (at 0x0, 0x1000 or
/// 0x2000, where that chip has it), then the app slots in order, then factory. kAnyChip when nothing tells.
[[nodiscard]] std::uint16_t infer_chip(Flash& flash, const Layout& layout);

/// Reads both boot records. Errors: those of the flash. Precondition: the layout has otadata of two sectors.
[[nodiscard]] Result<BootRecords> read_boot_records(Flash& flash, const Layout& layout);

/// What `decide_boot` needs, read from the flash: every slot is verified as the vendor's bootloader does.
/// Errors: those of the flash.
[[nodiscard]] Result<BootInputs> gather_boot_inputs(Flash& flash, const Layout& layout, const BootSettings& settings,
                                                    MutableBytes buffer);

/// What the next reset does. Reads only, and verifies no more slots than the bootloader would. Errors: those of the
/// flash.
[[nodiscard]] Result<BootDecision> predict_boot(Flash& flash, const Layout& layout, const BootSettings& settings,
                                                MutableBytes buffer);

/// Does the bootloader's writes of a decision, as the bootloader does them: erase the whole sector, program 32 bytes.
/// The label of a record whose state changes stays. Errors: those of the flash; flash_geometry for erase units above 4
/// KiB.
[[nodiscard]] Status perform_boot_writes(Flash& flash, const Layout& layout, const BootDecision& decision);

}  // namespace dualbank
