#include "dualbank/sim/models/vendor_ota.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "dualbank/sim/firmware_image.hpp"
#include "dualbank/sim/models/image_version.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kSlotBytes = 0x2000;
constexpr std::uint32_t kRecoveryBytes = 0x1000;
constexpr std::uint32_t kBlockBytes = 0x1'0000;

std::uint32_t sector_of(const Layout& layout, int record) {
  return layout.otadata.offset + static_cast<std::uint32_t>(record) * kOtadataSectorBytes;
}

/// Erases the whole sector and programs 32 bytes; the label stays as it was read.
Status rewrite(Flash& flash, const Layout& layout, int record, const BootRecord& wanted) {
  const std::uint32_t address = sector_of(layout, record);
  std::array<std::byte, kBootRecordBytes> old{};
  if (const Status s = flash.read(address, old); s != Status::ok) return s;
  auto bytes = wanted.bytes();
  std::copy_n(old.begin() + kBootRecordLabelOffset, kBootRecordLabelBytes, bytes.begin() + kBootRecordLabelOffset);
  if (const Status s = flash.erase(address, kOtadataSectorBytes); s != Status::ok) return s;
  return flash.program(address, bytes);
}

Status verify(Flash& flash, const Extent& extent) {
  if (!extent.present()) return Status::slot_unknown;
  std::array<std::byte, 512> buffer;
  const ImageRules rules = ImageRules::vendor(kAnyChip, extent.size_bytes, extent.offset);
  const auto verified = verify_slot(flash, extent, rules, buffer);
  return verified ? Status::ok : verified.error().code;
}

/// The smallest number from `seq` on that names the slot.
std::uint32_t seq_from(std::uint32_t seq, SlotIndex slot, std::uint32_t slot_count) {
  const std::uint32_t base = (static_cast<std::uint32_t>(slot) + 1) % slot_count;
  if (seq <= base) return base;
  return base + (seq - base + slot_count - 1) / slot_count * slot_count;
}

Status erase_range(Flash& flash, const Extent& extent) {
  const std::uint32_t end = extent.offset + extent.size_bytes;
  for (std::uint32_t at = extent.offset; at < end;) {
    const bool block =
        (flash.geometry().erase_units & kBlockBytes) != 0 && at % kBlockBytes == 0 && end - at >= kBlockBytes;
    const std::uint32_t size = block ? kBlockBytes : flash.geometry().sector_bytes();
    if (const Status s = flash.erase(at, size); s != Status::ok) return s;
    at += size;
  }
  return Status::ok;
}

Status write_pages(Flash& flash, std::uint32_t address, Bytes bytes) {
  const std::uint32_t page = flash.geometry().page_bytes;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(page, bytes.size())), address += page) {
    const Bytes piece = bytes.first(std::min<std::size_t>(page, bytes.size()));
    if (const Status s = flash.program(address, piece); s != Status::ok) return s;
  }
  return Status::ok;
}

const std::vector<std::byte>& image_of(int version) {
  static const std::array<std::vector<std::byte>, 3> images{firmware_image("0", 1024), firmware_image("1", 4864),
                                                            firmware_image("2", 5120)};
  return images[static_cast<std::size_t>(version)];
}

}  // namespace

Status vendor_set_boot(Flash& flash, const Layout& layout, SlotIndex slot, RecordState state,
                       VendorGeneration generation) {
  if (const Status s = verify(flash, layout.extent_of(slot)); s != Status::ok) return s;

  const Result<BootRecords> records = read_boot_records(flash, layout);
  if (!records) return records.error().code;
  const int active = active_record(*records);
  if (active < 0) {
    return rewrite(flash, layout, 0, BootRecord::make(static_cast<std::uint32_t>(slot) + 1, state));
  }
  const std::uint32_t seq = (*records)[static_cast<std::size_t>(active)].seq;
  const bool selected = slot_of_seq(seq, layout.slot_count) == slot;
  const bool in_place = selected && generation == VendorGeneration::from_6_0;
  return rewrite(flash, layout, in_place ? active : 1 - active,
                 BootRecord::make(in_place ? seq : seq_from(seq, slot, layout.slot_count), state));
}

Status vendor_confirm(Flash& flash, const Layout& layout) {
  const Result<BootRecords> records = read_boot_records(flash, layout);
  if (!records) return records.error().code;
  const int active = active_record(*records);
  if (active < 0) return Status::ok;
  const BootRecord& record = (*records)[static_cast<std::size_t>(active)];
  if (record.state == RecordState::valid) return Status::ok;
  return rewrite(flash, layout, active, BootRecord::make(record.seq, RecordState::valid));
}

Status vendor_reject(Flash& flash, const Layout& layout) {
  const Result<BootRecords> records = read_boot_records(flash, layout);
  if (!records) return records.error().code;
  const int active = active_record(*records);
  if (active < 0) return Status::no_rollback_target;
  const BootRecord& other = (*records)[static_cast<std::size_t>(1 - active)];
  const Extent back = other.usable()
                          ? layout.extent_of(static_cast<SlotIndex>(slot_of_seq(other.seq, layout.slot_count)))
                          : layout.factory;
  if (verify(flash, back) != Status::ok) return Status::no_rollback_target;
  const BootRecord& record = (*records)[static_cast<std::size_t>(active)];
  return rewrite(flash, layout, active, BootRecord::make(record.seq, RecordState::invalid));
}

