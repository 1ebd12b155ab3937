#include "dualbank/bindings/python/report.hpp"

#include <array>
#include <cstring>
#include <string_view>

#include "dualbank/bindings/python/errors.hpp"
#include "dualbank/engine/explain.hpp"

namespace dualbank::python {
namespace {

constexpr std::array<const char*, 3> kPolicyNames{"stock", "stock-rollback", "dualbank"};

/// Texts of an image are what its maker wrote there; whatever is no UTF-8 is shown, not refused.
template <std::size_t N>
PyObject* image_text(const std::array<char, N>& characters) {
  return PyUnicode_DecodeUTF8(characters.data(), static_cast<Py_ssize_t>(std::strlen(characters.data())),
                              "backslashreplace");
}

PyObject* record_report(const BootRecords& records, SlotIndex slot, std::uint32_t slot_count) {
  const BootRecord* of_slot = nullptr;
  for (const BootRecord& record : records) {
    if (record.seq == kBlankSeq || !record.crc_good() || slot_of_seq(record.seq, slot_count) != slot) continue;
    if (of_slot == nullptr || record.seq > of_slot->seq) of_slot = &record;
  }
  if (of_slot == nullptr) return none();
  Ref report{PyDict_New()};
  if (!report || !put(report, "seq", number(of_slot->seq)) || !put(report, "state", text(state_name(of_slot->state)))) {
    return nullptr;
  }
  return report.release();
}

PyObject* slot_image_report(DeskBoard& board, const Extent& extent) {
  const Result<ImageInfo> image = board.verify(extent);
  if (image) return image_report(*image, true);
  // Damaged: what its first bytes still tell, or nothing when they tell nothing.
  std::array<std::byte, kImageStartBytes> start{};
  if (board.flash().read(extent.offset, start) != Status::ok) return none();
  const Result<ImageInfo> first_look = check_image_start(start, ImageRules::vendor(kAnyChip, extent.size_bytes));
  return first_look ? image_report(*first_look, false) : none();
}

PyObject* slot_report(DeskBoard& board, const BootRecords& records, SlotIndex slot) {
  const Layout& layout = board.layout();
  const Extent extent = layout.extent_of(slot);
  Ref report{PyDict_New()};
  if (!report || !put(report, "name", slot_name(slot)) || !put(report, "offset", number(extent.offset)) ||
      !put(report, "size", number(extent.size_bytes)) || !put(report, "image", slot_image_report(board, extent)) ||
      !put(report, "record", is_ota_slot(slot) ? record_report(records, slot, layout.slot_count) : none())) {
    return nullptr;
  }
  return report.release();
}

PyObject* slots_report(DeskBoard& board) {
  const Layout& layout = board.layout();
  BootRecords records{};
  if (layout.otadata.size_bytes >= kOtadataBytes) {
    if (const Result<BootRecords> read = read_boot_records(board.flash(), layout); read) records = *read;
  }
  Ref slots{PyList_New(0)};
  const auto append = [&](SlotIndex slot) {
    const Ref report{slot_report(board, records, slot)};
    return report && PyList_Append(slots.get(), report.get()) == 0;
  };
  if (!slots) return nullptr;
  for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(layout.slot_count); ++slot) {
    if (!append(slot)) return nullptr;
  }
  if (layout.factory.present() && !append(kFactorySlot)) return nullptr;
  return slots.release();
}

PyObject* update_report(DeskBoard& board) {
  const UpdaterState& state = board.updater().status();
  if (!state.update_active) return none();
  Ref report{PyDict_New()};
  const bool known = state.update_length_bytes != kUnknownLength;
  if (!report || !put(report, "slot", slot_name(state.update_slot)) ||
      !put(report, "length", known ? number(state.update_length_bytes) : none()) ||
      !put(report, "missing", missing_report(board))) {
    return nullptr;
  }
  return report.release();
}

}  // namespace

const char* policy_name(Policy policy) { return kPolicyNames[static_cast<std::size_t>(policy)]; }

bool parse_policy(const char* name, Policy& policy) {
  for (std::size_t i = 0; i < kPolicyNames.size(); ++i) {
    if (std::string_view{name} != kPolicyNames[i]) continue;
    policy = static_cast<Policy>(i);
    return true;
  }
  PyErr_Format(PyExc_ValueError, "'%s' is no policy: write 'stock', 'stock-rollback' or 'dualbank'", name);
  return false;
}

PyObject* image_report(const ImageInfo& info, bool valid) {
  Ref report{PyDict_New()};
  const Chip* chip = find_chip(info.header.chip_id);
  const bool known_length = info.length_bytes != kUnknownLength;
  if (!report || !put(report, "valid", boolean(valid)) ||
      !put(report, "version", info.has_descriptor ? image_text(info.descriptor.version) : none()) ||
      !put(report, "project", info.has_descriptor ? image_text(info.descriptor.project_name) : none()) ||
      !put(report, "chip", chip != nullptr ? text(chip->name) : none()) ||
      !put(report, "length", known_length ? number(info.length_bytes) : none())) {
    return nullptr;
  }
  return report.release();
}

PyObject* missing_report(DeskBoard& board) {
  Ref ranges{PyList_New(0)};
  if (!ranges || !board.updater().status().update_active) return ranges.release();
  for (Range gap = board.updater().next_missing(); !gap.empty(); gap = board.updater().next_missing(gap.to)) {
    const Ref range{Py_BuildValue("(kk)", static_cast<unsigned long>(gap.from), static_cast<unsigned long>(gap.to))};
    if (!range || PyList_Append(ranges.get(), range.get()) != 0) return nullptr;
  }
  return ranges.release();
}

PyObject* status_report(DeskBoard& board) {
  const Event& unavailable = board.unavailable();
  const bool available = unavailable.code == Status::ok;
  const UpdaterState& state = board.updater().status();
  const Result<BootDecision> next_boot = board.predict();
  std::array<char, 320> reason{};
  Ref report{PyDict_New()};
  if (!report || !put(report, "available", boolean(available)) ||
      !put(report, "reason", available ? none() : text(explain(unavailable, reason))) ||
      !put(report, "policy", text(policy_name(board.options().policy))) ||
      !put(report, "running_slot", slot_name(state.running_slot)) ||
      !put(report, "boot_slot", next_boot ? slot_name(next_boot->slot) : none()) ||
      !put(report, "next_update_slot", slot_name(state.next_update_slot)) ||
      !put(report, "trial", state.on_trial ? slot_name(state.running_slot) : none()) ||
      !put(report, "update", update_report(board)) || !put(report, "slots", slots_report(board))) {
    return nullptr;
  }
  return report.release();
}

}  // namespace dualbank::python
