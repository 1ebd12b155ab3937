#include "examples/riscv_board/board.hpp"

namespace board {

void say_number(std::uint32_t number) {
  if (number >= 10) say_number(number / 10);
  const char digit = static_cast<char>('0' + number % 10);
  uart_write({&digit, 1});
}

void say_boot(dualbank::SlotIndex slot, dualbank::BootReason reason, std::uint8_t trial_boot) {
  uart_write("ota_");
  say_number(static_cast<std::uint32_t>(slot));
  uart_write(", ");
  uart_write(dualbank::boot_reason_name(reason));
  uart_write(", trial boot ");
  say_number(trial_boot);
  uart_write("\r\n");
}

}  // namespace board
