#include "dualbank/engine/session.hpp"

#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kAllGranules = 0xFFFF'FFFF;
constexpr std::uint32_t kPieceBytes = 128;
constexpr std::uint32_t kCellsToStart = kReservedCells + 5;
constexpr std::uint32_t kNativeCellsToGoOn = 32;

constexpr std::uint32_t lower(std::uint32_t a, std::uint32_t b) { return a < b ? a : b; }

}  // namespace

Range Session::range_of(std::uint32_t granule) const {
  const std::uint32_t from = granule << map_.granule_log2;
  return {from, lower(from + granule_bytes(), extent_.size_bytes)};
}

Range Session::marked_range_of(std::uint32_t granule) const {
  const Range range = range_of(granule);
  return {range.from, length_bytes_ > range.from ? lower(range.to, length_bytes_) : range.to};
}

std::uint32_t Session::mark_address(std::uint32_t granule) const {
  return sectors_->address(sector_) + map_.marks_offset + 4 * granule;
}

Event Session::read_cell(std::uint32_t offset, CellForm& form, Cell& cell) {
  std::array<std::byte, kCellBytes> raw;
  if (const Event e = read_flash(*flash_, sectors_->address(sector_) + offset, raw); e.failed()) return e;
  form = Cell::parse(raw, cell);
  return kDone;
}

Event Session::load(Flash& flash, BootSectors& sectors, int sector, const Layout& layout, Received& received) {
  *this = Session{};
  flash_ = &flash;
  sectors_ = &sectors;
  sector_ = sector;
  const SectorFacts& facts = sectors.facts(sector);
  if (!facts.has_session || !facts.clean()) return kDone;
  terms_ = {static_cast<SlotIndex>(facts.session.a), facts.identity, facts.session.c, facts.session.d};
  length_bytes_ = facts.learned_length;
  extent_ = layout.extent_of(terms_.slot);
  map_ = sectors.map_of(extent_.size_bytes);
  active_ = true;
  if (sectors.native() != nullptr) return sectors.native()->load(*this, received);
  if (const Event e = load_marks(); e.failed()) return e;
  return load_cells(received);
}

Event Session::load_marks() {
  for (std::uint32_t g = 0; g < map_.granules; ++g) {
    std::array<std::byte, 4> raw;
    if (const Event e =
            read_flash(*flash_, sectors_->address(sector_) + map_.opened_offset + (g >> 3), MutableBytes{raw}.first(1));
        e.failed()) {
      return e;
    }
    opened_.set(g, (load_u8(raw, 0) >> (g & 7) & 1) == 0);
    if (!opened_.has(g)) continue;
    if (const Event e = read_flash(*flash_, mark_address(g), raw); e.failed()) return e;
    if (const Event e = accept_mark(g, load_u32(raw, 0)); e.failed()) return e;
  }
  return kDone;
}

Event Session::accept_mark(std::uint32_t granule, std::uint32_t mark) {
  if (mark == kNoMark || mark == kBurntMark) return kDone;
  const Range range = marked_range_of(granule);
  std::uint32_t crc = 0;
  if (const Event e = crc_of_flash(*flash_, extent_.offset + range.from, range.length(), crc); e.failed()) return e;
  done_.set(granule, mark == mark_of(crc));
  return kDone;
}

Event Session::load_cells(Received& received) {
  const SectorFacts& facts = sectors_->facts(sector_);
  for (std::uint32_t at = kLogOffset; at < facts.free_cell; at += kCellBytes) {
    CellForm form{};
    Cell cell;
    if (const Event e = read_cell(at, form, cell); e.failed()) return e;
    if (form != CellForm::cell) continue;
    if (cell.kind == CellKind::mark && cell.b < map_.granules && opened_.has(cell.b)) {
      if (const Event e = accept_mark(cell.b, cell.c); e.failed()) return e;
    }
    if (cell.kind != CellKind::partial) continue;
    if (const Event e = accept_partial(cell, received); e.failed()) return e;
  }
  return kDone;
}

