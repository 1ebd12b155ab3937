// Ctrl-C as a question instead of an end.
#pragma once

namespace dualbank::cli {

/// From here on Ctrl-C is noted: the engine stops between two flash operations, and reading standard input ends.
void catch_interrupt();
/// True once Ctrl-C was pressed.
[[nodiscard]] bool interrupted();
/// From here on Ctrl-C is not looked at: what is left to be done is short, and keeps what was reached.
void ignore_interrupt();

}  // namespace dualbank::cli
