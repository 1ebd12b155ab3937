// The flash. A file of its own, so that tests can put another one in its place.
#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"
#include "examples/riscv_board/board.hpp"
#include "examples/riscv_board/spi.hpp"

using namespace dualbank;

namespace {

constinit board::Spi spi;
constinit ports::SpiNorFlash chip{spi};
// The bootloader knows that it is an IS25WP256, whose commands with 4 address bytes need no mode.
constexpr ports::SpiNorPart kPart{
    .size_bytes = 0x200'0000, .address_bytes = 4, .read_opcode = 0x13, .program_opcode = 0x12, .erase_opcode = 0x21};
constinit ports::SpiNorFlash known_chip{spi, kPart, {}};

Flash& opened(Status status, Flash& flash) {
  if (status != Status::ok) {
    board::uart_write("the flash does not answer\r\n");
    board::reset();
  }
  return flash;
}

}  // namespace

Flash& board::flash() { return opened(chip.geometry().size_bytes != 0 ? Status::ok : chip.open(), chip); }
Flash& board::flash_for_boot() { return opened(known_chip.open_known(), known_chip); }
