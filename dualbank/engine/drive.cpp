#include "dualbank/engine/drive.hpp"

#include <array>

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kSignatureBytes = 2;  // at the end of the boot record

using Block = std::array<std::byte, kFatBlockBytes>;

/// The bytes of a drive, counted from its start, on the flash.
class DriveWriter {
 public:
  DriveWriter(Flash& flash, const Extent& own, const Extent& lent, const FatVolume& volume)
      : flash_(flash), own_(own), lent_(lent), volume_(volume) {
    const std::uint32_t unit = flash.geometry().write_unit_bytes;
    last_piece_ = kFatBlockBytes - (unit > kSignatureBytes ? unit : kSignatureBytes);
  }

  Event write() {
    if (const Event e = forget_old(); e.failed()) return e;
    if (const Event e = erase_metadata(); e.failed()) return e;
    for (std::uint32_t index = 1; index < volume_.metadata_blocks(); ++index) {
      if (const Event e = program(index, 0, kFatBlockBytes); e.failed()) return e;
    }
    // The signature comes last: before it there is no file system, whatever a cut leaves of the other fields.
    if (const Event e = program(0, 0, last_piece_); e.failed()) return e;
    if (const Event e = sync(); e.failed()) return e;
    if (const Event e = program(0, last_piece_, kFatBlockBytes); e.failed()) return e;
    return sync();
  }

 private:
  [[nodiscard]] std::uint32_t address_of(std::uint32_t at) const {
    return at < own_.size_bytes ? own_.offset + at : lent_.offset + (at - own_.size_bytes);
  }

  /// An erase that is cut may leave the signature and change the sizes before it. So the signature goes first.
  Event forget_old() {
    if (!flash_.geometry().can_reprogram) return kDone;
    Block programmed;
    programmed.fill(~flash_.geometry().erased);
    const Bytes whole{programmed};
    if (const Event e = program_flash(flash_, own_.offset + last_piece_, whole.subspan(last_piece_)); e.failed())
      return e;
    if (const Event e = sync(); e.failed()) return e;
    return program_flash(flash_, own_.offset, whole.first(last_piece_));
  }

  Event erase_metadata() {
    const std::uint32_t end = volume_.metadata_blocks() * kFatBlockBytes;
    for (std::uint32_t at = 0; at < end; at += flash_.geometry().sector_bytes()) {
      if (const Event e = erase_sector(flash_, address_of(at)); e.failed()) return e;
      if (at != 0) continue;
      if (const Event e = sync(); e.failed()) return e;
    }
    return kDone;
  }

  Event program(std::uint32_t index, std::uint32_t from, std::uint32_t to) {
    Block block;
    volume_.store_empty(index, block);
    return program_flash(flash_, address_of(index * kFatBlockBytes) + from, Bytes{block}.subspan(from, to - from));
  }

  Event sync() {
    const Status status = flash_.sync();
    return status == Status::ok ? kDone : Event{status};
  }

  Flash& flash_;
  Extent own_;
  Extent lent_;
  FatVolume volume_;
  std::uint32_t last_piece_ = 0;
};

Event check_extent(const Geometry& geometry, const Extent& extent) {
  const std::uint32_t sector_bytes = geometry.sector_bytes();
  const std::uint32_t unit = sector_bytes > kFatBlockBytes ? sector_bytes : kFatBlockBytes;
  if (((extent.offset | extent.size_bytes) & (unit - 1)) == 0) return kDone;
  return {Status::layout_misaligned, {extent.offset, extent.size_bytes, unit}};
}

constexpr std::uint32_t value_of(SlotIndex slot) { return static_cast<std::uint32_t>(slot); }

}  // namespace

Result<DriveState> look_at_drive(Flash& flash, const Layout& layout) {
  if (!layout.fat.present()) return DriveState::none;
  if (layout.fat.size_bytes < kFatBlockBytes) return DriveState::unformatted;
  Block block;
  if (const Event e = read_flash(flash, layout.fat.offset, block); e.failed()) return e;
  const FatVolume volume = FatVolume::parse(block);
  if (!volume.present()) return DriveState::unformatted;
  return volume.data_blocks() > layout.fat.size_bytes / kFatBlockBytes ? DriveState::extended
                                                                       : DriveState::not_extended;
}

SlotIndex slot_for_drive(const Layout& layout, SlotIndex running) {
  if (layout.slot_count < 2) return kNoSlot;
  return layout.next_update_slot(running == kNoSlot ? SlotIndex{0} : running);
}

Event check_drive(Flash& flash, const Layout& layout, SlotIndex running) {
  if (running == kNoSlot) return kDone;
  const Result<DriveState> state = look_at_drive(flash, layout);
  if (!state) return state.error();
  if (*state != DriveState::extended) return kDone;
  const SlotIndex lent = slot_for_drive(layout, running);
  // With one slot CircuitPython would lay the drive over the firmware that runs.
  return {Status::storage_extended, {value_of(lent == kNoSlot ? running : lent), 0, 0}};
}

Event check_slot_for_drive(const Layout& layout, const UpdaterState& state) {
  const SlotIndex slot = slot_for_drive(layout, state.running_slot);
  if (slot == kNoSlot) return {Status::drive_one_slot, {layout.slot_count, 0, 0}};
  if (state.on_trial) return {Status::on_trial, {value_of(state.running_slot), 0, 0}};
  if (state.update_active && state.update_slot == slot) return {Status::drive_slot_updating, {value_of(slot), 0, 0}};
  if (state.boot_slot == slot) return {Status::drive_slot_boots, {value_of(slot), 0, 0}};
  return kDone;
}

Event make_drive(Flash& flash, const Layout& layout, SlotIndex running, bool extended) {
  const Extent own = layout.fat;
  if (!own.present()) return {Status::no_drive};
  const SlotIndex slot = slot_for_drive(layout, running);
  if (extended && slot == kNoSlot) return {Status::drive_one_slot, {layout.slot_count, 0, 0}};
  const Extent lent = extended ? layout.extent_of(slot) : Extent{};
  if (const Event e = check_extent(flash.geometry(), own); e.failed()) return e;
  if (const Event e = check_extent(flash.geometry(), lent); e.failed()) return e;
  const FatVolume volume = FatVolume::plan(own.size_bytes / kFatBlockBytes + lent.size_bytes / kFatBlockBytes);
  if (!volume.present()) return {Status::drive_size, {own.size_bytes + lent.size_bytes, 0, 0}};
  return DriveWriter(flash, own, lent, volume).write();
}

}  // namespace dualbank
