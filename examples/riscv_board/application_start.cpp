#include "examples/riscv_board/application.hpp"
#include "examples/riscv_board/board.hpp"

const dualbank::BootHandover& board::handover() {
  static constinit dualbank::BootHandover taken;
  static constinit bool done = false;
  if (!done) taken = dualbank::take_boot_handover(ram(kHandoverAddress, dualbank::kBootHandoverBytes));
  done = true;
  return taken;
}

void board::say_application() {
  uart_write("application: " BOARD_VERSION " in ");
  say_boot(handover().slot, handover().reason, handover().trial_boot);
}
