#include "dualbank/cli/numbers.hpp"

#include <fmt/format.h>

#include <charconv>

namespace dualbank::cli {
namespace {

constexpr std::uint64_t kKibi = 1024;
constexpr std::uint64_t kMebi = kKibi * 1024;

std::optional<std::uint64_t> parse_wide(std::string_view text) {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One digit behind the point, as printf rounds: a half to the even digit.
std::string tenths_text(std::uint64_t bytes, std::uint64_t unit) {
  std::uint64_t tenths = bytes * 10 / unit;
  const std::uint64_t rest = bytes * 10 % unit;
  if (rest * 2 > unit || (rest * 2 == unit && tenths % 2 == 1)) ++tenths;
  return fmt::format("{}.{}", tenths / 10, tenths % 10);
}

}  // namespace

std::optional<std::uint32_t> parse_number(std::string_view text) {
  const auto value = parse_wide(text);
  if (!value || *value > 0xFFFF'FFFF) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::optional<std::uint32_t> parse_size(std::string_view text) {
  std::string_view number = text;
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (number.ends_with("iB")) {
    number.remove_suffix(2);
  } else if (!hexadecimal && (number.ends_with("B") || number.ends_with("b"))) {
    number.remove_suffix(1);
  }
  std::uint64_t unit = 1;
  if (number.ends_with("K") || number.ends_with("k")) unit = kKibi;
  if (number.ends_with("M") || number.ends_with("m")) unit = kMebi;
  if (unit != 1) number.remove_suffix(1);
  if (unit == 1 && number.size() != text.size()) return std::nullopt;
  const auto value = parse_wide(number);
  if (!value || *value > 0xFFFF'FFFF / unit) return std::nullopt;
  return static_cast<std::uint32_t>(*value * unit);
}

std::string size_text(std::uint64_t bytes) {
  const auto in = [&](std::uint64_t unit, const char* name) {
    return fmt::format("{} {}", bytes % unit == 0 ? std::to_string(bytes / unit) : tenths_text(bytes, unit), name);
  };
  if (bytes >= kMebi) return in(kMebi, "MiB");
  if (bytes >= kKibi) return in(kKibi, "KiB");
  return fmt::format("{} {}", bytes, bytes == 1 ? "byte" : "bytes");
}

std::string used_text(std::uint64_t used, std::uint64_t size) {
  const bool mebi = size >= kMebi;
  const std::uint64_t unit = mebi ? kMebi : kKibi;
  return fmt::format("{} of {} {}", tenths_text(used, unit), tenths_text(size, unit), mebi ? "MiB" : "KiB");
}

std::string hex_text(std::uint64_t value) { return fmt::format("{:#x}", value); }

}  // namespace dualbank::cli
