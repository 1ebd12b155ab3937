// The updater: what an application calls. It writes the next-update slot and the boot records, in an order in which a
// power cut at any moment leaves a flash that boots (docs/FORMAT.md, "Write protocol").
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/boot_sectors.hpp"
#include "dualbank/engine/erase_plan.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/image_guard.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/engine/length_reader.hpp"
#include "dualbank/engine/received.hpp"
#include "dualbank/engine/session.hpp"
#include "dualbank/engine/version_counter.hpp"
#include "dualbank/formats/app_image.hpp"

namespace dualbank {

/// Called between flash operations with how much of the call's work is done: feeds watchdogs and progress bars.
/// Returning false stops the call with Status::stopped; making the same call again goes on. It must not call the
/// updater.
using BetweenUnits = bool (*)(void* context, std::uint32_t done_bytes, std::uint32_t total_bytes);

/// How an updater works. All zero is a good start.
struct Options {
  /// Memory for one granule (4 KiB up to slots of 3 MiB) lets sectors that already hold the right bytes stay untouched
  /// when they arrive in smaller pieces. Without it they are erased and written again. Any size speeds up verifying.
  MutableBytes workspace{};
  /// Room for more pieces received out of order than the 8 that the updater has room for itself.
  std::span<Range> gaps{};
  /// No erase is begun that takes longer, by Geometry::erase_ms; where that does not tell, only sectors are erased, one
  /// at a time. 0: any erase unit.
  std::uint16_t longest_erase_ms = 0;
  /// Sectors of the next-update slot that read erased need no erase. Not for flashes on which another program's erase
  /// may have been cut: a sector can read erased and not be so tomorrow. Those that dualbank's own erases left so are
  /// known.
  bool trust_blank = false;
  /// Room of the caller's to verify an image while it is written, so that switch_slot() need not read the slot again:
  /// an image that came in order from its first byte to its last since open() is verified then, each of its bytes
  /// having been read back when it was programmed. Only where nobody else writes to the slot meanwhile. nullptr: the
  /// slot is read again.
  ImageVerifier* streamed = nullptr;
  BetweenUnits between_units = nullptr;
  void* between_units_context = nullptr;
  /// Which slot is running. An application knows (its port tells); after a bootloader's fallback the boot records do
  /// not. kUnknownSlot: the one that would boot now; where the bootloader counts trials, the one that the last reset
  /// chose.
  SlotIndex running_slot = kUnknownSlot;
  Policy policy = Policy::stock;     ///< which bootloader is on the device
  std::uint16_t chip_id = kAnyChip;  ///< kAnyChip: the chip of the image that runs
  std::uint32_t table_offset = kDefaultTableOffset;
  /// Where things are, on a device without a partition table; used during open(). nullptr: read from the table.
  const Layout* layout = nullptr;
  /// &kNativeRecords: for flashes that the ESP form of boot records cannot be kept on (sectors above 4 KiB, write units
  /// of 8 bytes and more, units that cannot be programmed again, erased to 0). The bootloader must know it too. The
  /// otadata extent then holds two sectors, each of 4 KiB or the flash's smallest erase unit, whichever is larger.
  const NativeForm* native = nullptr;
  /// Whose images may boot next, by switch or rollback (SignatureGuard). nullptr: anybody's.
  ImageGuard* guard = nullptr;
  /// Which secure versions may (VersionRecord, OwnVersion): lower ones are refused, before anything is erased where the
  /// header tells. confirm() raises it to that of the image that runs, and where a cut came between, the next open(),
  /// which passes on the errors of that. nullptr: any.
  VersionRule* versions = nullptr;
  bool anti_rollback = false;  ///< refuse images whose secure version is below `lowest_secure_version`
  std::uint32_t lowest_secure_version = 0;
  bool allow_foreign = false;  ///< take images without descriptor or SHA-256 (other platforms)
  /// Update although the running image is on trial: its fallback is lost, and what comes in its place is the fallback
  /// as soon as it is whole: it boots when the trial is over, chosen or not.
  bool allow_unconfirmed = false;
  bool read_only = false;  ///< look, never write: every writing call answers read_only
};

/// What an update is, said before its bytes. All optional.
struct UpdateRequest {
  /// Anything that names this image and no other (its SHA-256, an ETag, a version text): the same identity after a
  /// power cut goes on with the update. Empty: taken from `header`.
  Bytes identity{};
  std::uint32_t length_bytes = kUnknownLength;  ///< kUnknownLength: learned from the segment headers
  /// The image's first 288 bytes or more: checked before any flash operation. Empty: checked when they arrive.
  Bytes header{};
  Likeness likeness = Likeness::unknown;  ///< to what the slot holds; tells how to erase, and never what is written
};

/// Can the bootloader go back by itself? With Policy::stock it is `no`, with stock_rollback and dualbank `yes` while a
/// record is on trial and another one is usable; `unknown` when the records do not tell.
enum class CanRollBack : std::uint8_t { no, yes, unknown };

/// What open() found. Valid after it, and kept up to date by every call.
struct UpdaterState {
  SlotIndex running_slot = kNoSlot;  ///< ota_n, factory, or kNoSlot
  SlotIndex boot_slot = kNoSlot;     ///< what the boot records name; kNoSlot when none is usable
  SlotIndex next_update_slot = kNoSlot;
  bool on_trial = false;         ///< the running image was switched to and is not confirmed
  std::uint8_t trial_boots = 0;  ///< boots on trial of the running image so far, as far as somebody counts them
  bool update_active = false;    ///< an update is under way
  SlotIndex update_slot = kNoSlot;
  std::uint32_t update_length_bytes = kUnknownLength;
  std::uint32_t update_granule_bytes = 0;  ///< what a power cut can cost, at most, of an update in order
};

/// One updater, one flash, one thread. The constructor does nothing, so that it may stand in static memory.
///
/// Every verb returns a Status, and `last_event()` then holds code and values for `explain()`. Errors of the flash are
/// passed on. After flash errors and power cuts: open() again. Unless said otherwise a call that is refused has changed
/// nothing.
class Updater {
 public:
  constexpr Updater(Flash& flash, const Options& options)
      : flash_(&flash), options_(options), received_(options.gaps) {}

