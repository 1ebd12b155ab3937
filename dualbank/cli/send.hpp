// Sending an image to the next-update slot.
#pragma once

#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/target.hpp"

namespace dualbank::cli {

/// Verifies the whole image for the slot that takes it, which the drive must not have. Throws Refused; nothing is
/// written.
[[nodiscard]] ImageInfo check_for_update(Context& context, Target& target, const Firmware& firmware);

/// Writes what is missing of the image. Throws Refused: what the updater refuses; `interrupted` (exit code 130) after
/// Ctrl-C, with everything kept that was written.
void send_image(Context& context, Target& target, const Firmware& firmware, const ImageInfo& info);

/// Throws the refusal of the updater's last call, or `interrupted` where Ctrl-C had stopped it.
[[noreturn]] void throw_stopped(Context& context, Updater& updater);

}  // namespace dualbank::cli
