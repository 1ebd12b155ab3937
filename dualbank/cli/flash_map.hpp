// The flash as a picture: a grid of cells, each a piece of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/flash_view.hpp"
#include "dualbank/cli/output.hpp"

namespace dualbank::cli {

/// A named piece of the flash: a partition, the table, the bootloader.
struct Region {
  std::string name;
  Extent extent{};
  char letter = '?';  ///< for pictures without colour
  std::string sgr{};  ///< for pictures with it
  SlotIndex slot = kNoSlot;
};

/// Bootloader, table and partitions, by address.
[[nodiscard]] std::vector<Region> regions_of(FlashView& view);

/// What a cell holds.
enum class Cell : std::uint8_t {
  empty,    ///< all erased
  data,     ///< something
  image,    ///< part of an image that verifies
  missing,  ///< of the update under way, still to be sent
  unknown,  ///< not all in the file
};

struct MapInput {
  std::vector<Region> regions;
  std::vector<SlotReport> slots;
  SlotIndex updated = kNoSlot;
  std::vector<Range> missing{};  ///< within the slot being updated
  SlotIndex lent_to_drive = kNoSlot;
};

struct FlashMap {
  std::uint32_t cell_bytes = 0;
  std::uint32_t columns = 0;
  std::vector<Cell> cells{};
  std::vector<int> region_of{};  ///< index of the region that a cell shows; -1: none
};

/// As many columns as fit into `width`, at most 16 rows.
[[nodiscard]] FlashMap draw_map(FlashView& view, const MapInput& input, unsigned width);
/// The rows, with addresses before them.
[[nodiscard]] std::vector<std::string> map_lines(const FlashMap& map, const MapInput& input, const Style& style);
/// One cell: a block in the region's colour, or its letter.
[[nodiscard]] std::string cell_text(Cell cell, const Region* region, const Style& style);

}  // namespace dualbank::cli
