#include "dualbank/engine/boot_sectors.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kPieceBytes = 128;
constexpr std::uint32_t kTopMargin = 0x1000;    // far more anchors than the calls up to the next check can take
constexpr std::uint32_t kRecordBodyBytes = 28;  // all but the CRC

constexpr bool can_be_done_without(CellKind kind) {
  return kind == CellKind::mark || kind == CellKind::partial || kind == CellKind::note || kind == CellKind::length ||
         kind == CellKind::booted;
}

}  // namespace

SlotIndex BootSectors::active_slot() const {
  const int a = active();
  return a < 0 ? kNoSlot : slot_of_seq(records_[static_cast<unsigned>(a)].seq, slot_count_);
}

std::uint32_t BootSectors::seq_for(SlotIndex slot) const {
  std::uint32_t above = kBlankSeq;
  for (const BootRecord& r : records_) {
    if (r.seq != kBlankSeq && r.crc_good() && (above == kBlankSeq || r.seq > above)) above = r.seq;
  }
  for (const SectorFacts& facts : facts_) {  // a record that a cut left torn can read as whole tomorrow
    const std::uint32_t seq = facts.unfinished() ? facts.intent.c : kBlankSeq;
    if (seq != kBlankSeq && (above == kBlankSeq || seq > above)) above = seq;
  }
  const std::uint32_t seq = next_seq(above, slot, slot_count_);
  return seq == kBlankSeq && active() < 0 ? next_seq(kBlankSeq, slot, slot_count_) : seq;
}

bool BootSectors::near_top() const {
  const int a = active();
  return a >= 0 && records_[static_cast<unsigned>(a)].seq > kHighestSeq - kTopMargin;
}

int BootSectors::blanker() const {
  const auto rank = [this](int sector) { return facts(sector).all_blank ? 2 : facts(sector).record_blank ? 1 : 0; };
  return rank(1) > rank(0) ? 1 : 0;
}

std::uint32_t BootSectors::room(int sector) const {
  if (native_ != nullptr) return native_->room(*this, sector);
  const std::uint32_t from = facts(sector).free_cell;
  const std::uint32_t to = facts(sector).log_end;
  return from < to ? (to - from) / kCellBytes : 0;
}

JournalMap BootSectors::map_of(std::uint32_t slot_bytes) const {
  return native_ != nullptr ? native_->map_of(flash_->geometry(), slot_bytes) : JournalMap::for_slot(slot_bytes);
}

Event BootSectors::read(Flash& flash, const Layout& layout, const NativeForm* native) {
  flash_ = &flash;
  native_ = keeps_esp_records(flash.geometry()) ? nullptr : native;
  sector_bytes_ = native_ != nullptr ? native_sector_bytes(flash.geometry()) : kOtadataSectorBytes;
  layout_ = &layout;
  otadata_offset_ = layout.otadata.offset;
  slot_count_ = layout.slot_count;
  settled_ = {};
  for (int sector = 0; sector < 2; ++sector) {
    if (const Event e = native_ != nullptr ? native_->scan(*this, sector) : scan(sector); e.failed()) return e;
  }
  return kDone;
}

Event BootSectors::scan(int sector) {
  SectorFacts facts{.record_blank = true, .all_blank = true, .rest_blank = true, .log_end = kOtadataSectorBytes};
  std::array<std::byte, kPieceBytes> piece;
  for (std::uint32_t at = 0; at < kOtadataSectorBytes; at += kPieceBytes) {
    if (const Event e = read_flash(*flash_, address(sector) + at, piece); e.failed()) return e;
    if (!all_equal(piece, std::byte{0xFF})) facts.all_blank = false;
    Bytes cells{piece};
    if (at == 0) {
      facts.record = BootRecord::parse(cells.first(kBootRecordBytes));
      facts.record_blank = all_equal(cells.first(kBootRecordBytes), std::byte{0xFF});
      cells = cells.subspan(kBootRecordBytes);
    }
    std::uint32_t offset = at + kPieceBytes - static_cast<std::uint32_t>(cells.size());
    for (; !cells.empty() && facts.free_cell == 0 && offset < facts.log_end; offset += kCellBytes) {
      Cell cell;
      const CellForm form = Cell::parse(cells, cell);
      cells = cells.subspan(kCellBytes);
      if (form == CellForm::free) {
        facts.free_cell = static_cast<std::uint16_t>(offset);
      } else {
        facts.last_cell = static_cast<std::uint16_t>(offset);
        if (form == CellForm::cell) note_cell(facts, cell, offset);
        if (form == CellForm::newer) facts.newer = true;
      }
    }
    const std::uint32_t behind = facts.free_cell > at ? facts.free_cell - at : 0;
    if (facts.free_cell != 0 && behind < kPieceBytes && !all_equal(Bytes{piece}.subspan(behind), std::byte{0xFF})) {
      facts.rest_blank = false;
    }
  }
  if (facts.free_cell == 0) {
    facts.free_cell = facts.log_end;
    facts.rest_blank = false;
  }
  if (facts.newer) {
    facts.erased = facts.firm = facts.confirmed = facts.has_intent = facts.has_session = false;
    facts.gave_up = facts.has_booted = false;
    facts.tries = 0;
  }
  set_facts(sector, facts);
  return kDone;
}

