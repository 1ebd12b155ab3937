#include "dualbank/engine/native_records.hpp"

#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/native_log.hpp"
#include "dualbank/engine/session.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kCellsInAFrame = kCellsPerFrame - 1;  // but for its start
constexpr std::uint32_t kCellsToSettle = 2;
/// Left for intent, firm, seal, and for settling them in several power sessions that are cut.
constexpr std::uint32_t kReservedForARecord = 18;

NativeLog log_of(const Geometry& g) { return NativeLog::of(native_sector_bytes(g), g.write_unit_bytes); }

constexpr Cell native(NativeCell what, std::uint16_t b = 0, std::uint32_t c = 0) {
  return {.kind = CellKind::native, .a = static_cast<std::uint8_t>(what), .b = b, .c = c};
}

constexpr bool belongs_to_a_record(CellKind kind) {
  return kind == CellKind::intent || kind == CellKind::firm || kind == CellKind::doomed ||
         kind == CellKind::confirmed || kind == CellKind::tried || kind == CellKind::gave_up;
}

/// A unit that a cut left half programmed can read as free, and the flash then refuses it: the log goes on behind it.
constexpr bool is_about_this_unit(Status code) {
  return code == Status::flash_not_erased || code == Status::flash_verify_failed ||
         code == Status::flash_program_failed;
}

}  // namespace

Event NativeRecords::program_cell(BootSectors& sectors, int sector, std::uint32_t offset, const Cell& cell) {
  std::array<std::byte, kMostNativeUnitBytes> whole;
  whole.fill(sectors.flash_->geometry().erased);
  const auto bytes = cell.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) whole[i] = bytes[i];
  const std::uint32_t size = log_of(sectors.flash_->geometry()).cell_bytes;
  return program_flash(*sectors.flash_, sectors.address(sector) + offset, Bytes{whole}.first(size));
}

Event NativeRecords::scan(BootSectors& sectors, int sector) const {
  const NativeLog log = log_of(sectors.flash_->geometry());
  NativeLogReader reader{*sectors.flash_, sectors.address(sector), log};
  if (const Event e = reader.survey(); e.failed()) return e;
  SectorFacts facts{.record_blank = true, .all_blank = reader.blank()};
  facts.free_cell = static_cast<std::uint16_t>(reader.end() == 0 ? log.frame_bytes() : reader.end());
  facts.log_end = static_cast<std::uint16_t>(log.log_bytes);
  facts.last_cell = static_cast<std::uint16_t>(reader.last());
  facts.erased = reader.erased();
  Cell cell;
  for (std::uint32_t offset = 0; reader.next(cell, offset);) {
    sectors.note_cell(facts, cell, offset);
    facts.record_doubtful = cell.kind == CellKind::intent || cell.kind == CellKind::firm;
  }
  if (reader.error().failed()) return reader.error();
  facts.doomed = facts.doomed || reader.doomed();
  facts.newer = reader.newer();
  if (facts.newer) {
    facts.confirmed = facts.has_session = facts.gave_up = facts.has_booted = false;
    facts.tries = 0;
  }
  if (facts.firm) facts.record = BootRecord::make(facts.intent.c, static_cast<RecordState>(facts.intent.d));
  facts.record_blank = !facts.firm;
  sectors.set_facts(sector, facts);
  return kDone;
}

Event NativeRecords::open_frame(BootSectors& sectors, int sector) {
  const NativeLog log = log_of(sectors.flash_->geometry());
  SectorFacts& facts = sectors.at(sector);
  Event e{Status::journal_full, {static_cast<std::uint32_t>(sector), 0, 0}};
  while (facts.free_cell < facts.log_end) {
    const std::uint32_t start = facts.free_cell;
    e = program_cell(sectors, sector, start, native(NativeCell::start));
    facts.all_blank = false;
    facts.free_cell = static_cast<std::uint16_t>(start + (e.failed() ? log.frame_bytes() : log.cell_bytes));
    if (!e.failed() || !is_about_this_unit(e.code)) return e;
  }
  return e;
}

Event NativeRecords::settle_here(BootSectors& sectors, int sector, const Cell& copied, std::uint32_t void_from) {
  const std::uint32_t cell_bytes = log_of(sectors.flash_->geometry()).cell_bytes;
  SectorFacts& facts = sectors.at(sector);
  if (const Event e = open_frame(sectors, sector); e.failed()) return e;
  const bool of_a_record = copied.kind == CellKind::intent || copied.kind == CellKind::firm;
  const std::array<Cell, kCellsInAFrame> cells{native(NativeCell::settled, 0, void_from), copied,
                                               native(NativeCell::seal)};
  Event e = kDone;
  for (std::uint32_t i = 0; i < (of_a_record ? kCellsInAFrame : kCellsToSettle) && !e.failed(); ++i) {
    e = program_cell(sectors, sector, facts.free_cell, cells[i]);
    facts.free_cell = static_cast<std::uint16_t>(facts.free_cell + cell_bytes);
  }
  if (e.failed()) {  // the next try needs a frame of its own
    const std::uint32_t mask = cell_bytes * kCellsPerFrame - 1;
    facts.free_cell = static_cast<std::uint16_t>((facts.free_cell + mask) & ~mask);
  }
  return e;
}

