// The update under way: which granules of the slot are done, and how the journal knows it after a power cut.
//
// A granule is the smallest part of a slot that is followed across power cuts (JournalMap). Its life:
//   untouched -> opened bit -> erase -> fresh -> programmed -> mark -> done
//   untouched, holds the right bytes -> opened bit -> mark -> done
// One erase can free neighbours too, which are opened with it.
// After a cut a granule that was opened and is not done is suspect: whatever it reads as may be weak, so its mark is
// voided and it is erased again before anything is written to it.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/received.hpp"

namespace dualbank {

/// One bit for each granule.
class GranuleSet {
 public:
  void clear() { words_ = {}; }
  void set(std::uint32_t granule, bool on) {
    const std::uint32_t bit = 1U << (granule & 31);
    words_[granule >> 5] = on ? words_[granule >> 5] | bit : words_[granule >> 5] & ~bit;
  }
  [[nodiscard]] bool has(std::uint32_t granule) const { return (words_[granule >> 5] >> (granule & 31) & 1) != 0; }

 private:
  std::array<std::uint32_t, kMostGranules / 32> words_{};
};

/// What is said when an update begins, and stays with it.
struct SessionTerms {
  SlotIndex slot = kNoSlot;
  std::array<std::uint32_t, 2> identity{};
  std::uint32_t length_bytes = 0xFFFF'FFFF;
  std::uint32_t header_crc = 0;  ///< CRC-32 of the image's first 288 bytes; 0: not seen yet
};

class Session {
 public:
  constexpr Session() = default;

