// One firmware out of whatever file somebody gave.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/firmware_file.hpp"

namespace dualbank::cli {

struct Firmware {
  std::string path;
  FirmwareKind kind = FirmwareKind::unknown;
  std::vector<std::byte> app;
};

/// Reads a file (or "-") and finds the app in it. `chip_id`: the board's, for UF2 files. Throws Refused.
[[nodiscard]] Firmware load_firmware(const std::string& path, std::uint16_t chip_id);
/// The same for signatures, which a bootloader's image can have too.
[[nodiscard]] Firmware load_signable(const std::string& path);
/// IMAGE; or, when --or names another one, of the two the one that is linked for `slot`.
[[nodiscard]] Firmware load_for_slot(const Context& context, std::uint16_t chip_id, const Extent& slot);
[[nodiscard]] std::vector<std::byte> app_of_uf2(Bytes file, std::uint16_t chip_id);

/// Verifies a whole image in memory. Throws Refused with what is wrong.
[[nodiscard]] ImageInfo verify_image(Bytes image, const ImageRules& rules);
/// The same, as an answer.
[[nodiscard]] Result<ImageInfo> judge_image(Bytes image, const ImageRules& rules);

/// Throws Refused (usage) when TARGET and IMAGE were given in the other order.
void check_operand_order(const Context& context);

}  // namespace dualbank::cli
