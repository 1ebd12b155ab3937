#include "dualbank/engine/compact_bootloader.hpp"

#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/compact_journal.hpp"
#include "dualbank/engine/trial.hpp"

namespace dualbank {
namespace {

/// The search for a place whose image boots.
struct Search {
  SlotIndex first = kFactorySlot;  ///< the slot that the record names which is followed; without one as at the vendor's
  SlotIndex second = kFactorySlot;  ///< that of the other record
  bool first_comes_late = false;    ///< its trial is over: better a doubtful image than none
  std::uint32_t bad = 0;            ///< places that were passed over
};

constexpr std::uint32_t bit_of(SlotIndex slot) { return 1U << (slot - kTestSlot); }

class CompactBootloader {
 public:
  CompactBootloader(Flash& flash, const Layout& layout, ImageCheck& images, MutableBytes buffer, CompactOutcome& out)
      : flash_(flash), layout_(layout), images_(images), buffer_(buffer), out_(out) {}

  Status run(std::uint8_t most_tries) {
    out_ = {};
    if (!layout_.otadata.present()) return search(BootReason::no_otadata);
    if (layout_.otadata.size_bytes < kOtadataBytes) {
      out_.reason = BootReason::otadata_unreadable;
      return Status::ok;
    }
    CompactJournal journals[2];
    BootRecords records;
    for (unsigned sector = 0; sector < 2; ++sector) {
      if (const Status s = journals[sector].read(flash_, layout_, sector); s != Status::ok) return s;
      records[sector] = journals[sector].record;
    }
    const int followed = layout_.slot_count == 0 ? -1 : active_record(records);
    if (followed < 0) {
      const bool damaged = layout_.slot_count != 0 && !(records[0].rejected() && records[1].rejected());
      const BootReason first =
          layout_.factory.present() ? BootReason::no_record_factory : BootReason::no_record_first_slot;
      return search(damaged ? BootReason::no_usable_record : first);
    }
    const auto sector = static_cast<unsigned>(followed);
    const BootRecord& other = records[1 - sector];
    chosen_ = search_.first = search_.second = slot_named_by(records[sector]);
    if (other.usable()) search_.second = slot_named_by(other);
    return follow(journals[sector], most_tries);
  }

 private:
  Status follow(CompactJournal& journal, std::uint8_t most_tries) {
    BootReason reason = BootReason::active_record;
    std::uint8_t next_try = 0;
    if (journal.on_trial && !journal.newer) {
      reason = BootReason::trial_boot;
      next_try = static_cast<std::uint8_t>(journal.tries + 1);
      search_.first_comes_late = journal.gave_up || journal.room() < kCellsForATry || journal.tries >= most_tries;
    }
    for (;;) {
      const bool over = search_.first_comes_late;
      if (const Status s = search(over ? BootReason::trial_failed : reason); s != Status::ok) return s;
      if (out_.journal != Status::ok || out_.slot == kNoSlot || journal.newer) return Status::ok;
      Cell cell{.kind = CellKind::gave_up};
      if (over ? journal.gave_up : next_try == 0 || out_.slot != search_.first) break;
      if (!over) {
        out_.trial_boot = next_try;
        cell = {.kind = CellKind::tried, .a = next_try};
      }
      out_.journal = journal.append(flash_, cell);
      if (over || out_.journal == Status::ok) break;
      search_.first_comes_late = true;  // a boot that nobody counts could go on for ever
    }
    if (out_.journal == Status::ok) note_boot(journal);
    return Status::ok;
  }

  /// Fills the outcome. Errors: those of the flash.
  Status search(BootReason reason) {
    std::array<SlotIndex, kMaxSlots + 5> order{search_.first, search_.second};
    std::uint8_t count = 2;
    for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(layout_.slot_count); ++slot) order[count++] = slot;
    order[count++] = kFactorySlot;
    const std::uint8_t late = count;
    order[count++] = search_.first;
    order[count++] = kTestSlot;
    out_.slot = kNoSlot;
    out_.trial_boot = 0;
    out_.reason = BootReason::nothing_boots;
    for (std::uint8_t i = 0; i < count; ++i) {
      const SlotIndex slot = order[i];
      const Extent extent = layout_.extent_of(slot);
      const bool put_off = search_.first_comes_late && slot == search_.first && i < late;
      if (put_off || !extent.present() || (search_.bad & bit_of(slot)) != 0) continue;
      if (chosen_ == kNoSlot && slot != kTestSlot) chosen_ = slot;
      const Status s = images_.check(extent, buffer_);
      if (s == Status::image_refused) {
        search_.bad |= bit_of(slot);
        continue;
      }
      out_.slot = slot;
      if (slot == kTestSlot) {
        reason = BootReason::test_app;
      } else if (slot != chosen_ && !search_.first_comes_late) {
        reason = BootReason::fallback;
      }
      out_.reason = reason;
      return s;
    }
    return Status::ok;
  }

  void note_boot(CompactJournal& journal) {
    Cell& last = journal.booted;
    if (!journal.has_booted) {
      last = {.a = static_cast<std::uint8_t>(search_.first),
              .b = static_cast<std::uint16_t>(BootReason::active_record)};
    }
    const Cell now{.kind = CellKind::booted,
                   .a = static_cast<std::uint8_t>(out_.slot),
                   .b = static_cast<std::uint16_t>(out_.reason),
                   .c = journal.record.seq,
                   .d = last.d + 1};
    if (now.a == last.a && now.b == last.b) return;
    if (now.d > kMostBootedCells || journal.room() < kRoomToNoteABoot) return;
    const Status s = journal.append(flash_, now);
    if (s != Status::journal_full) out_.journal = s;
  }

  [[nodiscard]] SlotIndex slot_named_by(const BootRecord& record) const {
    return slot_of_seq(record.seq, layout_.slot_count);
  }

  Flash& flash_;
  const Layout& layout_;
  ImageCheck& images_;
  MutableBytes buffer_;
  CompactOutcome& out_;
  SlotIndex chosen_ = kNoSlot;  // what the records chose, or else the first place that is tried
  Search search_{};
};

}  // namespace

Status run_compact_bootloader(Flash& flash, const Layout& layout, std::uint8_t most_tries, ImageCheck& images,
                              MutableBytes buffer, CompactOutcome& outcome) {
  return CompactBootloader{flash, layout, images, buffer, outcome}.run(most_tries == 0 ? std::uint8_t{1} : most_tries);
}

}  // namespace dualbank
