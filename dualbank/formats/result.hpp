// A value or the event that says why there is none; for parsers. Member names are those of std::expected.
#pragma once

#include "dualbank/formats/status.hpp"

namespace dualbank {

/// Either a T or an error Event. T must be default-constructible and cheap to move.
/// Precondition of `value()`, `*` and `->`: `has_value()`.
template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): reads as `return value`
  constexpr Result(const T& value) : value_(value) {}
  // NOLINTNEXTLINE(google-explicit-constructor): reads as `return error`
  constexpr Result(const Event& error) : error_(error) {}
  // NOLINTNEXTLINE(google-explicit-constructor): reads as `return code`
  constexpr Result(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0)
      : error_{code, {a, b, c}} {}

  [[nodiscard]] constexpr bool has_value() const { return error_.code == Status::ok; }
  [[nodiscard]] constexpr explicit operator bool() const { return has_value(); }
  [[nodiscard]] constexpr const T& value() const { return value_; }
  [[nodiscard]] constexpr const T& operator*() const { return value_; }
  [[nodiscard]] constexpr const T* operator->() const { return &value_; }
  [[nodiscard]] constexpr const Event& error() const { return error_; }

 private:
  T value_{};
  Event error_{};
};

}  // namespace dualbank
