#include "dualbank/bindings/python/vendor_board.hpp"

#include <algorithm>

#include "dualbank/formats/otadata.hpp"

namespace dualbank::python {
namespace {

constexpr std::uint32_t kBlockBytes = 0x1'0000;

/// The smallest number from `seq` on that names the slot.
std::uint32_t seq_from(std::uint32_t seq, SlotIndex slot, std::uint32_t slot_count) {
  const std::uint32_t base = (static_cast<std::uint32_t>(slot) + 1) % slot_count;
  if (seq <= base) return base;
  return base + (seq - base + slot_count - 1) / slot_count * slot_count;
}

bool given_up(const BootRecord& record) {
  return record.seq != kBlankSeq && record.crc_good() &&
         (record.state == RecordState::invalid || record.state == RecordState::aborted);
}

}  // namespace

Event VendorBoard::open(const char* path) {
  if (file_.open(path) != Status::ok) return file_.last_event();
  const Result<Layout> layout = read_layout(file_);
  if (!layout) return layout.error();
  layout_ = *layout;
  chip_id_ = infer_chip(file_, layout_);
  return {};
}

Result<BootDecision> VendorBoard::reset() {
  chip_id_ = infer_chip(file_, layout_);
  const BootSettings settings{.policy = Policy::stock, .chip_id = chip_id_};
  const Result<BootDecision> decision = predict_boot(file_, layout_, settings, buffer_);
  if (!decision) return decision;
  if (const Status s = perform_boot_writes(file_, layout_, *decision); s != Status::ok) return file_.last_event();
  return decision;
}

Event VendorBoard::read(SlotIndex slot, std::uint32_t offset, MutableBytes out) {
  const Status status = file_.read(layout_.extent_of(slot).offset + offset, out);
  return status == Status::ok ? Event{} : file_.last_event();
}

Event VendorBoard::erase(SlotIndex slot) {
  const Extent extent = layout_.extent_of(slot);
  const std::uint32_t end = extent.offset + extent.size_bytes;
  for (std::uint32_t at = extent.offset; at < end;) {
    const bool block = (file_.geometry().erase_units & kBlockBytes) != 0 && (at & (kBlockBytes - 1)) == 0;
    const std::uint32_t size = block && end - at >= kBlockBytes ? kBlockBytes : file_.geometry().sector_bytes();
    if (file_.erase(at, size) != Status::ok) return file_.last_event();
    at += size;
  }
  return {};
}

Event VendorBoard::write(SlotIndex slot, std::uint32_t offset, Bytes bytes) {
  const std::uint32_t page = file_.geometry().page_bytes;
  std::uint32_t address = layout_.extent_of(slot).offset + offset;
  while (!bytes.empty()) {
    const std::uint32_t room = page - (address & (page - 1));
    const Bytes piece = bytes.first(std::min<std::size_t>(room, bytes.size()));
    if (file_.program(address, piece) != Status::ok) return file_.last_event();
    address += static_cast<std::uint32_t>(piece.size());
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

Event VendorBoard::verify(SlotIndex slot) {
  const Extent extent = layout_.extent_of(slot);
  const ImageRules rules = ImageRules::vendor(chip_id_, extent.size_bytes, extent.offset);
  const Result<ImageInfo> image = verify_slot(file_, extent, rules, buffer_);
  return image ? Event{} : image.error();
}

Event VendorBoard::set_boot(SlotIndex slot) {
  const Result<BootRecords> read = records();
  if (!read) return read.error();
  const int active = active_record(*read);
  if (active < 0) return rewrite_record(0, static_cast<std::uint32_t>(slot) + 1);
  const std::uint32_t seq = (*read)[static_cast<std::size_t>(active)].seq;
  const bool selected = slot_of_seq(seq, layout_.slot_count) == slot;
  return rewrite_record(selected ? active : 1 - active, seq_from(seq, slot, layout_.slot_count));
}

Event VendorBoard::rewrite_record(int record, std::uint32_t seq) {
  const std::uint32_t address = layout_.otadata.offset + static_cast<std::uint32_t>(record) * kOtadataSectorBytes;
  std::array<std::byte, kBootRecordBytes> old{};
  if (file_.read(address, old) != Status::ok) return file_.last_event();
  auto bytes = BootRecord::make(seq, RecordState::undefined).bytes();
  std::copy_n(old.begin() + kBootRecordLabelOffset, kBootRecordLabelBytes, bytes.begin() + kBootRecordLabelOffset);
  if (file_.erase(address, kOtadataSectorBytes) != Status::ok) return file_.last_event();
  return file_.program(address, bytes) == Status::ok ? Event{} : file_.last_event();
}

Result<SlotIndex> VendorBoard::chosen_slot() {
  const Result<BootRecords> read = records();
  if (!read) return read.error();
  const int active = active_record(*read);
  if (active < 0) return kNoSlot;
  return slot_of_seq((*read)[static_cast<std::size_t>(active)].seq, layout_.slot_count);
}

Result<SlotIndex> VendorBoard::last_invalid_slot() {
  const Result<BootRecords> read = records();
  if (!read) return read.error();
  const BootRecord* found = nullptr;
  for (const BootRecord& record : *read) {
    if (given_up(record) && (found == nullptr || record.seq < found->seq)) found = &record;
  }
  if (found == nullptr) return kNoSlot;
  const SlotIndex slot = slot_of_seq(found->seq, layout_.slot_count);
  return verify(slot).failed() ? kNoSlot : slot;
}

Result<BootRecords> VendorBoard::records() {
  // With one slot too: the vendor's calls ask for a place of the records, not for a second slot.
  if (layout_.slot_count == 0) return Event{Status::layout_no_slots, {}};
  if (layout_.otadata.size_bytes < kOtadataBytes) return layout_.updatable();
  return read_boot_records(file_, layout_);
}

}  // namespace dualbank::python