void BootSectors::note_cell(SectorFacts& facts, const Cell& cell, std::uint32_t offset) const {
  const auto here = static_cast<std::uint16_t>(offset);
  switch (cell.kind) {
    case CellKind::erased:
      facts.erased = true;
      facts.erased_cell = here;
      break;
    case CellKind::identity:
      facts.identity = {cell.c, cell.d};
      break;
    case CellKind::session: {
      const Extent slot = layout_->extent_of(static_cast<SlotIndex>(cell.a));
      const JournalMap map = map_of(slot.size_bytes);
      if (!slot.present() || !is_ota_slot(static_cast<SlotIndex>(cell.a)) || cell.b != map.granule_log2) {
        facts.has_session = false;
        facts.strange_session = true;
        break;
      }
      facts.has_session = true;
      facts.session = cell;
      facts.learned_length = cell.c;
      if (native_ == nullptr) facts.log_end = static_cast<std::uint16_t>(map.log_end);
      break;
    }
    case CellKind::length:
      facts.learned_length = cell.c;
      break;
    case CellKind::intent:
      facts.has_intent = true;
      facts.firm = facts.confirmed = facts.gave_up = false;
      facts.tries = 0;
      facts.intent = cell;
      facts.intent_cell = here;
      break;
    case CellKind::firm:
      facts.firm = facts.has_intent && (native_ == nullptr || cell.c == facts.intent.c);
      break;
    case CellKind::confirmed:
      facts.confirmed = true;
      break;
    case CellKind::doomed:
      facts.doomed = true;
      break;
    case CellKind::tried:
      facts.tries = cell.a;
      break;
    case CellKind::gave_up:
      facts.gave_up = true;
      break;
    case CellKind::booted:
      facts.has_booted = true;
      facts.booted = cell;
      break;
    case CellKind::native:
    case CellKind::mark:
    case CellKind::partial:
    case CellKind::note:
      break;
  }
}

Event BootSectors::program_cell(int sector, std::uint32_t offset, const Cell& cell) {
  return program_flash(*flash_, address(sector) + offset, cell.bytes());
}

Event BootSectors::burn(int sector, std::uint32_t cell_offset) {
  constexpr std::array<std::byte, kCellBytes> kZeros{};
  return program_flash(*flash_, address(sector) + cell_offset, kZeros);
}

Event BootSectors::forget_session(int sector) {
  if (native_ != nullptr) return native_->forget_session(*this, sector);
  // A cell that a cut leaves half written can be made to count or not; one that was half burnt could not.
  const Event e = append(sector, {.kind = CellKind::session, .a = static_cast<std::uint8_t>(kNoSlot)});
  if (e.code != Status::journal_full) return e;
  SectorFacts& facts = at(sector);
  facts.erased = false;
  return facts.erased_cell != 0 ? burn(sector, facts.erased_cell) : kDone;
}

Event BootSectors::refresh_last_cell(int sector) {
  if (native_ != nullptr) return native_->settle(*this, sector);
  const SectorFacts& facts = at(sector);
  if (facts.last_cell == 0) return kDone;
  std::array<std::byte, kCellBytes> raw;
  if (const Event e = read_flash(*flash_, address(sector) + facts.last_cell, raw); e.failed()) return e;
  Cell cell;
  if (Cell::parse(raw, cell) == CellForm::burnt) return burn(sector, facts.last_cell);
  return program_flash(*flash_, address(sector) + facts.last_cell, raw);
}

