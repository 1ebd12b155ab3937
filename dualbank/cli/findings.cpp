#include "dualbank/cli/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"

namespace dualbank::cli {
namespace {

using Findings = std::vector<Finding>;

bool is_known(RecordState state) {
  return static_cast<std::uint32_t>(state) <= static_cast<std::uint32_t>(RecordState::aborted) ||
         state == RecordState::undefined;
}

void look_at_table(FlashView& view, Findings& findings) {
  const Layout& layout = view.layout();
  if (!layout.has_md5) {
    const auto rows = static_cast<std::uint32_t>(view.partitions().size());
    findings.push_back(finding_of(Severity::warning, "table", {Status::table_md5_missing, {rows}}));
  }
  if (const Event event = layout.updatable(); event.failed())
    findings.push_back(finding_of(Severity::warning, "table", event));
}

void look_at_record(const BootRecord& record, int number, Findings& findings) {
  const std::string where = fmt::format("record {}", number);
  if (record.seq == kBlankSeq) return;
  if (!record.crc_good()) {
    findings.push_back({Severity::error, where, "record_damaged",
                        fmt::format("boot record {} says seq {}, but its checksum is {:#x}, not {:#x}", number,
                                    record.seq, record.crc, boot_record_crc(record.seq)),
                        "a bootloader leaves it out; the next switch writes it again"});
  } else if (!is_known(record.state)) {
    findings.push_back(
        {Severity::warning, where, "record_odd_state",
         fmt::format("boot record {} has the unknown state {:#x}", number, static_cast<std::uint32_t>(record.state)),
         "a bootloader takes it for an image without restriction"});
  } else if (record.state == RecordState::aborted || record.state == RecordState::invalid) {
    findings.push_back({Severity::warning, where, "record_rejected",
                        fmt::format("boot record {} (seq {}) is {}: its image was tried and not confirmed", number,
                                    record.seq, state_name(record.state)),
                        "update again; the image in that slot does not boot before that"});
  }
}

void look_at_records(FlashView& view, Findings& findings) {
  const BootRecords records = view.records();
  for (int i = 0; i < 2; ++i) look_at_record(records[static_cast<std::size_t>(i)], i, findings);
  if (records[0].usable() && records[1].usable() && records[0].seq == records[1].seq) {
    findings.push_back({Severity::note, "otadata", "record_tie",
                        fmt::format("both boot records have seq {}: record 0 rules", records[0].seq), ""});
  }
}

void look_at_slots(FlashView& view, const std::vector<SlotReport>& slots, SlotIndex being_updated, Findings& findings) {
  const bool extended = drive_is_extended(view);
  const SlotIndex lent = view.layout().next_update_slot(view.predict().slot);
  for (const SlotReport& slot : slots) {
    const std::string name = slot_name(slot.slot);
    if (slot.slot == kFactorySlot && slot.empty && is_ota_slot(view.predict().slot)) continue;
    if (slot.valid() || (slot.empty && slot.slot != view.predict().chosen)) continue;
    if (slot.slot == being_updated) {
      findings.push_back({Severity::note, name, "update_under_way", fmt::format("{} is being updated", name), ""});
    } else if (extended && slot.slot == lent) {
      findings.push_back({Severity::note, name, "slot_lent",
                          fmt::format("{} holds the second half of the CIRCUITPY drive", name), ""});
    } else {
      findings.push_back(finding_of(Severity::error, name, slot.fault));
    }
  }
  if (!extended) return;
  findings.push_back(
      {Severity::warning, "drive", "storage_extended",
       fmt::format("storage is extended: the CIRCUITPY drive reaches into {}, which an update would overwrite",
                   slot_name(lent)),
       "on the board: storage.erase_filesystem(extended=False), which empties the drive"});
}

/// A board without the factory app of its table: what boots is what its owner expects.
bool only_factory_is_empty(const BootDecision& next, const std::vector<SlotReport>& slots) {
  if (next.chosen != kFactorySlot || !is_ota_slot(next.slot)) return false;
  return std::any_of(slots.begin(), slots.end(), [](const SlotReport& s) { return s.slot == kFactorySlot && s.empty; });
}

void look_at_boot(FlashView& view, const std::vector<SlotReport>& slots, Findings& findings) {
  const BootDecision next = view.predict();
  if (next.slot == kNoSlot) {
    findings.push_back({Severity::error, "boot", boot_reason_name(next.reason),
                        fmt::format("nothing boots: {}", boot_reason_text(next.reason)),
                        "write a good image into a slot"});
  } else if (next.reason == BootReason::fallback || next.reason == BootReason::no_usable_record ||
             (next.reason == BootReason::trial_failed && next.slot != next.chosen)) {
    const bool harmless = next.reason == BootReason::trial_failed || only_factory_is_empty(next, slots);
    const Severity severity = harmless ? Severity::warning : Severity::error;
    findings.push_back({severity, "boot", boot_reason_name(next.reason),
                        fmt::format("{} boots, not {}: {}", slot_name(next.slot), slot_name(next.chosen),
                                    boot_reason_text(next.reason)),
                        "switch or update again, so that a boot record names a good image"});
  }
}

}  // namespace

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

Json finding_json(const Finding& finding) {
  return {{"severity", severity_name(finding.severity)},
          {"where", finding.where},
          {"code", finding.code},
          {"message", finding.message},
          {"cure", finding.cure}};
}

Finding finding_of(Severity severity, std::string where, const Event& event) {
  const Refused words(event);
  return {severity, std::move(where), words.code(), words.message(), words.cure()};
}

std::vector<Finding> find_faults(FlashView& view, const std::vector<SlotReport>& slots, SlotIndex slot_being_updated) {
  Findings findings;
  look_at_table(view, findings);
  look_at_records(view, findings);
  look_at_slots(view, slots, slot_being_updated, findings);
  look_at_boot(view, slots, findings);
  return findings;
}

}  // namespace dualbank::cli
