#include "dualbank/bindings/python/report.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "dualbank/bindings/python/errors.hpp"
#include "dualbank/engine/explain.hpp"

namespace dualbank::python {
namespace {

constexpr std::array<const char*, 3> kPolicyNames{"stock", "stock-rollback", "dualbank"};

/// Texts of an image are whatever its maker wrote there: what is no printable ASCII is shown as '?'.
std::string printable(std::span<const char> characters) {
  std::string shown;
  for (const char c : characters) {
    if (c == '\0') break;
    shown += c >= ' ' && c <= '~' ? c : '?';
  }
  return shown;
}

PyObject* digest_text(const Sha256Digest& digest) {
  std::string shown;
  for (const std::byte b : digest) {
    shown += "0123456789abcdef"[std::to_integer<unsigned>(b >> 4)];
    shown += "0123456789abcdef"[std::to_integer<unsigned>(b & std::byte{0xF})];
  }
  return text(shown.c_str());
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

/// Puts "image" and "fault": of a damaged image, what its first bytes still tell; of an empty slot, nothing.
bool put_image(const Ref& report, DeskBoard& board, const Extent& extent) {
  const Result<ImageInfo> image = board.verify(extent);
  if (image) return put(report, "image", image_report(*image, true)) && put(report, "fault", none());
  if (image.error().code == Status::image_empty_slot)
    return put(report, "image", none()) && put(report, "fault", none());
  std::array<std::byte, kImageStartBytes> start{};
  const Status read = board.flash().read(extent.offset, start);
  const Result<ImageInfo> look = check_image_start(start, ImageRules::vendor(kAnyChip, kUnknownLength));
  const bool tells = read == Status::ok && look;
  return put(report, "image", tells ? image_report(*look, false) : none()) &&
         put(report, "fault", make_error(name_slots(image.error(), board.layout())));
}

PyObject* slot_report(DeskBoard& board, const BootRecords& records, SlotIndex slot) {
  const Layout& layout = board.layout();
  const Extent extent = layout.extent_of(slot);
  Ref report{PyDict_New()};
  if (!report || !put(report, "name", slot_name(slot)) || !put(report, "offset", number(extent.offset)) ||
      !put(report, "size", number(extent.size_bytes)) || !put_image(report, board, extent) ||
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
  if (layout.test.present() && !append(kTestSlot)) return nullptr;
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

PyObject* drive_report(DeskBoard& board) {
  constexpr std::array<const char*, 4> kNames{"", "unformatted", "not_extended", "extended"};
  const Result<DriveState> state = look_at_drive(board.flash(), board.layout());
  if (!state || *state == DriveState::none) return none();
  const Extent fat = board.layout().fat;
  const bool extended = *state == DriveState::extended;
  const SlotIndex lent = slot_for_drive(board.layout(), board.updater().status().running_slot);
  Ref report{PyDict_New()};
  if (!report || !put(report, "state", text(kNames[static_cast<std::size_t>(*state)])) ||
      !put(report, "offset", number(fat.offset)) || !put(report, "size", number(fat.size_bytes)) ||
      !put(report, "slot", extended ? slot_name(lent) : none())) {
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
  const AppDescriptor& app = info.descriptor;
  const auto field = [&](const std::string& shown) { return info.has_descriptor ? text(shown.c_str()) : none(); };
  const Chip* chip = find_chip(info.header.chip_id);
  const bool known_length = info.length_bytes != kUnknownLength;
  const bool hashed = info.header.has_hash && !all_equal(info.hash, std::byte{0});
  Ref report{PyDict_New()};
  if (!report || !put(report, "valid", boolean(valid)) || !put(report, "version", field(printable(app.version))) ||
      !put(report, "project", field(printable(app.project_name))) ||
      !put(report, "chip", chip != nullptr ? text(chip->name) : none()) ||
      !put(report, "length", known_length ? number(info.length_bytes) : none()) ||
      !put(report, "segments", number(info.header.segment_count)) ||
      !put(report, "entry", number(info.header.entry_address)) ||
      !put(report, "built", field(printable(app.date) + " " + printable(app.time))) ||
      !put(report, "idf", field(printable(app.idf_version))) ||
      !put(report, "secure_version", info.has_descriptor ? number(app.secure_version) : none()) ||
      !put(report, "sha256", hashed ? digest_text(info.hash) : none())) {
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
  const Event drive = board.drive_in_the_way();
  const Event& unavailable = board.unavailable().code == Status::ok ? drive : board.unavailable();
  const bool available = unavailable.code == Status::ok;
  const UpdaterState& state = board.updater().status();
  const Result<BootDecision> next_boot = board.predict();
  std::array<char, 320> reason{};
  Ref report{PyDict_New()};
  if (!report || !put(report, "available", boolean(available)) ||
      !put(report, "reason", available ? none() : text(explain_what(unavailable, reason))) ||
      !put(report, "reason_code", available ? none() : text(status_name(unavailable.code))) ||
      !put(report, "policy", text(policy_name(board.options().policy))) ||
      !put(report, "running_slot", slot_name(state.running_slot)) ||
      !put(report, "boot_slot", next_boot ? slot_name(next_boot->slot) : none()) ||
      !put(report, "boot_reason", next_boot ? text(boot_reason_name(next_boot->reason)) : none()) ||
      !put(report, "next_update_slot", slot_name(state.next_update_slot)) ||
      !put(report, "trial", state.on_trial ? slot_name(state.running_slot) : none()) ||
      !put(report, "update", available ? update_report(board) : none()) || !put(report, "drive", drive_report(board)) ||
      !put(report, "slots", slots_report(board))) {
    return nullptr;
  }
  return report.release();
}

}  // namespace dualbank::python
