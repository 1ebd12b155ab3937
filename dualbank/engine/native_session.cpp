// The update under way in native records: opened and mark are cells, and the last one of a granule counts.
#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/native_log.hpp"
#include "dualbank/engine/native_records.hpp"
#include "dualbank/engine/session.hpp"

namespace dualbank {
namespace {

constexpr Cell native(NativeCell what, std::uint32_t granule = 0) {
  return {CellKind::native, static_cast<std::uint8_t>(what), static_cast<std::uint16_t>(granule), 0, 0};
}

}  // namespace

Event NativeRecords::load(Session& session, Received& received) const {
  const Geometry& g = session.flash_->geometry();
  NativeLogReader log{*session.flash_, session.sectors_->address(session.sector_),
                      NativeLog::of(native_sector_bytes(g), g.write_unit_bytes)};
  if (const Event e = log.survey(); e.failed()) return e;
  Cell cell;
  for (std::uint32_t offset = 0; log.next(cell, offset);) {
    if (cell.kind == CellKind::partial) {
      if (const Event e = session.accept_partial(cell, received); e.failed()) return e;
      session.has_kept_ = true;
    } else if (cell.kind == CellKind::native && cell.a == static_cast<std::uint8_t>(NativeCell::resumed)) {
      received.clear();
      session.fresh_.clear();
      session.has_kept_ = false;
    }
    if (cell.b >= session.map_.granules) continue;
    if (cell.kind == CellKind::mark) {
      session.opened_.set(cell.b, true);
      session.done_.set(cell.b, false);
      if (const Event e = session.accept_mark(cell.b, cell.c); e.failed()) return e;
    } else if (cell.kind == CellKind::native && cell.a == static_cast<std::uint8_t>(NativeCell::opened)) {
      session.opened_.set(cell.b, true);
      session.done_.set(cell.b, false);
    }
  }
  return log.error();
}

Event NativeRecords::wake(Session& session) const {
  if (session.has_kept_) {
    const Event e = session.sectors_->append(session.sector_, native(NativeCell::resumed));
    if (e.failed()) return e;
  }
  session.has_kept_ = false;
  session.awake_ = true;
  return kDone;
}

Event NativeRecords::note_opened(Session& session, std::uint32_t first, std::uint32_t& end) const {
  for (std::uint32_t granule = first; granule < end; ++granule) {
    if (session.opened_.has(granule) && session.fresh_.has(granule)) continue;
    const Event e = session.sectors_->append(session.sector_, native(NativeCell::opened, granule));
    if (e.code == Status::journal_full && granule != first) {
      end = first + 1;
      return kDone;
    }
    if (e.failed()) return e;
    session.opened_.set(granule, true);
  }
  return kDone;
}

Event NativeRecords::mark(Session& session, std::uint32_t granule, std::uint32_t mark) const {
  session.opened_.set(granule, true);
  return session.sectors_->append(session.sector_, {CellKind::mark, 0, static_cast<std::uint16_t>(granule), mark, 0});
}

}  // namespace dualbank
