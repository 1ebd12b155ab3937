#include "tests/device/guest/cut_board.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"
#include "examples/riscv_board/board.hpp"
#include "examples/riscv_board/spi.hpp"

namespace {

constexpr std::array<std::string_view, device::kTears> kTearNames{"nothing", "prefix", "suffix", "bits", "all"};

constinit std::array<std::byte, 0x10000> old{};

void say_address(std::uint32_t address) {
  for (int shift = 28; shift >= 0; shift -= 4) board::uart_write({&"0123456789abcdef"[address >> shift & 0xF], 1});
}

/// "cut: 17 program 0x00031400 256 prefix 96"
void power_off(const device::Cut& cut) {
  board::uart_write("cut: ");
  board::say_number(cut_order.operations_done);
  board::uart_write(cut.erase ? " erase 0x" : " program 0x");
  say_address(cut.address);
  board::uart_write(" ");
  board::say_number(cut.size_bytes);
  board::uart_write(" ");
  board::uart_write(kTearNames[static_cast<std::size_t>(cut.tear)]);
  board::uart_write(" ");
  board::say_number(cut.done_bytes);
  board::uart_write(cut.zeroed ? " zeroed\n" : "\n");
  // A cut is no warm reset.
  std::ranges::fill(board::ram(board::kHandoverAddress, dualbank::kBootHandoverBytes), std::byte{0xA5});
  board::reset();
}

constinit board::Spi spi;
constinit dualbank::ports::SpiNorFlash chip{spi};
constinit device::CutFlash cut_flash{chip, cut_order, old, power_off};

}  // namespace

dualbank::Flash& board::flash() {
  if (chip.geometry().size_bytes == 0 && chip.open() != dualbank::Status::ok) board::uart_write("no flash\n");
  cut_flash.take_geometry();
  return cut_flash;
}

dualbank::Flash& board::flash_for_boot() { return flash(); }
