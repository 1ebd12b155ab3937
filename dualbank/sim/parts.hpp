// Flash parts as data: how real ones are made up and how long they take, and geometries of every kind without figures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dualbank/engine/flash.hpp"

namespace dualbank::sim {

/// How long something takes, in microseconds.
struct Duration {
  std::uint64_t typical_us = 0;
  std::uint64_t maximum_us = 0;

  Duration& operator+=(const Duration& other);
  friend bool operator==(const Duration&, const Duration&) = default;
};

/// How long a part's operations take. All zero: no figures.
struct OperationTimes {
  struct Erase {
    std::uint32_t size_bytes = 0;  ///< 0: no further erase unit
    Duration time{};
  };
  std::array<Erase, 4> erases{};  ///< of each erase unit
  Duration first_byte{};          ///< a program of one byte
  Duration page{};                ///< a program of a whole page; one in between takes its share
  /// 0: reads take no time. Else they take the bus, one bit a clock, with 5 bytes of command before the data (a fast
  /// read by one line). Programs and erases never count the bus.
  std::uint32_t spi_clock_hz = 0;

  [[nodiscard]] bool known() const { return page.maximum_us != 0; }
  /// Precondition of these: known(), and the operation is one that the part's geometry allows.
  [[nodiscard]] Duration of_erase(std::uint32_t size_bytes) const;
  /// The share of a page is rounded up to whole microseconds.
  [[nodiscard]] Duration of_program(std::uint32_t size_bytes, std::uint32_t page_bytes) const;
  /// Rounded up.
  [[nodiscard]] Duration of_read(std::size_t size_bytes) const;
};

/// A sum of operations.
struct Elapsed {
  std::uint64_t operations = 0;  ///< reads too, when they take time
  Duration sum{};
  Duration longest{};  ///< the longest single operation, of each figure: for so long a call blocks at least

  void add(const Duration& operation);
  friend bool operator==(const Elapsed&, const Elapsed&) = default;
};

struct Part {
  std::string_view name;
  Geometry geometry{};
  OperationTimes times{};  ///< only real parts have them

  /// The same part with less (or more) of it, for tests. Throws std::invalid_argument where that is no sound geometry.
  [[nodiscard]] Part with_size(std::uint32_t size_bytes) const;
};

/// Real parts first.
[[nodiscard]] std::span<const Part> all_parts();
/// Upper and lower case are alike. Null when there is none.
[[nodiscard]] const Part* find_part(std::string_view name);
/// The geometry of `part.with_size(size_bytes)`.
[[nodiscard]] Geometry sized(const Part& part, std::uint32_t size_bytes);

[[nodiscard]] const Part& w25q32jv();
[[nodiscard]] const Part& w25q128jv();

}  // namespace dualbank::sim
