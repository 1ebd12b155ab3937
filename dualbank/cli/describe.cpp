#include "dualbank/cli/describe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {

std::string printable(std::span<const char> characters) {
  std::string text;
  for (const char c : characters) {
    if (c == '\0') break;
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

std::string image_label(const ImageInfo& info) {
  if (!info.has_descriptor) return "no name";
  const std::string project = printable(info.descriptor.project_name);
  const std::string version = printable(info.descriptor.version);
  return project + (project.empty() || version.empty() ? "" : " ") + version;
}

std::string digest_text(const Sha256Digest& digest) {
  std::string text;
  for (const std::byte b : digest) text += fmt::format("{:02x}", std::to_integer<unsigned>(b));
  return text;
}

Json image_json(const ImageInfo& info, bool valid) {
  const auto field = [&](std::span<const char> text) {
    return info.has_descriptor ? Json(printable(text)) : Json(nullptr);
  };
  const AppDescriptor& app = info.descriptor;
  const bool hashed = info.header.has_hash && !all_equal(info.hash, std::byte{0});
  return {{"valid", valid},
          {"version", field(app.version)},
          {"project", field(app.project_name)},
          {"chip", find_chip(info.header.chip_id) == nullptr ? Json(nullptr) : Json(chip_name(info.header.chip_id))},
          {"length", info.length_bytes == kUnknownLength ? Json(nullptr) : Json(info.length_bytes)},
          {"segments", info.header.segment_count},
          {"entry", info.header.entry_address},
          {"built", info.has_descriptor ? Json(printable(app.date) + " " + printable(app.time)) : Json(nullptr)},
          {"idf", field(app.idf_version)},
          {"secure_version", info.has_descriptor ? Json(app.secure_version) : Json(nullptr)},
          {"sha256", hashed ? Json(digest_text(info.hash)) : Json(nullptr)}};
}

std::optional<BootRecord> record_of(const BootRecords& records, SlotIndex slot, std::uint32_t slot_count) {
  std::optional<BootRecord> found;
  if (!is_ota_slot(slot) || slot_count == 0) return found;
  for (const BootRecord& record : records) {
    if (record.seq == kBlankSeq || !record.crc_good() || slot_of_seq(record.seq, slot_count) != slot) continue;
    if (!found || record.seq > found->seq) found = record;
  }
  return found;
}

SlotReport report_slot(FlashView& view, SlotIndex slot) {
  SlotReport report{.slot = slot, .extent = view.layout().extent_of(slot)};
  if (view.knows(view.layout().otadata)) report.record = record_of(view.records(), slot, view.layout().slot_count);
  const auto verified = view.verify(slot);
  if (verified) {
    report.image = *verified;
    return report;
  }
  report.fault = name_slots(verified.error(), view.layout());
  report.empty = report.fault.code == Status::image_empty_slot;
  report.absent = report.fault.code == Status::flash_read_failed && !view.knows(report.extent);
  const Extent first{report.extent.offset, std::min(report.extent.size_bytes, kImageStartBytes)};
  if (report.empty || !view.knows(first)) return report;
  const auto start = view.read(first.offset, first.size_bytes);
  const auto look = check_image_start(start, ImageRules::vendor(kAnyChip, kUnknownLength));
  if (look) report.image = *look;
  return report;
}

std::vector<SlotReport> report_slots(FlashView& view) {
  std::vector<SlotReport> reports;
  const Layout& layout = view.layout();
  for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(layout.slot_count); ++slot) {
    reports.push_back(report_slot(view, slot));
  }
  if (layout.factory.present()) reports.push_back(report_slot(view, kFactorySlot));
  if (layout.test.present()) reports.push_back(report_slot(view, kTestSlot));
  return reports;
}

std::string slot_state(const SlotReport& report) {
  if (report.valid()) return "valid";
  if (report.absent) return "not in the dump";
  if (report.fault.code == Status::image_for_other_slot) {
    return "linked for " + slot_name(static_cast<SlotIndex>(report.fault.values[0]));
  }
  return report.empty ? "empty" : "damaged";
}

Json slot_report_json(const SlotReport& report) {
  Json record(nullptr);
  if (report.record) record = {{"seq", report.record->seq}, {"state", state_name(report.record->state)}};
  return {{"name", slot_name(report.slot)},
          {"offset", report.extent.offset},
          {"size", report.extent.size_bytes},
          {"image", report.image ? image_json(*report.image, report.valid()) : Json(nullptr)},
          {"fault", report.valid() || report.empty ? Json(nullptr) : event_json(report.fault)},
          {"record", record}};
}

std::vector<Range> missing_ranges(Updater& updater) {
  std::vector<Range> ranges;
  if (!updater.status().update_active) return ranges;
  for (Range gap = updater.next_missing(); !gap.empty(); gap = updater.next_missing(gap.to)) ranges.push_back(gap);
  return ranges;
}

Json ranges_json(const std::vector<Range>& ranges) {
  Json list = Json::array();
  for (const Range& range : ranges) list.push_back({range.from, range.to});
  return list;
}

std::uint64_t total_length(const std::vector<Range>& ranges) {
  std::uint64_t total = 0;
  for (const Range& range : ranges) total += range.length();
  return total;
}

Json update_json(Updater& updater) {
  const UpdaterState& state = updater.status();
  if (!state.update_active) return nullptr;
  const bool known = state.update_length_bytes != kUnknownLength;
  return {{"slot", slot_json(state.update_slot)},
          {"length", known ? Json(state.update_length_bytes) : Json(nullptr)},
          {"missing", ranges_json(missing_ranges(updater))}};
}

}  // namespace dualbank::cli
