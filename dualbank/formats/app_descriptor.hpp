// The app descriptor: version, project and build date of an app, 256 bytes at offset 0x20 of its image. Rules and
// upstream sources: docs/FORMAT.md, "App descriptor".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

inline constexpr std::uint32_t kAppDescriptorBytes = 256;
inline constexpr std::uint32_t kAppDescriptorOffset = 0x20;  ///< in the image: where segment 0 has its first byte
inline constexpr std::uint32_t kSecureVersionOffset = 4;     ///< in the descriptor
inline constexpr std::uint32_t kAppDescriptorMagic = 0xABCD'5432;
/// A bootloader's image has another descriptor at that place; this is its first byte.
inline constexpr std::uint8_t kBootloaderDescriptorMagic = 0x50;

/// Texts end with a NUL, also where the image uses all its bytes for characters; what follows the first NUL is zero.
/// They come from the image as they are: printing them is safe only after a look at each character.
struct AppDescriptor {
  std::uint32_t secure_version = 0;  ///< anti-rollback: compared with the counter in the chip
  std::array<char, 33> version{};    ///< 31 characters by the vendor's tools
  std::array<char, 33> project_name{};
  std::array<char, 17> time{};  ///< "HH:MM:SS"
  std::array<char, 17> date{};  ///< "Mmm dd yyyy"
  std::array<char, 33> idf_version{};
  std::array<std::byte, 32> elf_sha256{};      ///< of the ELF file it was made from
  std::uint16_t min_efuse_block_revision = 0;  ///< major * 100 + minor; 0 and 0xFFFF: no limit
  std::uint16_t max_efuse_block_revision = 0;
  std::uint8_t mmu_page_log2 = 0;   ///< 13..18; 0: not said
  std::uint8_t spi_flash_mode = 0;  ///< 0: not said

  /// True when the bytes begin with the magic; false for fewer than four.
  [[nodiscard]] static bool present(Bytes bytes);
  /// Precondition: at least 256 bytes. Does not look at the magic.
  [[nodiscard]] static AppDescriptor parse(Bytes bytes256);
  /// Writes all 256 bytes, magic included and reserved bytes zero. Precondition: at least 256 bytes.
  void store(MutableBytes bytes256) const;

  friend bool operator==(const AppDescriptor&, const AppDescriptor&) = default;
};

}  // namespace dualbank
