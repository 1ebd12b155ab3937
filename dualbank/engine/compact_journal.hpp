// A boot record and the journal behind it, as far as a bootloader looks at them and writes there: BootSectors for
// bootloaders that have a few kilobytes.
#pragma once

#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank {

/// One otadata sector. What it says is what SectorFacts of the same name say.
class CompactJournal {
 public:
  BootRecord record{};
  bool newer = false;
  bool on_trial = false;  ///< switched to by dualbank, and not confirmed
  bool gave_up = false;
  bool has_booted = false;
  std::uint8_t tries = 0;
  Cell booted{};

  /// Reads record and log. Errors: those of the flash. Precondition: otadata has two sectors.
  [[nodiscard]] Status read(Flash& flash, const Layout& layout, unsigned sector);
  /// Cells that the log can still take.
  [[nodiscard]] std::uint32_t room() const { return (log_end_ - free_cell_) / kCellBytes; }
  /// Settles the log at the first call, and appends: as BootSectors::append and a sync. Errors: those of the flash;
  /// journal_full. After an error of the flash nothing more is to be appended.
  [[nodiscard]] Status append(Flash& flash, const Cell& cell);

 private:
  void note(const Layout& layout, const Cell& cell);
  [[nodiscard]] Status settle(Flash& flash);
  [[nodiscard]] Status put(Flash& flash, std::uint32_t offset, Bytes cell);
  [[nodiscard]] Status take(Flash& flash, Bytes cell);

  std::uint32_t address_ = 0;
  std::uint32_t last_cell_ = 0;  // 0: none
  std::uint32_t free_cell_ = 0;
  std::uint32_t log_end_ = 0;
  bool settled_ = false;
};

}  // namespace dualbank
