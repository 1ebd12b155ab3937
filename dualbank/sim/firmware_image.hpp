// Firmware images to update to: small ones that verify by the strictest rules, told apart by their version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace dualbank::sim {

/// The chip that images here are for (ESP32-S3). They are loaded to RAM, so that they fit any slot.
inline constexpr std::uint16_t kFirmwareChip = 9;

/// An image of exactly `length_bytes`, with descriptor, checksum and SHA-256, filled with bytes that depend on the
/// version and `filling` only. Throws std::invalid_argument when the length is no multiple of 16 or below 512.
[[nodiscard]] std::vector<std::byte> firmware_image(std::string_view version, std::uint32_t length_bytes,
                                                    std::uint64_t filling = 0, std::uint32_t secure_version = 0);

}  // namespace dualbank::sim
