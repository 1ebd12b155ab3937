// Makes of SPI NOR chips as data, for SpiNorChip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualbank/engine/flash.hpp"
#include "dualbank/sim/parts.hpp"

namespace dualbank::sim {

/// What tells one chip from another on the bus.
struct SpiNorModel {
  std::string name;
  std::uint32_t jedec_id = 0;           ///< as 9Fh answers, maker first
  Geometry geometry{};                  ///< erases to FF; its erase units are among 4, 32 and 64 KiB
  OperationTimes times{};               ///< of a sibling where the part's own figures are not at hand
  std::uint8_t protection_bits = 0x1C;  ///< of the status register: any of them set protects the whole array
  bool has_4_byte_commands = false;     ///< 13h, 12h, 21h, DCh
  bool has_4_byte_mode = false;         ///< entered by B7h
  std::uint8_t leave_mode_opcode = 0xE9;
  bool mode_needs_write_enable = false;
  bool has_reset = true;          ///< 66h and 99h
  std::vector<std::byte> sfdp{};  ///< empty: the chip has none

  /// The same with another size: in the id's last byte, the geometry, and in SFDP if there is any. A power of two.
  [[nodiscard]] SpiNorModel with_size(std::uint32_t new_size_bytes) const;
};

/// How a chip describes itself.
enum class SfdpForm : std::uint8_t {
  nine_words,     ///< of 2011: size, erase units, address bytes
  sixteen_words,  ///< of 2013: and the times, the page, how to enter the 4-byte mode
};
/// The description of a model, by JEDEC JESD216: with the table of 4-byte commands where the form has one.
[[nodiscard]] std::vector<std::byte> make_sfdp(const SpiNorModel& model, SfdpForm form);

/// 32 MiB, with commands of 4 address bytes, and the mode, which it leaves by 29h. Without SFDP, which the real one
/// has: so an emulator has it.
[[nodiscard]] SpiNorModel is25wp256();
/// 4 MiB, the long description.
[[nodiscard]] SpiNorModel w25q32();
/// 32 MiB, the 4-byte mode only, the short description.
[[nodiscard]] SpiNorModel w25q256();
/// 32 MiB, with commands of 4 address bytes that its short description does not list.
[[nodiscard]] SpiNorModel mx25l25635f();
/// 32 MiB, the 4-byte mode only, which needs write enable, no reset command, the short description.
[[nodiscard]] SpiNorModel n25q256a();
/// 32 MiB, with commands of 4 address bytes and the long description that lists them.
[[nodiscard]] SpiNorModel w25q256jv();

}  // namespace dualbank::sim
