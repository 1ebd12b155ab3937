#include "examples/riscv_board/board.hpp"

namespace board {
namespace {

volatile std::uint32_t& reg(std::uint32_t address) { return *reinterpret_cast<volatile std::uint32_t*>(address); }

constexpr std::uint32_t kUart = 0x1001'0000;
constexpr std::uint32_t kUartSend = kUart;
constexpr std::uint32_t kUartReceive = kUart + 4;
constexpr std::uint32_t kUartSendControl = kUart + 8;
constexpr std::uint32_t kUartReceiveControl = kUart + 0xC;
constexpr std::uint32_t kUartInterrupts = kUart + 0x10;
constexpr std::uint32_t kNothing = 1U << 31;  // receive: no byte is there; send: no room

constexpr std::uint32_t kGpioOutputs = 0x1006'0008;
constexpr std::uint32_t kGpioLevels = 0x1006'000C;
constexpr std::uint32_t kResetPin = 1U << 10;

constexpr std::uint32_t kUartSource = 4;
constexpr std::uint32_t kPlicPriority = 0x0C00'0000 + 4 * kUartSource;
constexpr std::uint32_t kPlicEnable = 0x0C00'2000;
constexpr std::uint32_t kPlicThreshold = 0x0C20'0000;
constexpr std::uint32_t kPlicClaim = 0x0C20'0004;
constexpr std::uint32_t kExternalInterrupt = 1U << 11;

}  // namespace

void uart_write(std::string_view text) {
  reg(kUartSendControl) = 1;
  for (const char c : text) {
    while ((reg(kUartSend) & kNothing) != 0) {
    }
    reg(kUartSend) = static_cast<unsigned char>(c);
  }
}

int uart_read() {
  reg(kUartReceiveControl) = 1;
  const std::uint32_t got = reg(kUartReceive);
  return (got & kNothing) != 0 ? -1 : static_cast<int>(got & 0xFF);
}

std::byte uart_wait() {
  reg(kUartInterrupts) = 2;
  reg(kPlicPriority) = 1;
  reg(kPlicEnable) = 1U << kUartSource;
  reg(kPlicThreshold) = 0;
  asm volatile("csrs mie, %0" ::"r"(kExternalInterrupt));
  for (;;) {
    if (const int c = uart_read(); c >= 0) return static_cast<std::byte>(c);
    asm volatile("wfi");  // wakes up though interrupts are off: no handler is needed
    reg(kPlicClaim) = reg(kPlicClaim);
  }
}

void reset() {
  reg(kGpioLevels) = 0;
  reg(kGpioOutputs) = kResetPin;
  for (;;) asm volatile("wfi");
}

void start(std::uint32_t entry) {
  asm volatile("fence rw, rw; fence.i; jr %0" ::"r"(entry) : "memory");
  __builtin_unreachable();
}

}  // namespace board