  /// Reads table and records, finds out what runs, and finishes or buries what a power cut left, saying so in
  /// last_event() (finished_switch, repaired_record, buried_record; else trial_failed_back while another image's failed
  /// trial stands in the journal; else opened). On an intact flash it writes nothing.
  /// May be called again at any time. When nothing boots at all, running_slot is kNoSlot and the update goes to ota_0.
  /// Native form: an update under way whose journal has no room to go on is ended.
  /// Errors: flash_geometry; those of read_layout or check_layout; layout_no_otadata, layout_otadata_too_small,
  /// layout_no_slots, layout_one_slot.
  Status open();

  /// Starts an update of the next-update slot, or goes on with the one under way when identity and length are the same.
  /// One whose journal is full of power cuts starts again.
  /// Errors: not_open, read_only, on_trial, running_factory, those of check_image_start for the header, image_too_long,
  /// image_version_too_low: all of them before any flash operation.
  Status begin(const UpdateRequest& request);

  /// Writes bytes of the image at `offset`, any order, any size, twice if need be. Without begin() the update starts
  /// when the first 288 bytes of an image arrive at offset 0 (smaller first pieces are held back); another image's
  /// first bytes start another update. Errors, refused before anything is written: those of begin(); header_first;
  /// beyond_slot; beyond_length; different_bytes; too_many_gaps (of
  /// bytes over two sectors the first part may be written). `stopped`: some of it is written,
  /// call again.
  /// Where the flash cannot program a unit twice, pieces are whole write units, but for the image's end:
  /// unaligned_piece, and beyond_length also for bytes behind a length that was learned. While the length is not known
  /// the whole units of a piece that ends within one may be written before it is refused.
  /// Native form, journal_full: open() again, or abandon(), and begin again.
  Status flash(Bytes bytes, std::uint32_t offset);
  /// The same after the last byte written; from 0 when there is none, or when the bytes begin an image.
  Status flash(Bytes bytes);

