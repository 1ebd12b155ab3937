// The two otadata sectors: what stands in them, and the few steps by which it may change. A record is only ever written
// by `put`, a sector only ever erased by `wipe`; both leave marks that tell a later boot how far they came.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/engine/native_form.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank {

/// Cells of a log that only what a switch and the next wipe need may take.
inline constexpr std::uint32_t kReservedCells = 8;

/// What one sector says. Offsets count from the sector's start.
struct SectorFacts {
  BootRecord record{};
  bool record_blank = false;
  bool all_blank = false;
  bool rest_blank = false;  ///< behind the log: no marks of an earlier session
  bool newer = false;       ///< another version's journal: everything below counts as absent
  bool erased = false;
  bool doomed = false;
  bool firm = false;  ///< the record was read back after the last intent
  bool confirmed = false;
  bool gave_up = false;  ///< the record's trial failed
  bool has_booted = false;
  std::uint8_t tries = 0;  ///< boots on trial of the record's image
  bool has_intent = false;
  bool has_session = false;
  bool strange_session = false;  ///< one for no slot of this layout: the sector has marks that mean nothing
  Cell intent{};
  Cell session{};
  Cell booted{};  ///< the last of its kind
  std::array<std::uint32_t, 2> identity{};
  std::uint32_t learned_length = 0xFFFF'FFFF;
  std::uint16_t erased_cell = 0;  ///< 0: none, for all of these
  std::uint16_t intent_cell = 0;
  std::uint16_t last_cell = 0;
  std::uint16_t free_cell = 0;  ///< the log's end when it is full
  std::uint16_t log_end = 0;
  /// Native form: intent or firm is the last cell, so that a cut may have left it between two values. settle() ends it.
  bool record_doubtful = false;

  /// Ready to take a record: erased for certain, nothing written since but a session.
  [[nodiscard]] bool clean() const {
    return erased && !doomed && record_blank && !has_intent && !newer && !strange_session;
  }
  /// A switch, rollback or anchor whose record may be half written.
  [[nodiscard]] bool unfinished() const { return has_intent && !firm && !doomed && !newer; }
  /// dualbank wrote the record, and it is the one intended last.
  [[nodiscard]] bool ours() const {
    return has_intent && !newer && intent.c == record.seq && intent.d == static_cast<std::uint32_t>(record.state);
  }
};

class BootSectors {
 public:
  constexpr BootSectors() = default;

  /// Reads both sectors. Precondition: the extent has two sectors. Nothing is written until one of the calls below.
  /// With `native`, that is the form on a flash which the ESP form cannot be kept on.
  [[nodiscard]] Event read(Flash& flash, const Layout& layout, const NativeForm* native = nullptr);

  /// The form that is in use; nullptr: the ESP form.
  [[nodiscard]] const NativeForm* native() const { return native_; }
  /// How a slot of this size is followed.
  [[nodiscard]] JournalMap map_of(std::uint32_t slot_bytes) const;

  [[nodiscard]] const SectorFacts& facts(int sector) const { return facts_[static_cast<unsigned>(sector)]; }
  [[nodiscard]] const BootRecords& records() const { return records_; }
  /// The sector whose record rules; -1 when none does.
  [[nodiscard]] int active() const { return active_record(records_); }
  /// The slot that the active record names; kNoSlot without one, or when it names none of the layout's.
  [[nodiscard]] SlotIndex active_slot() const;
  [[nodiscard]] std::uint32_t address(int sector) const {
    return otadata_offset_ + static_cast<std::uint32_t>(sector) * sector_bytes_;
  }
  /// A seq above those of both records that names `slot`; kBlankSeq at the top. A damaged record's seq counts for
  /// nothing, but that of an intent without firm does.
  [[nodiscard]] std::uint32_t seq_for(SlotIndex slot) const;
  /// The active record's seq is so high that it must be renewed before it can grow no more.
  [[nodiscard]] bool near_top() const;
  /// The sector to take when no record is usable: one that is wholly blank, else one whose record is, else sector 0.
  [[nodiscard]] int blanker() const;