Event NativeRecords::settle(BootSectors& sectors, int sector) const {
  if (sectors.settled_[static_cast<unsigned>(sector)]) return kDone;
  const NativeLog log = log_of(sectors.flash_->geometry());
  NativeLogReader reader{*sectors.flash_, sectors.address(sector), log};
  if (const Event e = reader.survey(); e.failed()) return e;
  Cell copied = native(NativeCell::seal);
  Cell cell;
  for (std::uint32_t offset = 0; reader.next(cell, offset);) copied = cell;
  if (reader.error().failed()) return reader.error();
  Event e = kDone;
  do {
    e = settle_here(sectors, sector, copied, reader.last() == 0 ? log.frame_bytes() : reader.void_from());
  } while (e.failed() && is_about_this_unit(e.code));
  if (e.failed()) return e;
  sectors.settled_[static_cast<unsigned>(sector)] = true;
  sectors.at(sector).record_doubtful = false;
  return kDone;
}

std::uint32_t NativeRecords::room(const BootSectors& sectors, int sector) const {
  const NativeLog log = log_of(sectors.flash_->geometry());
  const SectorFacts& facts = sectors.facts(sector);
  std::uint32_t cells = 0;
  std::uint32_t at = facts.free_cell;
  for (; (at & (log.frame_bytes() - 1)) != 0; at += log.cell_bytes) ++cells;
  for (; at < facts.log_end; at += log.frame_bytes()) cells += kCellsInAFrame;
  if (sectors.settled_[static_cast<unsigned>(sector)]) return cells;
  return cells > kCellsToSettle ? cells - kCellsToSettle : 0;
}

Event NativeRecords::append(BootSectors& sectors, int sector, const Cell& cell) const {
  const NativeLog log = log_of(sectors.flash_->geometry());
  SectorFacts& facts = sectors.at(sector);
  if (room(sectors, sector) <= (belongs_to_a_record(cell.kind) ? 0 : kReservedForARecord)) {
    return {Status::journal_full, {static_cast<std::uint32_t>(sector), 0, 0}};
  }
  if (const Event e = settle(sectors, sector); e.failed()) return e;
  if ((facts.free_cell & (log.frame_bytes() - 1)) == 0) {
    if (const Event e = open_frame(sectors, sector); e.failed()) return e;
  }
  const std::uint32_t offset = facts.free_cell;
  facts.free_cell = static_cast<std::uint16_t>(offset + log.cell_bytes);
  if (const Event e = program_cell(sectors, sector, offset, cell); e.failed()) {
    sectors.settled_[static_cast<unsigned>(sector)] = false;  // what stands there now is in doubt
    facts.free_cell = static_cast<std::uint16_t>((facts.free_cell + log.frame_bytes() - 1) & ~(log.frame_bytes() - 1));
    return e;
  }
  sectors.note_cell(facts, cell, offset);
  facts.last_cell = static_cast<std::uint16_t>(offset);
  return kDone;
}

Event NativeRecords::forget_session(BootSectors& sectors, int sector) const { return wipe(sectors, sector); }

Event NativeRecords::commit(BootSectors& sectors, int sector, const BootRecord& record) const {
  if (const Event e = append(sectors, sector, {.kind = CellKind::firm, .c = record.seq}); e.failed()) return e;
  SectorFacts& facts = sectors.at(sector);
  facts.record = record;
  facts.record_blank = false;
  sectors.records_[static_cast<unsigned>(sector)] = record;
  const Event e = append(sectors, sector, native(NativeCell::seal));
  return e.code == Status::journal_full ? kDone : e;
}

Event NativeRecords::wipe(BootSectors& sectors, int sector) const {
  const Geometry& g = sectors.flash_->geometry();
  const NativeLog log = log_of(g);
  const auto cell_at = [&log](std::uint32_t i) { return i * log.cell_bytes; };
  if (sectors.facts(sector).clean()) {
    // From here on it is certain that the sector is not taken up again, whatever the doomed mark below reads as.
    const Event e = append(sectors, sector, {.kind = CellKind::doomed});
    if (e.failed() && e.code != Status::journal_full) return e;
  }
  if (sectors.facts(sector).erased) {  // else an erase may have begun already, and these units may not be programmed
    for (const std::uint32_t place : {1U, 2U}) {
      std::array<std::byte, kMostNativeUnitBytes> raw;
      const MutableBytes bytes = MutableBytes{raw}.first(log.cell_bytes);
      if (const Event e = read_flash(*sectors.flash_, sectors.address(sector) + cell_at(place), bytes); e.failed()) {
        return e;
      }
      if (!all_equal(bytes, g.erased)) continue;  // what stands there may be gone tomorrow
      const Event e = program_cell(sectors, sector, cell_at(place), {.kind = CellKind::doomed});
      if (!e.failed()) break;
      if (!is_about_this_unit(e.code)) return e;
    }
  }
  for (std::uint32_t at = 0; at < native_sector_bytes(g); at += g.sector_bytes()) {
    if (const Event e = erase_sector(*sectors.flash_, sectors.address(sector) + at); e.failed()) return e;
  }
  SectorFacts facts{.record_blank = true, .erased = true};
  facts.free_cell = static_cast<std::uint16_t>(log.frame_bytes());
  facts.log_end = static_cast<std::uint16_t>(log.log_bytes);
  sectors.set_facts(sector, facts);
  sectors.settled_[static_cast<unsigned>(sector)] = true;
  // At both ends, because an erase that is cut may have come from either; the third when both are read back.
  for (const std::uint32_t offset : std::array<std::uint32_t, 3>{0, log.last_cell, cell_at(3)}) {
    if (const Event e = program_cell(sectors, sector, offset, {.kind = CellKind::erased}); e.failed()) {
      sectors.at(sector).erased = false;
      return e;
    }
  }
  return kDone;
}

JournalMap NativeRecords::map_of(const Geometry& geometry, std::uint32_t slot_bytes) const {
  return log_of(geometry).map_of(geometry.sector_bytes(), slot_bytes);
}

}  // namespace dualbank
