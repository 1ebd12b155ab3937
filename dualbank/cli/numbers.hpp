// Numbers as people type and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dualbank::cli {

/// Decimal or 0x hexadecimal, 32 bits, nothing else around it.
[[nodiscard]] std::optional<std::uint32_t> parse_number(std::string_view text);

/// A number, or one with K, KB, KiB, M, MB or MiB behind it: always powers of 1024 (4MB = 4M = 4MiB = 4,194,304).
[[nodiscard]] std::optional<std::uint32_t> parse_size(std::string_view text);

/// "1.6 MiB", "4 KiB", "17 bytes".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

/// "1.5 of 2.0 MiB": both in the unit of the larger.
[[nodiscard]] std::string used_text(std::uint64_t used, std::uint64_t size);

/// "0x10000".
[[nodiscard]] std::string hex_text(std::uint64_t value);

}  // namespace dualbank::cli