Status vendor_set_boot_factory(Flash& flash, const Layout& layout) {
  if (const Status s = verify(flash, layout.factory); s != Status::ok) return s;
  return erase_range(flash, layout.otadata);
}

Status vendor_begin(Flash& flash, const Layout& layout, SlotIndex slot, SlotIndex running, bool rollback) {
  if (const Status s = erase_range(flash, layout.extent_of(slot)); s != Status::ok) return s;
  if (!rollback) return Status::ok;
  const Result<BootRecords> records = read_boot_records(flash, layout);
  if (!records) return records.error().code;
  const int active = active_record(*records);
  if (active < 0) return Status::ok;
  const BootRecord& inactive = (*records)[static_cast<std::size_t>(1 - active)];
  if (inactive.initial() || slot_of_seq(inactive.seq, layout.slot_count) == running) return Status::ok;
  return flash.erase(sector_of(layout, 1 - active), kOtadataSectorBytes);
}

Result<BootDecision> vendor_boot(Flash& flash, const Layout& layout, Policy policy) {
  std::array<std::byte, 512> buffer;
  const Result<BootInputs> inputs = gather_boot_inputs(flash, layout, {.policy = policy}, buffer);
  if (!inputs) return inputs.error();
  const BootDecision decision = decide_boot(*inputs, policy);
  if (const Status s = perform_boot_writes(flash, layout, decision); s != Status::ok) return s;
  return decision;
}

// ---- the updater

Layout VendorOta::layout() const {
  Layout layout;
  layout.otadata = {0, kOtadataBytes};
  layout.slot_count = 2;
  layout.slots[0] = {kOtadataBytes, kSlotBytes};
  layout.slots[1] = {kOtadataBytes + kSlotBytes, kSlotBytes};
  if (settings_.recovery_app) layout.factory = {kOtadataBytes + 2 * kSlotBytes, kRecoveryBytes};
  return layout;
}

Geometry VendorOta::geometry() const { return {.size_bytes = kOtadataBytes + 2 * kSlotBytes + kRecoveryBytes}; }

void VendorOta::start(NorFlash& flash) const {
  flash.reboot();
  flash.put(0, std::vector<std::byte>(flash.geometry().size_bytes, flash.geometry().erased));
  const Layout at = layout();
  flash.put(at.slots[0].offset, image_of(kInstalledVersion));
  if (settings_.recovery_app) flash.put(at.factory.offset, image_of(kRecoveryVersion));
  flash.put(at.otadata.offset,
            BootRecord::make(1, settings_.rollback ? RecordState::fresh : RecordState::undefined).bytes());
}

Status VendorOta::update(NorFlash& flash, SlotIndex running) const {
  const Layout at = layout();
  const RecordState state = settings_.rollback ? RecordState::fresh : RecordState::undefined;
  if (settings_.selects_itself) {
    if (const Status s = vendor_set_boot(flash, at, running, state, settings_.generation); s != Status::ok) {
      return s;
    }
  }
  const SlotIndex target = at.next_update_slot(running);
  if (const Status s = vendor_begin(flash, at, target, running, settings_.rollback); s != Status::ok) return s;
  if (const Status s = write_pages(flash, at.extent_of(target).offset, image_of(kWantedVersion)); s != Status::ok) {
    return s;
  }
  return vendor_set_boot(flash, at, target, state, settings_.generation);
}

Status VendorOta::power_session(NorFlash& flash) const {
  const Layout at = layout();
  constexpr int kMostResets = 8;
  for (int resets = 0; resets < kMostResets; ++resets) {
    const Result<BootDecision> decision = vendor_boot(flash, at, policy());
    if (!decision) return decision.error().code;
    if (!is_ota_slot(decision->slot)) return Status::ok;
    if (settings_.rollback || settings_.confirms) {
      if (const Status s = vendor_confirm(flash, at); s != Status::ok) return s;
    }
    const std::optional<int> version = image_version(flash, at.extent_of(decision->slot).offset);
    if (!version) return Status::power_lost;
    if (*version == kWantedVersion) return Status::ok;
    if (const Status s = update(flash, decision->slot); s != Status::ok) return s;
    flash.reset();
  }
  return Status::ok;
}

std::optional<int> VendorOta::boots(const NorFlash& flash) const {
  NorFlash copy(geometry());
  copy.restore(flash.snapshot());
  std::array<std::byte, 512> buffer;
  const Result<BootDecision> decision = predict_boot(copy, layout(), {.policy = policy()}, buffer);
  if (!decision || decision->slot == kNoSlot) return std::nullopt;
  return image_version(copy, layout().extent_of(decision->slot).offset);
}

}  // namespace dualbank::sim
