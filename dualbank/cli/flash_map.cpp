#include "dualbank/cli/flash_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "dualbank/cli/slot_name.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kSectorBytes = 0x1000;
constexpr std::uint32_t kMostRows = 16;
constexpr unsigned kAddressWidth = 12;
constexpr std::array<const char*, 8> kColors{"38;5;75", "38;5;114", "38;5;180", "38;5;176",
                                             "38;5;80", "38;5;210", "38;5;222", "38;5;147"};

SlotIndex slot_of(const Partition& partition) {
  if (partition.is_ota_slot()) return static_cast<SlotIndex>(partition.subtype - app_subtype::kOta0);
  if (partition.is(partition_type::kApp, app_subtype::kFactory)) return kFactorySlot;
  if (partition.is(partition_type::kApp, app_subtype::kTest)) return kTestSlot;
  return kNoSlot;
}

/// ota_n is its digit; others take a letter of their name that is still free.
char letter_for(const Region& region, const std::vector<Region>& before) {
  if (is_ota_slot(region.slot)) return "0123456789ABCDEF"[region.slot];
  const auto free = [&](char c) {
    return std::none_of(before.begin(), before.end(), [c](const Region& r) { return r.letter == c; });
  };
  for (const char c : region.name + "abcdefghijklmnopqrstuvwxyz") {
    if (c >= 'a' && c <= 'z' && free(c)) return c;
  }
  return '?';
}

bool overlaps(const Extent& extent, std::uint64_t from, std::uint64_t to) {
  return extent.offset < to && std::uint64_t{extent.offset} + extent.size_bytes > from;
}

/// Of several regions in one cell the smallest is shown, so that boot records and table do not vanish.
int region_at(const std::vector<Region>& regions, std::uint64_t from, std::uint64_t to) {
  int best = -1;
  for (std::size_t i = 0; i < regions.size(); ++i) {
    if (!overlaps(regions[i].extent, from, to)) continue;
    if (best < 0 || regions[i].extent.size_bytes < regions[static_cast<std::size_t>(best)].extent.size_bytes)
      best = static_cast<int>(i);
  }
  return best;
}

Cell cell_at(FlashView& view, const MapInput& input, const Region* region, std::uint32_t from, std::uint32_t size) {
  if (region != nullptr && region->slot != kNoSlot) {
    const std::uint32_t at = from > region->extent.offset ? from - region->extent.offset : 0;
    if (region->slot == input.updated) {
      const auto missing = [&](const Range& r) { return r.from < at + size && r.to > at; };
      if (std::any_of(input.missing.begin(), input.missing.end(), missing)) return Cell::missing;
    }
    for (const SlotReport& slot : input.slots) {
      if (slot.slot == region->slot && slot.valid() && at < slot.image->length_bytes) return Cell::image;
    }
  }
  const bool known = view.knows({from, size}) || (region != nullptr && region->extent.offset == view.table_offset());
  if (!known) return Cell::unknown;
  return all_equal(view.read(from, size), std::byte{0xFF}) ? Cell::empty : Cell::data;
}

}  // namespace

std::vector<Region> regions_of(FlashView& view) {
  std::vector<Region> regions;
  const auto add = [&](std::string name, Extent extent, SlotIndex slot) {
    Region region{.name = std::move(name), .extent = extent, .slot = slot};
    region.letter = letter_for(region, regions);
    region.sgr = kColors[regions.size() % kColors.size()];
    regions.push_back(std::move(region));
  };
  if (view.has_bootloader()) {
    const std::uint32_t at = find_chip(view.chip_id())->bootloader_offset;
    add("bootloader", {at, view.table_offset() - at}, kNoSlot);
  }
  add("table", {view.table_offset(), kSectorBytes}, kNoSlot);
  for (const Partition& p : view.partitions()) add(printable(p.label_text()), {p.offset, p.size_bytes}, slot_of(p));
  return regions;
}

FlashMap draw_map(FlashView& view, const MapInput& input, unsigned width) {
  FlashMap map;
  const unsigned room = width > kAddressWidth + 16 ? width - kAddressWidth : 16;
  map.columns = std::clamp(std::bit_floor(room), 16U, 128U);
  const std::uint32_t total = view.size_bytes();
  map.cell_bytes = kSectorBytes;
  while (std::uint64_t{map.cell_bytes} * map.columns * kMostRows < total) map.cell_bytes *= 2;
  for (std::uint64_t at = 0; at < total; at += map.cell_bytes) {
    const std::uint64_t end = std::min<std::uint64_t>(at + map.cell_bytes, total);
    const int index = region_at(input.regions, at, end);
    const Region* region = index < 0 ? nullptr : &input.regions[static_cast<std::size_t>(index)];
    map.region_of.push_back(index);
    map.cells.push_back(
        cell_at(view, input, region, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end - at)));
  }
  return map;
}

std::string cell_text(Cell cell, const Region* region, const Style& style) {
  if (style.color && style.unicode) {
    if (cell == Cell::unknown) return style.paint("2", "?");
    const char* block = cell == Cell::image ? "█" : cell == Cell::data ? "▓" : cell == Cell::missing ? "·" : "░";
    return style.paint(region == nullptr ? "2" : region->sgr, block);
  }
  const char letter = region == nullptr ? '#' : region->letter;
  const char sign = cell == Cell::empty ? '.' : cell == Cell::missing ? '-' : cell == Cell::unknown ? '?' : letter;
  return style.paint(region == nullptr ? "2" : region->sgr, std::string(1, sign));
}

std::vector<std::string> map_lines(const FlashMap& map, const MapInput& input, const Style& style) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < map.cells.size(); at += map.columns) {
    std::string line = fmt::format("{:>#10x}  ", at * map.cell_bytes);
    for (std::size_t i = at; i < std::min(map.cells.size(), at + map.columns); ++i) {
      const int index = map.region_of[i];
      line += cell_text(map.cells[i], index < 0 ? nullptr : &input.regions[static_cast<std::size_t>(index)], style);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace dualbank::cli
