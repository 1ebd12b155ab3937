// Where things are on a flash: its slots and its boot records, found by type and subtype, never by label or fixed
// address.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/formats/partition_table.hpp"
#include "dualbank/formats/result.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank {

inline constexpr std::uint32_t kDefaultTableOffset = 0x8000;

/// A place on the flash. No size: it is not there.
struct Extent {
  std::uint32_t offset = 0;
  std::uint32_t size_bytes = 0;

  [[nodiscard]] constexpr bool present() const { return size_bytes != 0; }
};

struct Layout {
  std::uint8_t slot_count = 0;            ///< OTA slots; numbered from 0 without gaps
  std::array<Extent, kMaxSlots> slots{};  ///< ota_0 ...
  Extent otadata{};                       ///< the whole partition, which may be too small: see updatable()
  Extent factory{};
  Extent test{};
  Extent fat{};          ///< the first data/fat partition (CircuitPython: the CIRCUITPY drive)
  bool has_md5 = false;  ///< without the row a bootloader works, apps since IDF 5.0 do not

  /// The extent of ota_n, factory or test; not present for anything else.
  [[nodiscard]] Extent extent_of(SlotIndex slot) const;
  /// The slot whose update an image running in `running` makes: the next one after it, round to 0; from factory or
  /// test, ota_0. kNoSlot with no OTA slot, or when the only one is running.
  [[nodiscard]] SlotIndex next_update_slot(SlotIndex running) const;
  /// ok when this layout can be updated in two slots; else layout_no_otadata, layout_otadata_too_small,
  /// layout_no_slots, layout_one_slot.
  [[nodiscard]] Event updatable() const;
};

/// Reads the table at `table_offset` and finds the partitions. Reads only, 32 bytes at a time.
/// Errors: those of the flash; table_missing, table_bad_row, table_md5_mismatch, table_second_md5, table_no_end,
/// table_rows_after_md5, table_beyond_flash; layout_slot_gap, layout_duplicate (app factory/test/ota_n, data/ota),
/// layout_misaligned (of the OTA slots and otadata, which dualbank writes), layout_overlap (of those with any other
/// partition or with the table's own sector). A layout that merely cannot be updated is read all right: ask
/// `updatable()`.
[[nodiscard]] Result<Layout> read_layout(Flash& flash, std::uint32_t table_offset = kDefaultTableOffset);

/// image_linked_elsewhere becomes image_for_other_slot where both places are slots of the layout; others stay.
[[nodiscard]] Event name_slots(const Event& event, const Layout& layout);

/// Whether what dualbank writes of a layout that no table gave, the OTA slots and otadata, fits the flash.
/// Errors: layout_misaligned, flash_out_of_range, layout_overlap (also with factory, test and fat, as far as they are
/// there), slot_unknown (more than 16 slots).
[[nodiscard]] Event check_layout(const Geometry& geometry, const Layout& layout);

}  // namespace dualbank