  /// Checks the image in the next-update slot and makes it boot next. A second switch to it changes nothing, unless it
  /// was on trial meanwhile: then it gets a new trial.
  /// Errors: not_open, read_only, on_trial (the slot to go back to is `rollback`'s), update_incomplete,
  /// slot_unfinished, slot_unknown, slot_is_running, image errors, length_mismatch, image_version_too_low.
  Status switch_slot();
  /// The same for a slot by number (layouts with more than two).
  Status switch_slot(SlotIndex slot);

  /// The running image stays. Errors: not_open, read_only, not_confirmable (nothing names it). Twice is ok.
  Status confirm();

  /// Counts this boot of an image on trial, and goes back when `most_boots` of them (0 means 1) have not confirmed it.
  /// For firmware under a stock bootloader without rollback; call it once a boot, right after open(), from the
  /// firmware's first lines on:
  ///
  ///     if (updater.open() == Status::ok && updater.boot_guard() == Status::trial_failed) restart();
  ///
  /// Reset on trial_failed only: after any other answer a reset changes nothing.
  ///
  /// ok: not on trial (event not_on_trial), or counted (event trial_boot), or the bootloader counts (Policy
  /// stock_rollback and dualbank: event bootloader_counts; nothing is written). A second call by the same Updater
  /// counts nothing.
  /// trial_failed: the other good image boots next. The image that runs is marked: until it is switched to or confirmed
  /// anew, each boot of it ends here.
  /// Errors: not_open, read_only; no_rollback_target, slot_unfinished: the trial is over, but there is nothing to go
  /// back to, so that the image stays (nothing is written); those of rollback().
  ///
  /// What it cannot do: an image that does not come to this line is not counted, and one that hangs later needs a
  /// watchdog that resets. A log without room ends the trial early.
  Status boot_guard(std::uint8_t most_boots = kDefaultMostTries);

  /// Makes the other good image boot next: after a switch the running one again, else the one before it.
  /// Errors: not_open, read_only, no_rollback_target, slot_unknown, slot_unfinished, image errors; on_trial: the slot
  /// named is the running one, on trial, and another one was chosen meanwhile by other calls than these.
  Status rollback();
  Status rollback(SlotIndex slot);

  /// Ends the update under way. Sectors that it left half done are erased. Errors: not_open, read_only, no_update.
  Status abandon();

  /// Keeps partly received sectors across a planned stop (sleep, process exit), so that no byte of them is sent again
  /// (but for first pieces that are still held back). Without it at most one granule in order is. Nothing under way:
  /// ok. Errors: not_open, read_only; journal_full: there was no room for all of them.
  Status pause();

  /// The first range at or after `from` that is still to be sent; empty when there is none. Before the last segment
  /// header has come the length is not known and the last range ends at the slot's end (see `length_known`). With no
  /// update under way all of the next-update slot is missing. Precondition: open.
  [[nodiscard]] Range next_missing(std::uint32_t from = 0) const;
  [[nodiscard]] bool length_known() const { return session_.active() && session_.length_bytes() != kUnknownLength; }

  [[nodiscard]] CanRollBack can_rollback() const;
  [[nodiscard]] const UpdaterState& status() const { return state_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] const BootRecords& records() const { return sectors_.records(); }
  [[nodiscard]] std::uint16_t chip_id() const { return chip_id_; }
  [[nodiscard]] const Event& last_event() const { return event_; }