Event Session::accept_partial(const Cell& cell, Received& received) {
  const Range kept{cell.c, cell.c + cell.b + 1};
  const std::uint32_t granule = granule_at(kept.from);
  if (kept.to <= kept.from || granule >= map_.granules || kept.to > range_of(granule).to || done(granule)) {
    return kDone;
  }
  std::uint32_t crc = 0;
  if (const Event e = crc_of_flash(*flash_, extent_.offset + kept.from, kept.length(), crc); e.failed()) return e;
  if (crc == cell.d && received.add(kept)) fresh_.set(granule, opened_.has(granule));
  return kDone;
}

Event Session::start(Flash& flash, BootSectors& sectors, int sector, const Layout& layout, const SessionTerms& terms) {
  *this = Session{};
  flash_ = &flash;
  sectors_ = &sectors;
  sector_ = sector;
  terms_ = terms;
  length_bytes_ = terms.length_bytes;
  extent_ = layout.extent_of(terms.slot);
  map_ = sectors.map_of(extent_.size_bytes);
  const SectorFacts& facts = sectors.facts(sector);
  const bool used = facts.has_session;  // its marks must not count for this one
  // After many cuts. In the vendor's form marks stand where the log may have come to.
  const bool crowded = sectors.native() != nullptr ? sectors.room(sector) < kNativeCellsToGoOn + kCellsToStart
                                                   : facts.free_cell + kCellsToStart * kCellBytes > map_.log_end;
  if (const Event e = used || crowded ? sectors.wipe(sector) : sectors.prepare(sector, kCellsToStart); e.failed())
    return e;
  if (const Event e = sectors.append(sector, {CellKind::identity, 0, 0, terms.identity[0], terms.identity[1]});
      e.failed())
    return e;
  active_ = true;
  awake_ = true;
  return set_header(terms.header_crc);
}

Event Session::set_header(std::uint32_t header_crc) {
  terms_.header_crc = header_crc;
  if (length_bytes_ != terms_.length_bytes) length_saved_ = false;  // a session cell takes the place of the length's
  return sectors_->append(sector_, {CellKind::session, static_cast<std::uint8_t>(terms_.slot),
                                    static_cast<std::uint16_t>(map_.granule_log2), terms_.length_bytes, header_crc});
}

Event Session::save_length() {
  if (length_saved_) return kDone;
  length_saved_ = true;
  const Event e = sectors_->append(sector_, {CellKind::length, 0, 0, length_bytes_, 0});
  return e.code == Status::journal_full ? kDone : e;
}

Event Session::declare_length(std::uint32_t length_bytes) {
  terms_.length_bytes = length_bytes_ = length_bytes;
  length_saved_ = true;
  return set_header(terms_.header_crc);
}

Event Session::wake() {
  if (awake_) return kDone;
  kept_in_part_ = false;
  if (const Event e = sectors_->settle(sector_); e.failed()) return e;
  if (sectors_->native() != nullptr) return sectors_->native()->wake(*this);
  if (const Event e = burn_cells(CellKind::partial, kAllGranules); e.failed()) return e;
  std::array<std::byte, kPieceBytes> piece;
  for (std::uint32_t at = map_.log_end; at < kOtadataSectorBytes;) {
    const MutableBytes part = MutableBytes{piece}.first(lower(kPieceBytes, kOtadataSectorBytes - at));
    if (const Event e = read_flash(*flash_, sectors_->address(sector_) + at, part); e.failed()) return e;
    if (const Event e = program_flash(*flash_, sectors_->address(sector_) + at, part); e.failed()) return e;
    at += static_cast<std::uint32_t>(part.size());
  }
  awake_ = true;
  return kDone;
}

Event Session::burn_cells(CellKind kind, std::uint32_t granule) {
  for (std::uint32_t at = kLogOffset; at < sectors_->facts(sector_).free_cell; at += kCellBytes) {
    std::array<std::byte, kCellBytes> raw;
    if (const Event e = read_flash(*flash_, sectors_->address(sector_) + at, raw); e.failed()) return e;
    Cell cell;
    const CellForm form = Cell::parse(raw, cell);
    const bool wanted = form == CellForm::cell && cell.kind == kind && (granule == kAllGranules || cell.b == granule);
    const bool torn = form == CellForm::burnt && !all_equal(raw, std::byte{0});  // it could speak again
    if (!wanted && !torn) continue;
    if (const Event e = sectors_->burn(sector_, at); e.failed()) return e;
  }
  return kDone;
}

