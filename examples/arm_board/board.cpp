#include "examples/riscv_board/board.hpp"

namespace board {
namespace {

volatile std::uint32_t& reg(std::uint32_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }

constexpr std::uint32_t kUart = 0x7E78'4000;  // the fifth; registers of a 16550, four bytes apart
constexpr std::uint32_t kUartInterrupts = kUart + 4;
constexpr std::uint32_t kUartState = kUart + 0x14;
constexpr std::uint32_t kReceived = 1;
constexpr std::uint32_t kRoomToSend = 0x20;
constexpr std::uint32_t kUartInterrupt = 8;

constexpr std::uint32_t kInterruptEnable = 0xE000'E100;
constexpr std::uint32_t kInterruptClear = 0xE000'E280;
constexpr std::uint32_t kResetControl = 0xE000'ED0C;

}  // namespace

void uart_write(std::string_view text) {
  for (const char c : text) {
    while ((reg(kUartState) & kRoomToSend) == 0) {
    }
    reg(kUart) = static_cast<unsigned char>(c);
  }
}

int uart_read() { return (reg(kUartState) & kReceived) == 0 ? -1 : static_cast<int>(reg(kUart) & 0xFF); }

std::byte uart_wait() {
  reg(kUartInterrupts) = 1;
  reg(kInterruptEnable) = 1U << kUartInterrupt;
  asm volatile("cpsid i");
  for (;;) {
    if (const int c = uart_read(); c >= 0) return static_cast<std::byte>(c);
    asm volatile("wfi");  // wakes up though interrupts are off: no handler is needed
    reg(kInterruptClear) = 1U << kUartInterrupt;
  }
}

void reset() {
  reg(kResetControl) = 0x05FA'0004;
  for (;;) asm volatile("wfi");
}

void start(std::uint32_t entry) {
  asm volatile("cpsid i\n dsb\n isb\n bx %0" ::"r"(entry) : "memory");
  __builtin_unreachable();
}

}  // namespace board
