// The verbs that work over a serial line too; each does there what it does with a flash file.
#pragma once

#include "dualbank/cli/context.hpp"
#include "dualbank/formats/serial_message.hpp"

namespace dualbank::cli {

/// Precondition of all: context.on_line(). All throw Refused.
[[nodiscard]] int update_over_line(Context& context);
[[nodiscard]] int status_over_line(Context& context);
/// One request and what came of it: switch_slot, confirm, rollback, abandon.
[[nodiscard]] int ask_over_line(Context& context, SerialVerb verb);
/// Waits until the device is back, and says what runs.
[[nodiscard]] int reset_over_line(Context& context);

}  // namespace dualbank::cli