  /// Neither ready to take a record nor holding one that is usable: an erase may have been cut, and the record that it
  /// was to take may come back.
  [[nodiscard]] bool doubtful(int sector) const {
    return !facts(sector).clean() && (facts(sector).doomed || !facts(sector).record.usable());
  }

  /// Cells that the log can still take.
  [[nodiscard]] std::uint32_t room(int sector) const;

  /// Appends a cell. journal_full when there is no room, or too little for cells that can be done without.
  [[nodiscard]] Event append(int sector, const Cell& cell);
  /// Ends the session in a sector. ESP form: without an erase; from now on the sector is not clean. Native form: a
  /// wipe.
  [[nodiscard]] Event forget_session(int sector);
  /// Makes a cell mean nothing, for good. ESP form only.
  [[nodiscard]] Event burn(int sector, std::uint32_t cell_offset);
  /// Once a power session, before anything in the sector is relied on or added: programs the last cell again as it
  /// reads and burns the first free one, so that what a cut left in either can never read differently later. Native
  /// form: writes down what the last cell was taken for; journal_full when there is no room for that.
  [[nodiscard]] Event settle(int sector);
  /// The first half of settle: no cell is used up.
  [[nodiscard]] Event refresh_last_cell(int sector);
  /// A last cell that is not sound, as a cut leaves one, becomes zeros: it can never read as sound later. Writes
  /// nothing in other cases. Native form: nothing.
  [[nodiscard]] Event bury_torn_cell(int sector);
  /// Programs the record again with the bytes that it reads as: firm for certain when a cut had left it doubtful.
  /// Native form: settles it, if it is doubtful.
  [[nodiscard]] Event refresh_record(int sector);
  /// The same, where the journal does not say that the record is firm.
  [[nodiscard]] Event rely_on_record(int sector);

  /// DOOMED, the record's CRC to zeros, erase, ERASED. Precondition: the sector's record is not what the device depends
  /// on.
  [[nodiscard]] Event wipe(int sector);
  /// Free cells that a record with a trial wants to have behind it: for three boots and a confirmation, each with the
  /// power cut or two that it takes.
  [[nodiscard]] std::uint32_t cells_for_a_trial() const { return native_ != nullptr ? 24 : 12; }
  /// Makes the sector clean: nothing where it is and so many cells are free, else a wipe. Precondition: as of wipe.
  [[nodiscard]] Event prepare(int sector, std::uint32_t cells_needed);
  /// INTENT, record, FIRM, in a sector that is prepared first.
  [[nodiscard]] Event put(int sector, SlotIndex slot, std::uint32_t seq, RecordState state, Reason reason);
  /// Takes up a `put` that a cut had ended. Precondition: unfinished(). flash_not_erased, and nothing written, when the
  /// record's place holds something that the intended bytes cannot be programmed over.
  [[nodiscard]] Event finish(int sector);

 private:
  friend class NativeRecords;

  [[nodiscard]] Event scan(int sector);
  [[nodiscard]] Event pass_over_remains(int sector);
  void set_facts(int sector, const SectorFacts& facts) {
    at(sector) = facts;
    records_[static_cast<unsigned>(sector)] = facts.record;
  }
  void note_cell(SectorFacts& facts, const Cell& cell, std::uint32_t offset) const;
  [[nodiscard]] Event program_cell(int sector, std::uint32_t offset, const Cell& cell);
  [[nodiscard]] Event write_record(int sector, const BootRecord& record);
  [[nodiscard]] SectorFacts& at(int sector) { return facts_[static_cast<unsigned>(sector)]; }

  Flash* flash_ = nullptr;
  const Layout* layout_ = nullptr;
  const NativeForm* native_ = nullptr;
  std::uint32_t otadata_offset_ = 0;
  std::uint32_t sector_bytes_ = kOtadataSectorBytes;
  std::uint8_t slot_count_ = 0;
  std::array<bool, 2> settled_{};
  std::array<SectorFacts, 2> facts_{};
  BootRecords records_{};
};

}  // namespace dualbank
