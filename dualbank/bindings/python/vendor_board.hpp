// A flash file as an application built on the vendor's SDK uses it: erase a slot, write into it, set what boots. Does
// what those calls do to the flash and nothing else; rules and upstream sources: docs/FORMAT.md, "Boot record".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/drive.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::python {

/// As of SDK 6.0 and later, without rollback, without encryption: CircuitPython's build. Not movable.
class VendorBoard {
 public:
  VendorBoard() = default;
  VendorBoard(const VendorBoard&) = delete;
  VendorBoard& operator=(const VendorBoard&) = delete;

  /// Errors: those of the file and of the partition table.
  [[nodiscard]] Event open(const char* path);
  void close() { file_.close(); }

  /// What the bootloader without rollback does at a reset, its writes included. Errors: those of the flash.
  [[nodiscard]] Result<BootDecision> reset();

  /// Reads from a slot. Errors: those of the flash. Precondition: within the slot.
  [[nodiscard]] Event read(SlotIndex slot, std::uint32_t offset, MutableBytes out);
  /// Erases the whole slot, 64 KiB at once where they fit. Errors: those of the flash.
  [[nodiscard]] Event erase(SlotIndex slot);
  /// Programs into a slot: bits go from 1 to 0 and never back. Errors: those of the flash. Precondition: within the
  /// slot.
  [[nodiscard]] Event write(SlotIndex slot, std::uint32_t offset, Bytes bytes);
  /// The vendor's check of an image. Errors: those of verify_slot.
  [[nodiscard]] Event verify(SlotIndex slot);

  /// Writes the boot record that names an OTA slot, which is not verified. Errors: those of the flash, and of
  /// Layout::updatable() where there is no place for records.
  [[nodiscard]] Event set_boot(SlotIndex slot);
  /// The slot that the active record names; kNoSlot when there is none. Errors: those of the flash.
  [[nodiscard]] Result<SlotIndex> chosen_slot();
  /// The slot of the record that is INVALID or ABORTED (the one with the smaller seq of two), if its image still
  /// verifies; else kNoSlot. Errors: those of the flash.
  [[nodiscard]] Result<SlotIndex> last_invalid_slot();

  /// Errors: those of the flash.
  [[nodiscard]] Result<DriveState> drive() { return look_at_drive(file_, layout_); }

  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] const Event& file_event() const { return file_.last_event(); }

 private:
  [[nodiscard]] Result<BootRecords> records();
  [[nodiscard]] Event rewrite_record(int record, std::uint32_t seq);

  ports::FileFlash file_;
  Layout layout_{};
  std::uint16_t chip_id_ = kAnyChip;
  std::array<std::byte, kOtadataSectorBytes> buffer_{};
};

}  // namespace dualbank::python
