#include "dualbank/engine/layout.hpp"

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank {
namespace {

constexpr Extent extent_of_partition(const Partition& p) { return {p.offset, p.size_bytes}; }

bool is_factory(const Partition& p) { return p.is(partition_type::kApp, app_subtype::kFactory); }
bool is_test(const Partition& p) { return p.is(partition_type::kApp, app_subtype::kTest); }
bool is_otadata(const Partition& p) { return p.is(partition_type::kData, data_subtype::kOta); }
bool is_fat(const Partition& p) { return p.is(partition_type::kData, data_subtype::kFat); }

class LayoutReader {
 public:
  LayoutReader(Flash& flash, std::uint32_t table_offset) : flash_(flash), table_offset_(table_offset) {}

  Result<Layout> read() {
    if (const Event e = find_all(); e.failed()) return e;
    if (const Event e = count_slots(); e.failed()) return e;
    if (const Event e = check_alignment(); e.failed()) return e;
    if (const Event e = check_overlap(); e.failed()) return e;
    return layout_;
  }

 private:
  Event read_row(std::uint32_t row, MutableBytes bytes) {
    return read_flash(flash_, table_offset_ + row * kPartitionRowBytes, bytes);
  }

  Event find_all() {
    PartitionTableParser parser{table_offset_, flash_.geometry().size_bytes};
    for (;; ++rows_) {
      std::array<std::byte, kPartitionRowBytes> bytes;
      if (const Event e = read_row(rows_, bytes); e.failed()) return e;
      switch (parser.feed(bytes)) {
        case TableRow::partition:
          if (const Event e = take(parser.partition()); e.failed()) return e;
          break;
        case TableRow::md5:
          break;
        case TableRow::end:
          layout_.has_md5 = parser.has_md5();
          return kDone;
        case TableRow::failed:
          return parser.error();
      }
    }
  }

  Event take(const Partition& p) {
    Extent* place = nullptr;
    bool* found = nullptr;
    if (p.is_ota_slot()) {
      const auto slot = static_cast<std::uint8_t>(p.subtype - app_subtype::kOta0);
      place = &layout_.slots[slot];
      found = &found_slots_[slot];
    } else if (is_factory(p)) {
      place = &layout_.factory;
      found = &found_factory_;
    } else if (is_test(p)) {
      place = &layout_.test;
      found = &found_test_;
    } else if (is_otadata(p)) {
      place = &layout_.otadata;
      found = &found_otadata_;
    } else {
      if (is_fat(p) && !layout_.fat.present()) layout_.fat = extent_of_partition(p);
      return kDone;
    }
    if (*found) return {Status::layout_duplicate, {p.type, p.subtype, 0}};
    *found = true;
    *place = extent_of_partition(p);
    return kDone;
  }

  Event count_slots() {
    while (layout_.slot_count < kMaxSlots && found_slots_[layout_.slot_count]) ++layout_.slot_count;
    for (std::uint8_t slot = layout_.slot_count; slot < kMaxSlots; ++slot) {
      if (found_slots_[slot]) return {Status::layout_slot_gap, {layout_.slot_count, 0, 0}};
    }
    return kDone;
  }

  // ---- of what dualbank writes: the OTA slots, and otadata as one more

  [[nodiscard]] std::uint8_t written_count() const {
    return static_cast<std::uint8_t>(layout_.slot_count + (found_otadata_ ? 1 : 0));
  }
  [[nodiscard]] const Extent& written(std::uint8_t index) const {
    return index < layout_.slot_count ? layout_.slots[index] : layout_.otadata;
  }

  Event check_alignment() {
    const std::uint32_t sector_bytes = flash_.geometry().sector_bytes();
    for (std::uint8_t i = 0; i < written_count(); ++i) {
      const auto [offset, size_bytes] = written(i);
      if (size_bytes == 0 || ((offset | size_bytes) & (sector_bytes - 1)) != 0) {
        return {Status::layout_misaligned, {offset, size_bytes, sector_bytes}};
      }
    }
    return kDone;
  }

  /// Reads the rows once more instead of keeping them.
  Event check_overlap() {
    if (const Event e = check_apart({table_offset_, kPartitionTableSectorBytes}, nullptr); e.failed()) return e;
    for (std::uint32_t row = 0; row < rows_; ++row) {
      std::array<std::byte, kPartitionRowBytes> bytes;
      if (const Event e = read_row(row, bytes); e.failed()) return e;
      if (load_u16(bytes, 0) != kPartitionMagic) continue;
      const Partition p = Partition::parse(bytes);
      if (const Event e = check_apart(extent_of_partition(p), place_of(p)); e.failed()) return e;
    }
    return kDone;
  }

  /// Where `take` put it.
  [[nodiscard]] const Extent* place_of(const Partition& p) const {
    if (p.is_ota_slot()) return &layout_.slots[p.subtype - app_subtype::kOta0];
    return is_otadata(p) ? &layout_.otadata : nullptr;
  }

  Event check_apart(const Extent& other, const Extent* own) const {
    for (std::uint8_t i = 0; i < written_count(); ++i) {
      const Extent& mine = written(i);
      if (&mine == own) continue;
      const bool other_starts_within = other.present() && other.offset - mine.offset < mine.size_bytes;
      const bool mine_starts_within = mine.offset - other.offset < other.size_bytes;
      if (other_starts_within) return {Status::layout_overlap, {other.offset, 0, 0}};
      if (mine_starts_within) return {Status::layout_overlap, {mine.offset, 0, 0}};
    }
    return kDone;
  }

  Flash& flash_;
  std::uint32_t table_offset_;
  std::uint32_t rows_ = 0;
  std::array<bool, kMaxSlots> found_slots_{};
  bool found_factory_ = false;
  bool found_test_ = false;
  bool found_otadata_ = false;
  Layout layout_{};
};

}  // namespace

Extent Layout::extent_of(SlotIndex slot) const {
  if (slot == kFactorySlot) return factory;
  if (slot == kTestSlot) return test;
  return slot >= 0 && slot < slot_count ? slots[static_cast<std::uint8_t>(slot)] : Extent{};
}

SlotIndex Layout::next_update_slot(SlotIndex running) const {
  if (slot_count == 0) return kNoSlot;
  if (running < 0 || running >= slot_count) return 0;
  if (slot_count == 1) return kNoSlot;
  const auto next = static_cast<SlotIndex>(running + 1);
  return next < slot_count ? next : SlotIndex{0};
}

Event Layout::updatable() const {
  if (!otadata.present()) return {Status::layout_no_otadata};
  if (otadata.size_bytes < kOtadataBytes) {
    return {Status::layout_otadata_too_small, {otadata.size_bytes, kOtadataBytes, 0}};
  }
  if (slot_count == 0) return {Status::layout_no_slots};
  if (slot_count == 1) return {Status::layout_one_slot};
  return {};
}

Event name_slots(const Event& event, const Layout& layout) {
  if (event.code != Status::image_linked_elsewhere) return event;
  Event named{Status::image_for_other_slot};
  for (std::uint32_t i = 0; i < 2; ++i) {
    std::uint32_t slot = 0;
    while (slot < layout.slot_count && layout.slots[slot].offset != event.values[i]) ++slot;
    if (slot == layout.slot_count) return event;
    named.values[i] = slot;
  }
  return named;
}

Event check_layout(const Geometry& geometry, const Layout& layout) {
  if (layout.slot_count > kMaxSlots) return {Status::slot_unknown, {layout.slot_count, kMaxSlots, 0}};
  const std::uint32_t sector_bytes = geometry.sector_bytes();
  std::array<Extent, kMaxSlots + 4> all{layout.otadata, layout.factory, layout.test, layout.fat};
  constexpr std::uint32_t kNotWritten = 3;
  std::uint32_t count = kNotWritten + 1;
  for (std::uint8_t slot = 0; slot < layout.slot_count; ++slot) all[count++] = layout.slots[slot];
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto [offset, size_bytes] = all[i];
    const bool written = i == 0 || i > kNotWritten;
    if (!written || (i == 0 && size_bytes == 0)) continue;
    if (size_bytes == 0 || ((offset | size_bytes) & (sector_bytes - 1)) != 0) {
      return {Status::layout_misaligned, {offset, size_bytes, sector_bytes}};
    }
    if (offset > geometry.size_bytes || size_bytes > geometry.size_bytes - offset) {
      return {Status::flash_out_of_range, {size_bytes, offset, geometry.size_bytes}};
    }
    for (std::uint32_t other = 0; other < count; ++other) {
      if (other == i || !all[other].present()) continue;
      if (all[other].offset - offset < size_bytes) return {Status::layout_overlap, {all[other].offset, 0, 0}};
      if (offset - all[other].offset < all[other].size_bytes) return {Status::layout_overlap, {offset, 0, 0}};
    }
  }
  return kDone;
}

Result<Layout> read_layout(Flash& flash, std::uint32_t table_offset) {
  return LayoutReader(flash, table_offset).read();
}

}  // namespace dualbank
