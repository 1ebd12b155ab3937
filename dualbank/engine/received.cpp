#include "dualbank/engine/received.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t lower(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }
constexpr std::uint32_t higher(std::uint32_t a, std::uint32_t b) { return a > b ? a : b; }

}  // namespace

std::uint32_t Received::first_reaching(std::uint32_t offset) const {
  std::uint32_t low = 0;
  std::uint32_t high = count_;
  while (low < high) {
    const std::uint32_t middle = (low + high) >> 1;
    if (ranges()[middle].to < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void Received::erase_at(std::uint32_t index, std::uint32_t count) {
  for (std::uint32_t i = index + count; i < count_; ++i) ranges()[i - count] = ranges()[i];
  count_ -= count;
}

void Received::insert_at(std::uint32_t index, Range range) {
  for (std::uint32_t i = count_; i > index; --i) ranges()[i] = ranges()[i - 1];
  ranges()[index] = range;
  ++count_;
}

bool Received::fits(Range range) const {
  if (range.empty() || count_ < ranges().size()) return true;
  const std::uint32_t index = first_reaching(range.from);
  return index < count_ && ranges()[index].from <= range.to;
}

bool Received::add(Range range) {
  if (range.empty()) return true;
  if (!fits(range)) return false;
  const std::uint32_t first = first_reaching(range.from);
  std::uint32_t touched = 0;
  while (first + touched < count_ && ranges()[first + touched].from <= range.to) {
    range.from = lower(range.from, ranges()[first + touched].from);
    range.to = higher(range.to, ranges()[first + touched].to);
    ++touched;
  }
  erase_at(first, touched);
  insert_at(first, range);
  return true;
}

void Received::remove(Range range) {
  if (range.empty()) return;
  std::uint32_t i = first_reaching(range.from);
  while (i < count_ && ranges()[i].from < range.to) {
    const Range old = ranges()[i];
    const Range before{old.from, higher(old.from, lower(old.to, range.from))};
    const Range after{higher(old.from, lower(old.to, range.to)), old.to};
    erase_at(i, 1);
    if (!before.empty()) insert_at(i++, before);
    if (!after.empty()) insert_at(i++, after);
  }
}

bool Received::covers(Range range) const { return first_gap(range).empty(); }

Range Received::first_in(Range within) const {
  for (std::uint32_t i = first_reaching(within.from); i < count_ && ranges()[i].from < within.to; ++i) {
    const Range part{higher(within.from, ranges()[i].from), lower(within.to, ranges()[i].to)};
    if (!part.empty()) return part;
  }
  return {within.to, within.to};
}

Range Received::first_gap(Range within) const {
  std::uint32_t from = within.from;
  for (std::uint32_t i = first_reaching(from); i < count_ && from < within.to; ++i) {
    if (ranges()[i].from > from) return {from, lower(ranges()[i].from, within.to)};
    from = higher(from, ranges()[i].to);
  }
  return from < within.to ? Range{from, within.to} : Range{within.to, within.to};
}

}  // namespace dualbank