Event BootSectors::bury_torn_cell(int sector) {
  const SectorFacts& facts = at(sector);
  if (native_ != nullptr || facts.last_cell == 0) return kDone;
  std::array<std::byte, kCellBytes> raw;
  if (const Event e = read_flash(*flash_, address(sector) + facts.last_cell, raw); e.failed()) return e;
  Cell cell;
  if (Cell::parse(raw, cell) != CellForm::burnt || all_equal(raw, std::byte{0})) return kDone;
  return burn(sector, facts.last_cell);
}

Event BootSectors::settle(int sector) {
  if (native_ != nullptr) return native_->settle(*this, sector);
  if (settled_[static_cast<unsigned>(sector)]) return kDone;
  SectorFacts& facts = at(sector);
  if (const Event e = refresh_last_cell(sector); e.failed()) return e;
  if (room(sector) > kReservedCells) {
    if (const Event e = burn(sector, facts.free_cell); e.failed()) return e;
    facts.last_cell = facts.free_cell;
    facts.free_cell = static_cast<std::uint16_t>(facts.free_cell + kCellBytes);
    facts.all_blank = false;
  }
  settled_[static_cast<unsigned>(sector)] = true;
  return kDone;
}

// Behind a free cell there can be others that an erase, cut, has left: they must not speak again.
Event BootSectors::pass_over_remains(int sector) {
  SectorFacts& facts = at(sector);
  while (room(sector) > 0) {
    std::array<std::byte, kCellBytes> raw;
    if (const Event e = read_flash(*flash_, address(sector) + facts.free_cell, raw); e.failed()) return e;
    if (all_equal(raw, std::byte{0xFF})) break;
    if (const Event e = burn(sector, facts.free_cell); e.failed()) return e;
    facts.last_cell = facts.free_cell;
    facts.free_cell = static_cast<std::uint16_t>(facts.free_cell + kCellBytes);
  }
  return kDone;
}

Event BootSectors::append(int sector, const Cell& cell) {
  if (native_ != nullptr) return native_->append(*this, sector, cell);
  if (const Event e = settle(sector); e.failed()) return e;
  SectorFacts& facts = at(sector);
  if (const Event e = pass_over_remains(sector); e.failed()) return e;
  if (room(sector) <= (can_be_done_without(cell.kind) ? kReservedCells : 0)) {
    return {Status::journal_full, {static_cast<std::uint32_t>(sector), 0, 0}};
  }
  if (const Event e = program_cell(sector, facts.free_cell, cell); e.failed()) return e;
  note_cell(facts, cell, facts.free_cell);
  facts.all_blank = false;
  facts.last_cell = facts.free_cell;
  facts.free_cell = static_cast<std::uint16_t>(facts.free_cell + kCellBytes);
  return kDone;
}

Event BootSectors::rely_on_record(int sector) {
  const SectorFacts& facts = at(sector);
  return facts.ours() && facts.firm && !facts.record_doubtful ? kDone : refresh_record(sector);
}

Event BootSectors::refresh_record(int sector) {
  if (native_ != nullptr) return at(sector).record_doubtful ? native_->settle(*this, sector) : kDone;
  std::array<std::byte, kBootRecordBytes> raw;
  if (const Event e = read_flash(*flash_, address(sector), raw); e.failed()) return e;
  return program_flash(*flash_, address(sector), raw);
}

Event BootSectors::wipe(int sector) {
  if (native_ != nullptr) return native_->wipe(*this, sector);
  const SectorFacts& facts = at(sector);
  if (const Event e = settle(sector); e.failed()) return e;
  Event marked = append(sector, {.kind = CellKind::doomed});
  if (marked.code == Status::journal_full) {
    marked = facts.erased_cell != 0 ? burn(sector, facts.erased_cell) : kDone;
  }
  if (marked.failed()) return marked;
  if (!facts.record_blank) {  // else an erase that a cut leaves half done could bring the record back
    constexpr std::array<std::byte, kBootRecordBytes - kRecordBodyBytes> kNoCheck{};
    if (const Event e = program_flash(*flash_, address(sector) + kRecordBodyBytes, kNoCheck); e.failed()) return e;
  }
  for (std::uint32_t at = 0; at < kOtadataSectorBytes; at += flash_->geometry().sector_bytes()) {
    if (const Event e = erase_sector(*flash_, address(sector) + at); e.failed()) return e;
  }
  at(sector) = SectorFacts{.record_blank = true,
                           .all_blank = true,
                           .rest_blank = true,
                           .free_cell = kLogOffset,
                           .log_end = kOtadataSectorBytes};
  records_[static_cast<unsigned>(sector)] = BootRecord{};
  settled_[static_cast<unsigned>(sector)] = true;
  return append(sector, {.kind = CellKind::erased});
}

