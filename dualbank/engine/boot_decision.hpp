// What a reset boots, and why: a pure table from boot records and slots to a slot, the bootloader's writes and a
// reason. In the stock policies it agrees with the vendor's bootloader in every state, flaws included, so that a dump
// can be predicted. Rules and upstream sources: docs/FORMAT.md, "Boot decision".
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank {

/// Which bootloader decides.
enum class Policy : std::uint8_t {
  stock,           ///< the vendor's bootloader, rollback off (CircuitPython)
  stock_rollback,  ///< the vendor's bootloader, rollback on (MicroPython)
  dualbank,        ///< our own bootloader: the other good slot before the factory app
};

/// Why the slot that boots was chosen. `boot_reason_text` makes the sentence. The numbers stand in journals
/// (CellKind::booted) and never change.
enum class BootReason : std::uint8_t {
  active_record,         ///< the newest usable record names it
  no_record_first_slot,  ///< both records are blank or rejected (or there are no OTA slots), and no factory app: ota_0
  no_record_factory,     ///< both records are blank or rejected (or there are no OTA slots): the factory app
  no_usable_record,      ///< a record is damaged, none is usable: factory app, or the slots in order
  no_otadata,            ///< the layout has no otadata: the factory app, or the slots in order
  fallback,              ///< the chosen one does not verify, or is too old; this one is next in the order
  trial_first_boot,      ///< the active record is NEW: its trial boot
  trial_dropped,         ///< the active record was PENDING_VERIFY, not confirmed in time: what is left without it
  test_app,              ///< nothing else verifies
  nothing_boots,         ///< no image verifies: the bootloader resets for ever
  otadata_unreadable,    ///< the otadata partition is too small: the bootloader resets for ever
  trial_boot,            ///< the active record names it, and this is one of its boots on trial
  trial_failed,          ///< the active record's image used its boots on trial up: the other good images come first
};

[[nodiscard]] const char* boot_reason_name(BootReason reason);  ///< as in JSON: "active_record"
[[nodiscard]] const char* boot_reason_text(BootReason reason);  ///< a sentence in plain words

/// One record that the bootloader writes: erase of the sector, then the 32 bytes.
struct RecordWrite {
  std::uint8_t sector = 0;
  BootRecord record{};
};

/// What the journal behind a record says of its image. The vendor's bootloader has no idea of it.
struct RecordTrial {
  bool on_trial = false;   ///< switched to, and not confirmed
  bool gave_up = false;    ///< its trial failed before, or cannot be counted
  std::uint8_t tries = 0;  ///< boots on trial so far
  friend bool operator==(const RecordTrial&, const RecordTrial&) = default;
};

inline constexpr std::uint8_t kDefaultMostTries = 3;

/// All that a bootloader looks at. Bit n of `good_slots`: the image in ota_n verifies; of `described_slots`: it has an
/// app descriptor, whether it verifies or not. Bits from `slot_count` on count for nothing.
struct BootInputs {
  BootRecords records{};
  bool has_otadata = true;
  bool otadata_readable = true;
  std::uint8_t slot_count = 0;  ///< at most 16
  bool has_factory = false;
  std::uint16_t good_slots = 0;
  bool good_factory = false;
  bool good_test = false;
  // The next two are looked at under Policy::dualbank only.
  std::array<RecordTrial, 2> trials{};          ///< of the records
  std::uint8_t most_tries = kDefaultMostTries;  ///< boots on trial that an image gets; 0 means 1
  bool anti_rollback = false;
  // The rest is looked at with anti_rollback only. A factory or test app without descriptor is no good one then.
  std::uint32_t lowest_secure_version = 0;    ///< the eFuse counter
  std::uint32_t highest_secure_version = 32;  ///< as far as the chip can count
  std::uint16_t described_slots = 0xFFFF;
  std::array<std::uint32_t, kMaxSlots> secure_versions{};  ///< of the images in the slots
  std::uint32_t factory_secure_version = 0;
  std::uint32_t test_secure_version = 0;
};

struct BootDecision {
  SlotIndex slot = kNoSlot;  ///< what runs
  /// What the records chose, before any fallback. Where they choose none: the first place that is tried. kNoSlot when
  /// the layout has neither OTA slot nor factory app, or the otadata is not looked at.
  SlotIndex chosen = kNoSlot;
  BootReason reason = BootReason::nothing_boots;
  std::int8_t followed = -1;    ///< the record that was followed, 0 or 1; -1: none chose
  std::uint8_t trial_boot = 0;  ///< Policy::dualbank: which boot on trial of `slot` this is, from 1; 0: none
  bool trial_over = false;      ///< Policy::dualbank: the record that was followed has used its boots on trial up
  std::uint8_t write_count = 0;
  std::array<RecordWrite, 4> writes{};      ///< in the bootloader's order
  std::uint32_t raised_secure_version = 0;  ///< the eFuse counter afterwards

  /// The records as they stand after the writes.
  [[nodiscard]] BootRecords records_after(const BootRecords& before) const;
};

/// Every input has an answer. Under Policy::dualbank NEW and PENDING_VERIFY are states like any other, and no record is
/// ever written. When no record is usable it decides as `stock` does. Else it tries the active record's slot, that of
/// the other usable record, the other OTA slots from ota_0 on, the factory app, the test app; but the active record's
/// slot only right before the test app when its trial is over: gave up, or most_tries boots without being confirmed.
[[nodiscard]] BootDecision decide_boot(const BootInputs& inputs, Policy policy);

}  // namespace dualbank
