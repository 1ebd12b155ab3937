// Sentences for events: what, which values, what to do. An object file of its own: not linked unless called.
#pragma once

#include <cstdint>
#include <span>

#include "dualbank/formats/status.hpp"

namespace dualbank {

/// The status' name as in code, JSON and Python: "wrong_chip". "unknown" for a number that has no status.
[[nodiscard]] const char* status_name(Status code);

/// One whole text: the sentence with its values, then what to do ("...: give the image that was built for esp32c3").
/// Cut to the span's size, always NUL-terminated; returns the span's start. Precondition: at least one character of
/// room.
const char* explain(const Event& event, std::span<char> text);

/// The sentence alone, and the cure alone (empty when there is nothing to do). As `explain` otherwise.
const char* explain_what(const Event& event, std::span<char> text);
const char* explain_cure(const Event& event, std::span<char> text);

/// How a value is to be shown.
enum class ValueKind : std::uint8_t { number, hexadecimal, chip, slot, size, state };

/// A value's name as the list has it, for JSON and Python. `name` is not NUL-terminated.
struct ValueName {
  std::span<const char> name{};
  ValueKind kind = ValueKind::number;
};

/// How many values the status speaks of, 0 to 3, and their names.
[[nodiscard]] std::uint32_t value_count(Status code);
[[nodiscard]] ValueName value_name(Status code, std::uint32_t index);

}  // namespace dualbank