  /// Takes up the session in a clean sector, if it has one: reads marks and compares them with what the slot holds.
  /// Kept pieces (see `keep`) go to `received`. Writes nothing.
  [[nodiscard]] Event load(Flash& flash, BootSectors& sectors, int sector, const Layout& layout, Received& received);
  /// Writes a new session. The sector is prepared for it.
  [[nodiscard]] Event start(Flash& flash, BootSectors& sectors, int sector, const Layout& layout,
                            const SessionTerms& terms);
  void close() { active_ = false; }

  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] int sector() const { return sector_; }
  [[nodiscard]] const SessionTerms& terms() const { return terms_; }
  [[nodiscard]] const Extent& extent() const { return extent_; }
  /// Declared, or learned and noted; 0xFFFFFFFF when not known.
  [[nodiscard]] std::uint32_t length_bytes() const { return length_bytes_; }
  [[nodiscard]] bool length_declared() const { return terms_.length_bytes != 0xFFFF'FFFF; }
  /// Learned: counts from now on, and is written down before a mark depends on it.
  void learn_length(std::uint32_t length_bytes) {
    length_bytes_ = length_bytes;
    length_saved_ = false;
  }
  [[nodiscard]] Event save_length();
  /// Said by the caller after the session's start. The session is written down again.
  [[nodiscard]] Event declare_length(std::uint32_t length_bytes);
  [[nodiscard]] Event set_header(std::uint32_t header_crc);

  [[nodiscard]] std::uint32_t granules() const { return map_.granules; }
  [[nodiscard]] std::uint32_t granule_bytes() const { return 1U << map_.granule_log2; }
  [[nodiscard]] std::uint32_t granule_at(std::uint32_t offset) const { return offset >> map_.granule_log2; }
  [[nodiscard]] Range range_of(std::uint32_t granule) const;
  /// The part of the granule that its mark speaks of: up to the image's length where that is known.
  [[nodiscard]] Range marked_range_of(std::uint32_t granule) const;
  [[nodiscard]] bool done(std::uint32_t granule) const { return done_.has(granule); }
  [[nodiscard]] bool fresh(std::uint32_t granule) const { return fresh_.has(granule); }
  [[nodiscard]] bool suspect(std::uint32_t granule) const {
    return opened_.has(granule) && !done(granule) && !fresh(granule);
  }
  /// Opened in any power session and not done.
  [[nodiscard]] bool unfinished(std::uint32_t granule) const { return opened_.has(granule) && !done(granule); }

  /// To be called before the first change in a power session; does something once: makes firm what the journal says and
  /// drops the kept pieces, which from now on are only in memory.
  [[nodiscard]] Event wake();
  /// Opened bits, marks voided where a cut may have left some, then the erase of a whole number of granules: at once
  /// where that is an erase unit. `between` is called after each erase. journal_full: nothing is erased, but for the
  /// first granule, when it was noted as open.
  template <class Between>
  [[nodiscard]] Event open(Range range, Between between) {
    const std::uint32_t first = granule_at(range.from);
    std::uint32_t end = granule_at(range.to - 1) + 1;
    if (const Event e = note_opened(first, end); e.failed()) return e;
    return erase({range.from, range_of(end - 1).to}, between);
  }
  /// Only the erase, of granules that are noted as open.
  template <class Between>
  [[nodiscard]] Event erase(Range range, Between between) {
    const std::uint32_t unit = erase_step(range);
    for (std::uint32_t at = range.from; at < range.to; at += unit) {
      if (const Event e = erase_unit(*flash_, extent_.offset + at, unit); e.failed()) return e;
      between();
    }
    for (std::uint32_t g = granule_at(range.from); g < granules() && range_of(g).from < range.to; ++g)
      take_as_erased(g);
    return kDone;
  }
  /// The granule reads erased, and nobody had opened it: notes it as open.
  [[nodiscard]] Event open_blank(std::uint32_t granule) {
    if (const Event e = note_opened(granule); e.failed()) return e;
    take_as_erased(granule);
    return kDone;
  }
  [[nodiscard]] bool opened(std::uint32_t granule) const { return opened_.has(granule); }
  /// The granule holds all its bytes: writes its mark. With no room left for one it is done until the next boot only.
  [[nodiscard]] Event finish(std::uint32_t granule);
  /// Writes down a partly received range of one granule for a planned stop. journal_full when there is no room.
  [[nodiscard]] Event keep(Range range);
  /// All that was received is written down already.
  [[nodiscard]] bool keeps_all() const { return !awake_ && !kept_in_part_; }

  /// False: the journal has no room to go on with this session in another power session. Native form only.
  [[nodiscard]] bool can_go_on() const;

 private:
  friend class NativeRecords;

  [[nodiscard]] Event load_marks();
  [[nodiscard]] Event load_cells(Received& received);
  [[nodiscard]] Event accept_partial(const Cell& cell, Received& received);
  [[nodiscard]] Event accept_mark(std::uint32_t granule, std::uint32_t mark);
  // Of granules from `first` on; `end` is lowered to the first alone where the journal has no room for more.
  [[nodiscard]] Event note_opened(std::uint32_t first, std::uint32_t& end);
  [[nodiscard]] Event note_opened(std::uint32_t granule) {
    std::uint32_t end = granule + 1;
    return note_opened(granule, end);
  }
  [[nodiscard]] std::uint32_t erase_step(Range range) const;
  void take_as_erased(std::uint32_t granule) {
    done_.set(granule, false);
    fresh_.set(granule, true);
  }
  [[nodiscard]] Event write_mark(std::uint32_t granule, std::uint32_t mark);
  [[nodiscard]] Event void_marks(std::uint32_t granule);
  [[nodiscard]] Event burn_cells(CellKind kind, std::uint32_t granule);
  [[nodiscard]] Event read_cell(std::uint32_t offset, CellForm& form, Cell& cell);
  [[nodiscard]] std::uint32_t mark_address(std::uint32_t granule) const;

  Flash* flash_ = nullptr;
  BootSectors* sectors_ = nullptr;
  int sector_ = 0;
  bool active_ = false;
  bool awake_ = false;
  bool length_saved_ = true;
  bool kept_in_part_ = false;
  bool has_kept_ = false;  // native form: pieces that the next change voids
  SessionTerms terms_{};
  std::uint32_t length_bytes_ = 0xFFFF'FFFF;
  Extent extent_{};
  JournalMap map_{};
  GranuleSet done_{};
  GranuleSet opened_{};
  GranuleSet fresh_{};
};

}  // namespace dualbank