Event Session::void_marks(std::uint32_t granule) {
  constexpr std::array<std::byte, 4> kZeros{};
  static_assert(kBurntMark == 0);
  if (const Event e = program_flash(*flash_, mark_address(granule), kZeros); e.failed()) return e;
  return burn_cells(CellKind::mark, granule);
}

// The whole range when it is one erase unit, else sectors.
std::uint32_t Session::erase_step(Range range) const {
  const std::uint32_t size = range.length();
  const bool power = (size & (size - 1)) == 0;
  const bool is_unit = power && (flash_->geometry().erase_units & size) != 0;
  const bool aligned = ((extent_.offset + range.from) & (size - 1)) == 0;
  return is_unit && aligned ? size : flash_->geometry().sector_bytes();
}

Event Session::note_opened(std::uint32_t first, std::uint32_t& end) {
  if (sectors_->native() != nullptr) return sectors_->native()->note_opened(*this, first, end);
  for (std::uint32_t granule = first; granule < end; ++granule) {
    if (!opened_.has(granule) || fresh_.has(granule)) continue;
    if (const Event e = void_marks(granule); e.failed()) return e;
  }
  for (std::uint32_t from = first, to = first; from < end; from = to) {
    std::uint32_t bits = 0;
    for (to = from; to < end && (to >> 5) == (from >> 5); ++to) {
      if (!opened_.has(to)) bits |= 1U << (to & 31);
    }
    if (bits == 0) continue;
    const std::uint32_t word = sectors_->address(sector_) + map_.opened_offset + ((from >> 5) << 2);
    std::array<std::byte, 4> raw;
    if (const Event e = read_flash(*flash_, word, raw); e.failed()) return e;
    store_u32(raw, 0, load_u32(raw, 0) & ~bits);
    if (const Event e = program_flash(*flash_, word, raw); e.failed()) return e;
    for (std::uint32_t granule = from; granule < to; ++granule) opened_.set(granule, true);
  }
  return kDone;
}

Event Session::finish(std::uint32_t granule) {
  if (const Event e = save_length(); e.failed()) return e;
  const NativeForm* native = sectors_->native();
  if (native == nullptr && !opened_.has(granule)) {
    if (const Event e = note_opened(granule); e.failed()) return e;
  }
  const Range range = marked_range_of(granule);
  std::uint32_t crc = 0;
  if (const Event e = crc_of_flash(*flash_, extent_.offset + range.from, range.length(), crc); e.failed()) return e;
  const Event e = native != nullptr ? native->mark(*this, granule, mark_of(crc)) : write_mark(granule, mark_of(crc));
  if (e.failed() && e.code != Status::journal_full) return e;
  done_.set(granule, true);
  fresh_.set(granule, false);
  return kDone;
}

Event Session::write_mark(std::uint32_t granule, std::uint32_t mark) {
  std::array<std::byte, 4> raw;
  if (const Event e = read_flash(*flash_, mark_address(granule), raw); e.failed()) return e;
  const bool free = load_u32(raw, 0) == kNoMark;
  store_u32(raw, 0, mark);
  return free ? program_flash(*flash_, mark_address(granule), raw)
              : sectors_->append(sector_, {CellKind::mark, 0, static_cast<std::uint16_t>(granule), mark, 0});
}

bool Session::can_go_on() const {
  return sectors_->native() == nullptr || sectors_->room(sector_) >= kNativeCellsToGoOn;
}

Event Session::keep(Range range) {
  awake_ = false;  // the next change drops what is kept here
  has_kept_ = true;
  std::uint32_t crc = 0;
  if (const Event e = crc_of_flash(*flash_, extent_.offset + range.from, range.length(), crc); e.failed()) return e;
  const Event e = sectors_->append(
      sector_, {CellKind::partial, 0, static_cast<std::uint16_t>(range.length() - 1), range.from, crc});
  kept_in_part_ = kept_in_part_ || e.failed();
  return e;
}

}  // namespace dualbank
