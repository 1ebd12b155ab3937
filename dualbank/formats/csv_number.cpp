#include "dualbank/formats/csv_number.hpp"

#include <cstddef>

namespace dualbank {
namespace {

constexpr std::uint32_t kHighest = 0xFFFF'FFFF;
constexpr std::uint32_t kHighestTenth = kHighest / 10;
constexpr std::uint32_t kNoDigit = 99;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

std::uint32_t digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? static_cast<std::uint32_t>(l - 'a') + 10 : kNoDigit;
}

// A number that grows digit by digit and remembers when it left 32 bits.
class Magnitude {
 public:
  void shift(std::uint32_t bits) {
    if (value_ >> (32 - bits) != 0) too_large_ = true;
    value_ <<= bits;
  }
  void times_ten() {
    if (value_ > kHighestTenth) too_large_ = true;
    value_ *= 10;
  }
  void add(std::uint32_t digit) {
    if (digit > kHighest - value_) too_large_ = true;
    value_ += digit;
  }
  [[nodiscard]] std::uint32_t value() const { return value_; }
  [[nodiscard]] bool too_large() const { return too_large_; }

 private:
  std::uint32_t value_ = 0;
  bool too_large_ = false;
};

struct Base {
  std::uint32_t digits;
  std::uint32_t bits;  // 0: not a power of two
};
constexpr Base kDecimal{10, 0};

Base prefix_base(std::span<const char> text) {
  if (text.size() < 2 || text[0] != '0') return kDecimal;
  const char letter = lower(text[1]);
  if (letter == 'x') return {16, 4};
  if (letter == 'o') return {8, 3};
  if (letter == 'b') return {2, 1};
  return kDecimal;
}

// Digits with single underscores between them. After a prefix an underscore may come first.
bool add_digits(std::span<const char> text, Base base, Magnitude& magnitude) {
  bool after_digit = base.bits != 0;
  bool leading_zero = false;
  bool nonzero = false;
  bool any = false;
  for (const char c : text) {
    if (c == '_') {
      if (!after_digit) return false;
      after_digit = false;
      continue;
    }
    const std::uint32_t digit = digit_value(c);
    if (digit >= base.digits) return false;
    leading_zero = leading_zero || (!any && digit == 0);
    nonzero = nonzero || digit != 0;
    any = after_digit = true;
    if (base.bits != 0) {
      magnitude.shift(base.bits);
    } else {
      magnitude.times_ten();
    }
    magnitude.add(digit);
  }
  return any && after_digit && (base.bits != 0 || !leading_zero || !nonzero);
}

}  // namespace

std::span<const char> without_blanks(std::span<const char> text) {
  while (!text.empty() && is_blank(text.front())) text = text.subspan(1);
  while (!text.empty() && is_blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

CsvNumber parse_csv_number(std::span<const char> text) {
  std::size_t end = text.size();
  while (end > 0 && (lower(text[end - 1]) == 'k' || lower(text[end - 1]) == 'm')) --end;
  const std::span<const char> suffixes = text.subspan(end);
  text = without_blanks(text.first(end));

  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text = text.subspan(1);
  }
  const Base base = prefix_base(text);
  Magnitude magnitude;
  if (!add_digits(base.bits != 0 ? text.subspan(2) : text, base, magnitude)) return {};
  for (const char suffix : suffixes) magnitude.shift(lower(suffix) == 'k' ? 10 : 20);

  const CsvNumberForm form = magnitude.too_large() ? CsvNumberForm::too_large : CsvNumberForm::number;
  return {form, negative && magnitude.value() != 0, magnitude.value()};
}

}  // namespace dualbank
