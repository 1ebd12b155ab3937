#include "dualbank/formats/journal.hpp"

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kCheckOffset = 12;
constexpr std::uint32_t kSmallestGranuleLog2 = 12;

CellForm parse_cell(Bytes bytes16, CellKind last, Cell& cell) {
  if (load_u32(bytes16, kCheckOffset) != crc32(bytes16.first(kCheckOffset))) return CellForm::burnt;
  const std::uint8_t head = load_u8(bytes16, 0);
  const std::uint8_t kind = head & 0x0F;
  const bool known = head >> 4 == kJournalVersion && kind >= static_cast<std::uint8_t>(CellKind::erased) &&
                     kind <= static_cast<std::uint8_t>(last);
  if (!known && kind != static_cast<std::uint8_t>(CellKind::doomed)) return CellForm::newer;
  cell = Cell{static_cast<CellKind>(kind), load_u8(bytes16, 1), load_u16(bytes16, 2), load_u32(bytes16, 4),
              load_u32(bytes16, 8)};
  return CellForm::cell;
}

}  // namespace

std::array<std::byte, kCellBytes> Cell::bytes() const {
  std::array<std::byte, kCellBytes> out{};
  const MutableBytes span{out};
  const std::array words{static_cast<std::uint32_t>(kJournalVersion << 4) | static_cast<std::uint32_t>(kind) |
                             static_cast<std::uint32_t>(a) << 8 | static_cast<std::uint32_t>(b) << 16,
                         c, d};
  store_words(span, 0, words);
  store_u32(span, kCheckOffset, crc32(span.first(kCheckOffset)));
  return out;
}

CellForm Cell::parse(Bytes bytes16, Cell& cell) {
  if (all_equal(bytes16.first(kCellBytes), std::byte{0xFF})) return CellForm::free;
  return parse_cell(bytes16, CellKind::booted, cell);
}

CellForm Cell::parse_native(Bytes bytes, std::byte erased, Cell& cell) {
  return all_equal(bytes, erased) ? CellForm::free : parse_cell(bytes, CellKind::native, cell);
}

JournalMap JournalMap::for_slot(std::uint32_t slot_bytes) {
  JournalMap map{.granule_log2 = kSmallestGranuleLog2};
  const auto count = [slot_bytes](std::uint32_t log2) { return (slot_bytes + (1U << log2) - 1) >> log2; };
  while (count(map.granule_log2) > kMostGranules) ++map.granule_log2;
  map.granules = count(map.granule_log2);
  map.marks_offset = kOtadataSectorBytes - 4 * map.granules;
  map.opened_offset = map.marks_offset - (((map.granules + 31) >> 5) << 2);
  map.log_end = map.opened_offset & ~(kCellBytes - 1);
  return map;
}

JournalMap NativeLog::map_of(std::uint32_t sector_bytes, std::uint32_t slot_bytes) const {
  constexpr std::uint32_t kGranulesPerFrame = 3;  // a frame has room for 3 cells; 2 cells each in half of the frames
  const std::uint32_t most = frames() * kGranulesPerFrame >> 2;
  JournalMap map;
  while (1U << map.granule_log2 < sector_bytes) ++map.granule_log2;
  const auto count = [slot_bytes](std::uint32_t log2) { return (slot_bytes + (1U << log2) - 1) >> log2; };
  while (count(map.granule_log2) > most) ++map.granule_log2;
  map.granules = count(map.granule_log2);
  return map;
}

}  // namespace dualbank
