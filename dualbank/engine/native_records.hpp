// Boot records and journal for every flash: one log of cells, in which no unit is programmed twice between two erases.
// Bytes and rules: docs/FORMAT.md, "Native records". Named in Options::native and BootSettings::native.
#pragma once

#include "dualbank/engine/native_form.hpp"

namespace dualbank {

class NativeRecords final : public NativeForm {
 public:
  constexpr NativeRecords() = default;

  Event scan(BootSectors& sectors, int sector) const override;
  Event settle(BootSectors& sectors, int sector) const override;
  Event append(BootSectors& sectors, int sector, const Cell& cell) const override;
  Event forget_session(BootSectors& sectors, int sector) const override;
  Event commit(BootSectors& sectors, int sector, const BootRecord& record) const override;
  Event wipe(BootSectors& sectors, int sector) const override;
  [[nodiscard]] std::uint32_t room(const BootSectors& sectors, int sector) const override;
  [[nodiscard]] JournalMap map_of(const Geometry& geometry, std::uint32_t slot_bytes) const override;
  Event load(Session& session, Received& received) const override;
  Event wake(Session& session) const override;
  Event note_opened(Session& session, std::uint32_t first, std::uint32_t& end) const override;
  Event mark(Session& session, std::uint32_t granule, std::uint32_t mark) const override;

 private:
  static Event program_cell(BootSectors& sectors, int sector, std::uint32_t offset, const Cell& cell);
  static Event open_frame(BootSectors& sectors, int sector);
  static Event settle_here(BootSectors& sectors, int sector, const Cell& copied, std::uint32_t void_from);
};

inline constexpr NativeRecords kNativeRecords{};

}  // namespace dualbank