 private:
  // open
  [[nodiscard]] Event open_flash();
  [[nodiscard]] Event find_layout();
  [[nodiscard]] Event infer_running();
  [[nodiscard]] Event recover();
  [[nodiscard]] Event recover_intent(int sector);
  [[nodiscard]] Event recover_doomed_active(int sector);
  [[nodiscard]] Event recover_doubtful_active(int sector);
  [[nodiscard]] Event load_session();
  void drop_what_cannot_be_kept();
  void note_state();
  [[nodiscard]] int trial_sector() const;
  [[nodiscard]] bool running_on_trial() const { return trial_sector() >= 0; }
  [[nodiscard]] Event what_stands() const;
  // begin
  [[nodiscard]] Event may_update() const;
  [[nodiscard]] Event check_header(Bytes header);
  [[nodiscard]] Event start(const SessionTerms& terms);
  [[nodiscard]] Event resume(const UpdateRequest& request);
  [[nodiscard]] Event free_sector(int& sector);
  [[nodiscard]] Event anchor(int& sector);
  [[nodiscard]] Event clean_session();
  [[nodiscard]] Event end_session();
  // flash
  [[nodiscard]] Event take(Bytes bytes, std::uint32_t offset);
  [[nodiscard]] Event take_start(Bytes bytes, std::uint32_t offset, std::uint32_t& used);
  [[nodiscard]] bool start_known() const;
  void note_reach(Bytes start);
  [[nodiscard]] Event check_bytes(Bytes bytes, std::uint32_t offset);
  [[nodiscard]] Event check_piece(std::uint32_t granule, Bytes piece, std::uint32_t offset);
  [[nodiscard]] Event check_units(Bytes bytes, std::uint32_t offset) const;
  [[nodiscard]] Event write(Bytes bytes, std::uint32_t offset);
  [[nodiscard]] Event write_checked(Bytes bytes, std::uint32_t offset);
  void stream(Bytes piece, std::uint32_t offset);
  [[nodiscard]] Event write_piece(std::uint32_t granule, Bytes piece, std::uint32_t offset);
  [[nodiscard]] Event open_granule(std::uint32_t granule);
  [[nodiscard]] Event erase_around(std::uint32_t granule);
  [[nodiscard]] Event program_new(Bytes piece, std::uint32_t offset);
  [[nodiscard]] Event finish_granule(std::uint32_t granule);
  [[nodiscard]] Event learn_length();
  [[nodiscard]] Event finish_last_granule();
  [[nodiscard]] Event name_running_slot();
  [[nodiscard]] bool present(Range range) const;
  [[nodiscard]] SlotIndex slot_to_write() const;
  // switch
  [[nodiscard]] Event check_image(SlotIndex slot, const ImageRules& rules, ImageBrief* brief = nullptr);
  [[nodiscard]] Event check_written(SlotIndex slot, ImageBrief& brief);
  [[nodiscard]] Event check_allowed(SlotIndex slot, const ImageBrief& image);
  [[nodiscard]] Event check_version(std::uint32_t secure_version);
  [[nodiscard]] Event raise_version(bool confirmed_now);
  [[nodiscard]] Event switch_to(SlotIndex slot);
  [[nodiscard]] Event finish_update();
  [[nodiscard]] bool stands(SlotIndex slot) const;
  [[nodiscard]] Event confirm_running();
  [[nodiscard]] Event guard(std::uint8_t most_boots);
  [[nodiscard]] Event end_trial();
  [[nodiscard]] Event roll_back_to(SlotIndex slot);
  [[nodiscard]] Event find_rollback_target(SlotIndex& slot);
  [[nodiscard]] Event write_choice(SlotIndex slot, Reason reason);

  [[nodiscard]] Event writable() const;
  void forget_held() {
    held_bytes_ = 0;
    start_held_ = false;
  }
  [[nodiscard]] Event pulse(std::uint32_t done_bytes, std::uint32_t total_bytes) const;
  [[nodiscard]] MutableBytes work_buffer(std::span<std::byte> own) const {
    return options_.workspace.size() >= own.size() ? options_.workspace : own;
  }
  [[nodiscard]] ImageRules rules_for(SlotIndex slot) const;
  Status answer(const Event& event);

  Flash* flash_;
  Options options_;
  bool open_ = false;
  std::uint16_t chip_id_ = kAnyChip;
  std::uint16_t held_bytes_ = 0;      // of the image's start, not written yet
  bool start_held_ = false;           // all of it is held and checked
  bool guarded_ = false;              // this boot is counted
  std::uint32_t streamed_bytes_ = 0;  // of the update's image, in order, that options_.streamed was given
  std::uint32_t next_offset_ = 0;     // where flash() without offset goes on
  std::uint32_t reach_ = 0;           // the image has bytes up to here, at least
  std::uint32_t equal_pieces_ = 0;    // pieces for which the slot needed no change, and those for which it did
  std::uint32_t different_pieces_ = 0;
  Likeness likeness_ = Likeness::unknown;
  Event event_{};
  UpdaterState state_{};
  Layout layout_{};
  BootSectors sectors_{};
  Session session_{};
  Received received_;
  LengthReader length_{};
  std::array<std::byte, kImageStartBytes> held_{};
};

}  // namespace dualbank
