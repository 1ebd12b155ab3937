// Which bytes of sectors that are not complete yet have come in this power session: a short list of ranges.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

/// A set of byte offsets, as sorted ranges that neither touch nor overlap.
class Received {
 public:
  static constexpr std::uint32_t kOwnRanges = 8;

  /// Uses `room` when it is more than its own few ranges.
  constexpr explicit Received(std::span<Range> room) : room_(room) {}

  void clear() { count_ = 0; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] Range range(std::uint32_t index) const { return ranges()[index]; }

  /// False, and nothing changed, when the list is full.
  [[nodiscard]] bool add(Range range);
  /// Whether `add` would succeed.
  [[nodiscard]] bool fits(Range range) const;
  /// Cuts the range out. Precondition: `range` starts or ends at no inner point of a range, or the list has room for
  /// one more.
  void remove(Range range);
  [[nodiscard]] bool covers(Range range) const;
  /// The first part of `within` that is in the set; empty when there is none.
  [[nodiscard]] Range first_in(Range within) const;
  /// The first part of `within` that is not in the set; empty when it is covered.
  [[nodiscard]] Range first_gap(Range within) const;

 private:
  [[nodiscard]] std::span<Range> ranges() { return room_.size() <= kOwnRanges ? std::span<Range>{own_} : room_; }
  [[nodiscard]] std::span<const Range> ranges() const {
    return room_.size() <= kOwnRanges ? std::span<const Range>{own_} : room_;
  }
  /// Index of the first range that ends at or after `offset`.
  [[nodiscard]] std::uint32_t first_reaching(std::uint32_t offset) const;
  void erase_at(std::uint32_t index, std::uint32_t count);
  void insert_at(std::uint32_t index, Range range);

  std::span<Range> room_;
  std::array<Range, kOwnRanges> own_{};
  std::uint32_t count_ = 0;
};

}  // namespace dualbank
