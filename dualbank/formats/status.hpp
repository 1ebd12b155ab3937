// What every call of dualbank answers: one byte, and an event with the values behind it.
#pragma once

#include <array>
#include <cstdint>

namespace dualbank {

/// The answer of a call. Errors are below 200; from 200 on are events that tell what went well, which calls never
/// return but `last_event()` holds. Numbers are stable across versions. `explain()` makes the sentence.
enum class [[nodiscard]] Status : std::uint8_t {
#define DUALBANK_STATUS(number, name, what, cure) name = number,
#include "dualbank/formats/status_list.inc"
#undef DUALBANK_STATUS
};

/// A status and the values that it speaks of, in the order of the placeholders in status_list.inc. 16 bytes.
struct Event {
  Status code = Status::ok;
  std::array<std::uint32_t, 3> values{};

  [[nodiscard]] constexpr bool failed() const { return code != Status::ok && static_cast<std::uint8_t>(code) < 200; }
  friend constexpr bool operator==(const Event&, const Event&) = default;
};
static_assert(sizeof(Event) == 16);

}  // namespace dualbank