Event BootSectors::write_record(int sector, const BootRecord& record) {
  if (native_ != nullptr) return native_->commit(*this, sector, record);
  const auto bytes = record.bytes();
  // The CRC comes last: a record without it is never usable. With an undefined state one program is as good, because no
  // torn sequence number matches a torn CRC.
  if (record.state != RecordState::undefined) {
    if (const Event e = program_flash(*flash_, address(sector), Bytes{bytes}.first(kRecordBodyBytes)); e.failed())
      return e;
    if (const Event e =
            program_flash(*flash_, address(sector) + kRecordBodyBytes, Bytes{bytes}.subspan(kRecordBodyBytes));
        e.failed()) {
      return e;
    }
  } else if (const Event e = program_flash(*flash_, address(sector), bytes); e.failed()) {
    return e;
  }
  at(sector).record = record;
  at(sector).record_blank = false;
  records_[static_cast<unsigned>(sector)] = record;
  return append(sector, {.kind = CellKind::firm});
}

Event BootSectors::prepare(int sector, std::uint32_t cells_needed) {
  const SectorFacts& facts = at(sector);
  const bool roomy = room(sector) >= cells_needed;
  if (facts.clean() && roomy) return kDone;
  // With no usable record anywhere a blank one is taken as it is: an erase, torn, could leave seq 0, which is usable.
  const bool untouched = facts.record_blank && facts.rest_blank && !facts.doomed && !facts.has_intent &&
                         !facts.has_session && !facts.strange_session && !facts.newer;
  if (active() < 0 && untouched && roomy) return append(sector, {.kind = CellKind::erased, .a = 1});
  return wipe(sector);
}

Event BootSectors::put(int sector, SlotIndex slot, std::uint32_t seq, RecordState state, Reason reason) {
  constexpr std::uint32_t kCellsNeeded = 5;
  constexpr std::uint32_t kCellsNeededNative = 9;  // with some to settle the record after cuts
  const std::uint32_t own = native_ != nullptr ? kCellsNeededNative : kCellsNeeded;
  const std::uint32_t behind = reason == Reason::switched ? cells_for_a_trial() : 0;
  if (const Event e = prepare(sector, own + behind); e.failed()) return e;
  const Cell intent{.kind = CellKind::intent,
                    .a = static_cast<std::uint8_t>(slot),
                    .b = static_cast<std::uint16_t>(reason),
                    .c = seq,
                    .d = static_cast<std::uint32_t>(state)};
  if (const Event e = append(sector, intent); e.failed()) return e;
  return write_record(sector, BootRecord::make(seq, state));
}

Event BootSectors::finish(int sector) {
  const SectorFacts& facts = at(sector);
  const Cell intent = facts.intent;
  const BootRecord record = BootRecord::make(intent.c, static_cast<RecordState>(intent.d));
  if (native_ != nullptr) return write_record(sector, record);
  std::array<std::byte, kBootRecordBytes> raw;
  if (const Event e = read_flash(*flash_, address(sector), raw); e.failed()) return e;
  const auto wanted = record.bytes();
  for (std::uint32_t i = 0; i < kBootRecordBytes; ++i) {
    if ((raw[i] & wanted[i]) != wanted[i]) return {Status::flash_not_erased, {address(sector) + i, 0, 0}};
  }
  if (const Event e = program_cell(sector, facts.intent_cell, intent); e.failed()) return e;
  const Event e = write_record(sector, record);
  if (e.code != Status::journal_full) return e;
  at(sector).firm = true;  // and cannot say so: cuts have filled the log. The next open() makes it firm once more.
  return kDone;
}

}  // namespace dualbank
