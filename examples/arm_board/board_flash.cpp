// The flash. A file of its own, so that tests can put another one in its place.
#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"
#include "examples/arm_board/spi.hpp"
#include "examples/riscv_board/board.hpp"

namespace {

constinit board::Spi spi;
constinit dualbank::ports::SpiNorFlash chip{spi};

}  // namespace

dualbank::Flash& board::flash() {
  if (chip.geometry().size_bytes == 0 && chip.open() != dualbank::Status::ok) {
    uart_write("the flash does not answer\r\n");
    reset();
  }
  return chip;
}

// The same: this board has room.
dualbank::Flash& board::flash_for_boot() { return flash(); }
