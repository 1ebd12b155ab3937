// Any JEDEC SPI NOR chip of 64 KiB to 2 GiB over two functions of a board.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/ports/spi_nor/spi_bus.hpp"

namespace dualbank::ports {

struct SpiNorOptions {
  /// The bus's clock. There is no other clock here: limits are counted in status reads, each of 16 clocks. Too high a
  /// number makes limits longer. Reads are plain ones (03h), which many chips allow up to 50 MHz, some up to 33.
  std::uint32_t clock_hz = 133'000'000;
  /// The longest that a program or an erase may take on a chip that does not say so itself (SFDP of 2013 or later), and
  /// for what open() finds under way.
  std::uint16_t program_limit_ms = 5;   ///< at least 1
  std::uint16_t erase_limit_ms = 3000;  ///< at least 1
  /// open() clears the block protection bits, for good, by a status write of one byte: on some older chips that clears
  /// the second status register too. Else they stay, and what they protect cannot be written.
  bool clear_protection = false;
};

/// A chip that a board is known to have: what a bootloader of a few kilobytes says instead of asking.
struct SpiNorPart {
  std::uint32_t size_bytes = 0;
  std::uint8_t address_bytes = 3;  ///< of the three commands below; 4 only of those that need no mode: 13h, 12h, 21h
  std::uint8_t read_opcode = 0x03;
  std::uint8_t program_opcode = 0x02;
  std::uint8_t erase_opcode = 0x20;  ///< of `sector_bytes`, which is the only erase unit then
  std::uint32_t sector_bytes = 4096;
  std::uint16_t page_bytes = 256;
};

/// Plain commands on one line only. open() comes first: until it has returned ok the chip has 0 bytes, so that every
/// access is out of range.
///
/// What the chip says of itself (SFDP) is believed: size, erase units and their commands, page, longest times, how it
/// takes 4 address bytes. A chip without gets its size from the third byte of its id, erase units of 4, 32 and 64 KiB
/// and pages of 256 bytes.
///
/// Above 16 MiB: the commands with 4 address bytes of their own (13h, 12h, 21h, DCh) where the chip has them, or has no
/// SFDP. They need no mode, which a chip that is reset loses, and a bootloader in ROM trips over. Chips whose SFDP does
/// not list them (W25Q256FV, MX25L25635F) are put into the 4-byte mode: write enable, which some vendors need, and B7h.
///
/// Errors of every verb: flash_out_of_range, flash_misaligned; flash_timeout: busy for longer than the limit, and the
/// next call waits again. Of program and erase: flash_write_protected.
class SpiNorFlash final : public Flash {
 public:
  /// Does nothing, so that it may stand in static memory. The bus must outlive it.
  explicit constexpr SpiNorFlash(SpiBus& bus, const SpiNorOptions& options = {})
      : Flash(Geometry{}), bus_(&bus), options_(options), polls_per_ms_(options.clock_hz / 16'000 + 1) {}

  /// The same for a chip that is known: open_known() follows. Precondition: all that `part` says is true.
  constexpr SpiNorFlash(SpiBus& bus, const SpiNorPart& part, const SpiNorOptions& options)
      : Flash({.size_bytes = part.size_bytes, .erase_units = part.sector_bytes, .page_bytes = part.page_bytes}),
        bus_(&bus),
        options_(options),
        polls_per_ms_(options.clock_hz / 16'000 + 1),
        program_limit_ms_(options.program_limit_ms),
        erases_{{{part.sector_bytes, options.erase_limit_ms, part.erase_opcode, 0}}},
        read_opcode_(part.read_opcode),
        program_opcode_(part.program_opcode),
        address_bytes_(part.address_bytes) {}

  /// Brings the chip back from whatever a reset of the processor left it in (an operation under way, one that is
  /// suspended, 4-byte mode, deep power-down), identifies it and fills the geometry. Takes less than a millisecond, or
  /// until the operation has ended. May be called again at any time. Not brought back: a chip that somebody switched to
  /// four lines (QPI).
  ///
  /// Errors: flash_no_chip: nothing answers, or what does tells no size; flash_timeout; flash_geometry: above 16 MiB
  /// with neither way of 4 address bytes, or of no size that Geometry can say; flash_write_protected: the protection
  /// was to be cleared and stays.
  Status open();

  /// The same without identifying it: that one answers is all that is looked at. Protection is left as the
  /// chip's reset leaves it; a 4-byte mode ends. Errors: flash_no_chip, flash_timeout. Precondition: made with its
  /// SpiNorPart.
  Status open_known();

  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override;
  /// Every verb returns when the chip is done.
  Status sync() override { return Status::ok; }

  /// What the chip answered to 9Fh, maker first: 0xEF4016 is a W25Q32. 0 before open().
  [[nodiscard]] std::uint32_t jedec_id() const { return jedec_id_; }
  [[nodiscard]] bool has_sfdp() const { return has_sfdp_; }

 private:
  /// One way of erasing; size 0: none.
  struct EraseType {
    std::uint32_t size_bytes = 0;
    std::uint32_t limit_ms = 0;
    std::uint8_t opcode = 0;
    std::uint8_t opcode_4_bytes = 0;
  };

  void send(std::uint8_t opcode, Bytes out, MutableBytes in);
  void command(std::uint8_t opcode);
  void command_enabled(std::uint8_t opcode);
  void send_at(std::uint8_t opcode, std::uint32_t address, Bytes out, MutableBytes in);
  void pause();
  [[nodiscard]] std::uint8_t read_status();
  [[nodiscard]] Status wait();
  [[nodiscard]] Status enable_write();
  [[nodiscard]] Status change(std::uint8_t opcode, std::uint32_t address, Bytes bytes, std::uint32_t size_bytes,
                              std::uint32_t limit_ms);
  [[nodiscard]] bool was_done(std::uint32_t address, Bytes programmed, std::uint32_t size_bytes);
  [[nodiscard]] std::uint8_t protection_bits() const;
  [[nodiscard]] Status clear_protection();
  [[nodiscard]] Status use_4_bytes();

  [[nodiscard]] Status wake();
  [[nodiscard]] bool read_sfdp(Geometry& found);
  [[nodiscard]] std::uint32_t sfdp_word(std::uint32_t address);
  void read_basic_table(std::uint32_t table, std::uint32_t words, Geometry& found);
  void read_table_of_4_bytes(std::uint32_t table);

  SpiBus* bus_;
  SpiNorOptions options_;
  std::uint32_t polls_per_ms_;
  std::uint32_t jedec_id_ = 0;
  std::uint32_t busy_limit_ms_ = 0;  // not 0: an operation may be under way
  std::uint32_t program_limit_ms_ = 0;
  std::array<EraseType, 4> erases_{};
  std::uint8_t status_ = 0;  // as last read
  std::uint8_t read_opcode_ = 0;
  std::uint8_t program_opcode_ = 0;
  std::uint8_t address_bytes_ = 3;
  bool has_sfdp_ = false;
  bool has_4_byte_commands_ = false;
  bool has_4_byte_mode_ = false;
};

}  // namespace dualbank::ports
