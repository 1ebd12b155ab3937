#include "dualbank/engine/compact_journal.hpp"

#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/flash_ops.hpp"

namespace dualbank {
namespace {

using RawCell = std::array<std::byte, kCellBytes>;
constexpr RawCell kBurnt{};

}  // namespace

Status CompactJournal::read(Flash& flash, const Layout& layout, unsigned sector) {
  address_ = layout.otadata.offset + sector * kOtadataSectorBytes;
  std::array<std::byte, kBootRecordBytes> raw;
  if (const Status s = flash.read(address_, raw); s != Status::ok) return s;
  record = BootRecord::parse(raw);
  log_end_ = kOtadataSectorBytes;
  for (free_cell_ = kLogOffset; free_cell_ < log_end_; free_cell_ += kCellBytes) {
    const auto bytes = MutableBytes{raw}.first(kCellBytes);
    if (const Status s = flash.read(address_ + free_cell_, bytes); s != Status::ok) return s;
    Cell cell;
    const CellForm form = Cell::parse(bytes, cell);
    if (form == CellForm::free) break;
    last_cell_ = free_cell_;
    if (form == CellForm::newer) newer = true;
    if (form == CellForm::cell) note(layout, cell);
  }
  if (free_cell_ > log_end_) free_cell_ = log_end_;  // a session that is damaged, behind the end that it names
  return Status::ok;
}

void CompactJournal::note(const Layout& layout, const Cell& cell) {
  if (cell.kind == CellKind::session) {
    const auto slot = static_cast<SlotIndex>(cell.a);
    const Extent extent = layout.extent_of(slot);
    if (!is_ota_slot(slot) || !extent.present()) return;
    const JournalMap map = JournalMap::for_slot(extent.size_bytes);
    if (cell.b == map.granule_log2) log_end_ = map.log_end;
  } else if (cell.kind == CellKind::intent) {
    on_trial = cell.b == static_cast<std::uint16_t>(Reason::switched) && cell.c == record.seq &&
               cell.d == static_cast<std::uint32_t>(record.state) && record.state != RecordState::valid;
    gave_up = false;
    tries = 0;
  } else if (cell.kind == CellKind::confirmed) {
    on_trial = false;
  } else if (cell.kind == CellKind::tried) {
    tries = cell.a;
  } else if (cell.kind == CellKind::gave_up) {
    gave_up = true;
  } else if (cell.kind == CellKind::booted) {
    has_booted = true;
    booted = cell;
  }
}

Status CompactJournal::put(Flash& flash, std::uint32_t offset, Bytes cell) {
  return program_checked(flash, address_ + offset, cell);
}

Status CompactJournal::take(Flash& flash, Bytes cell) {
  const std::uint32_t offset = free_cell_;
  if (const Status s = put(flash, offset, cell); s != Status::ok) return s;
  last_cell_ = offset;
  free_cell_ = offset + kCellBytes;
  return Status::ok;
}

Status CompactJournal::settle(Flash& flash) {
  RawCell raw;
  if (!settled_) {
    settled_ = true;
    if (last_cell_ != 0) {
      if (const Status s = flash.read(address_ + last_cell_, raw); s != Status::ok) return s;
      Cell cell;
      if (Cell::parse(raw, cell) == CellForm::burnt) raw = kBurnt;
      if (const Status s = put(flash, last_cell_, raw); s != Status::ok) return s;
    }
    if (room() > kReservedCells) {
      if (const Status s = take(flash, kBurnt); s != Status::ok) return s;
    }
  }
  while (room() > 0) {  // what an erase, cut, has left behind a free cell must not speak again
    if (const Status s = flash.read(address_ + free_cell_, raw); s != Status::ok) return s;
    if (all_equal(raw, std::byte{0xFF})) break;
    if (const Status s = take(flash, kBurnt); s != Status::ok) return s;
  }
  return Status::ok;
}

Status CompactJournal::append(Flash& flash, const Cell& cell) {
  if (const Status s = settle(flash); s != Status::ok) return s;
  if (room() <= (cell.kind == CellKind::booted ? kReservedCells : 0)) return Status::journal_full;
  if (const Status s = take(flash, cell.bytes()); s != Status::ok) return s;
  return flash.sync();
}

}  // namespace dualbank
