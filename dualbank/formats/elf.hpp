// What an ELF file wants to have loaded, and where. Rules and upstream sources: docs/FORMAT.md, "ELF".
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/result.hpp"

namespace dualbank {

inline constexpr std::uint32_t kElfMagic = 0x464C'457F;  ///< bytes 7F 45 4C 46
inline constexpr std::uint32_t kMostElfParts = 64;

namespace elf_machine {
inline constexpr std::uint16_t kArm = 40;
inline constexpr std::uint16_t kXtensa = 94;
inline constexpr std::uint16_t kRiscV = 243;
}  // namespace elf_machine

/// Bytes and the address they run at.
struct ElfPart {
  std::uint32_t address = 0;
  Bytes bytes{};  ///< within the file; never empty
};

/// A 32-bit little-endian ELF file, as the linker leaves it.
///
/// Addresses are those that the program uses (a section's address, a segment's p_vaddr), as the vendor's tool takes
/// them: the bootloader maps or copies every segment of an ESP image to where it runs, so nothing of it is copied
/// later. A program that runs in place has .data in the flash and copies it itself: there the address to load counts
/// (p_paddr of the segment that a section lies in).
///
/// Parts are the allocated sections that bring bytes (not .bss); in a file without section headers, the PT_LOAD
/// segments. Sections are better: segments of some linkers also cover the ELF header itself. Parts come in file order.
struct ElfFile {
  std::uint16_t machine = 0;
  std::uint32_t entry_address = 0;
  std::uint32_t part_count = 0;
  std::array<ElfPart, kMostElfParts> storage{};

  [[nodiscard]] std::span<const ElfPart> parts() const { return {storage.data(), part_count}; }

  enum class Address : std::uint8_t { run, load };

  /// Errors: elf_no_magic, elf_not_32_bit, elf_not_little_endian, elf_bad_table (entries of another size than ELF32's),
  /// elf_truncated (header, a table or a part reaches beyond the file), elf_too_many_parts, elf_no_segments.
  [[nodiscard]] static Result<ElfFile> parse(Bytes file, Address address = Address::run);
};

/// The machine that a chip runs: 94 Xtensa (ESP32, S2, S3), 243 RISC-V (the others). 0 for chips of no
/// vendor and unknown ids: any.
[[nodiscard]] std::uint16_t machine_of_chip(std::uint16_t chip_id);

}  // namespace dualbank
