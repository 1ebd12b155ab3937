// The boot decision on a real flash: look at it, predict, and do what the bootloader would do.
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/image_check.hpp"
#include "dualbank/engine/image_guard.hpp"
#include "dualbank/engine/image_loader.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/engine/version_counter.hpp"
#include "dualbank/formats/app_image.hpp"

namespace dualbank {

struct BootSettings {
  Policy policy = Policy::stock;
  std::uint16_t chip_id = kAnyChip;
  bool anti_rollback = false;
  std::uint32_t lowest_secure_version = 0;      ///< the eFuse counter
  std::uint32_t highest_secure_version = 32;    ///< as far as the chip can count
  std::uint8_t most_tries = kDefaultMostTries;  ///< Policy::dualbank: boots on trial that an image gets; 0 means 1
  /// &kNativeRecords: for flashes that the ESP form of boot records cannot be kept on.
  const NativeForm* native = nullptr;
  /// Where images are loaded to, on machines that run them in RAM: an image that cannot be is a bad one. Empty: not
  /// looked at.
  std::span<const LoadRegion> memory{};
  // Of our own bootloader only: a stock one looks at neither, so that a prediction of it leaves them out.
  /// Whose images boot (SignatureGuard); those that it refuses are bad ones. nullptr: anybody's.
  ImageGuard* guard = nullptr;
  /// Which secure versions boot (VersionRecord); lower ones are bad ones. Asked, never raised.
  VersionRule* versions = nullptr;
};

/// Verifies the image in `slot`, reading it once in pieces of the buffer's size (a sector is quick; below 64 bytes it
/// is not used). Never reads past the slot, whatever `rules` say of its size; its place is the slot's. Errors: those of
/// the flash, image_empty_slot (its first bytes are erased, or there is no such slot), those of ImageVerifier.
[[nodiscard]] Result<ImageInfo> verify_slot(Flash& flash, const Extent& slot, const ImageRules& rules,
                                            MutableBytes buffer);

struct ImageBrief {
  std::uint32_t length_bytes = 0;    ///< checksum and hash included
  std::uint32_t secure_version = 0;  ///< 0 without a descriptor
};

/// As verify_slot, for who needs less of the stack and to know: `brief`, where wanted, is right when the image
/// verifies.
[[nodiscard]] Event check_slot(Flash& flash, const Extent& slot, const ImageRules& rules, MutableBytes buffer,
                               ImageBrief* brief = nullptr);

/// Whether a bootloader with these settings may start what is in `slot`: the image verifies as the vendor's bootloader
/// does it, and can be loaded; guard and counter allow it. Errors: those of verify_slot, check_loadable,
/// ImageGuard::check and VersionRule::check.
[[nodiscard]] Event check_bootable(Flash& flash, const Extent& slot, const BootSettings& settings, MutableBytes buffer);

/// The same as a hook.
class BootableCheck final : public ImageCheck {
 public:
  constexpr BootableCheck(Flash& flash, const BootSettings& settings) : flash_(flash), settings_(settings) {}
  [[nodiscard]] Status check(const Extent& slot, MutableBytes buffer) override {
    why_ = check_bootable(flash_, slot, settings_, buffer);
    return why_.code;
  }

 private:
  Flash& flash_;
  const BootSettings& settings_;
};

/// The chip this flash belongs to, from the first image that names a known one: the bootloader's (at 0x0, 0x1000 or
/// 0x2000, where that chip has it), then `running` if it is known, then the app slots in order, then factory. kAnyChip
/// when nothing tells.
[[nodiscard]] std::uint16_t infer_chip(Flash& flash, const Layout& layout, SlotIndex running = kNoSlot);

/// Reads both boot records, with `native` in that form where the flash cannot keep the ESP form. Errors: those of the
/// flash. Precondition: the layout has otadata of two sectors.
[[nodiscard]] Result<BootRecords> read_boot_records(Flash& flash, const Layout& layout,
                                                    const NativeForm* native = nullptr);

/// Into `inputs`: what `decide_boot` needs but the images, each of which counts as good if the layout has a place for
/// it. Under Policy::dualbank both otadata sectors are read into `sectors`, journals and all; else only the two records
/// are. Errors: those of the flash.
[[nodiscard]] Event look_before_boot(Flash& flash, const Layout& layout, const BootSettings& settings,
                                     BootSectors& sectors, BootInputs& inputs);

/// Decides on such inputs, verifying as the vendor's bootloader does and no more slots than it would. Images that are
/// bad are so in `inputs` afterwards. Errors: those of the flash.
[[nodiscard]] Result<BootDecision> decide_verified(Flash& flash, const Layout& layout, const BootSettings& settings,
                                                   BootInputs& inputs, MutableBytes buffer);

/// What `decide_boot` needs, read from the flash: every slot is verified as the vendor's bootloader does.
/// Errors: those of the flash.
[[nodiscard]] Result<BootInputs> gather_boot_inputs(Flash& flash, const Layout& layout, const BootSettings& settings,
                                                    MutableBytes buffer);

/// What the next reset does. Reads only, and verifies no more slots than the bootloader would. Under Policy::dualbank
/// that is what `run_bootloader` decides, unless the flash then refuses a write. Errors: those of the flash.
[[nodiscard]] Result<BootDecision> predict_boot(Flash& flash, const Layout& layout, const BootSettings& settings,
                                                MutableBytes buffer);

/// Does the vendor's bootloader's writes of a decision, as that does them: erase the whole sector, program 32 bytes.
/// The label of a record whose state changes stays. Errors: those of the flash; flash_geometry where the ESP form
/// cannot be kept: no vendor's bootloader is there, and Policy::dualbank has nothing to write.
[[nodiscard]] Status perform_boot_writes(Flash& flash, const Layout& layout, const BootDecision& decision);

}  // namespace dualbank
