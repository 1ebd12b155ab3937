#include "dualbank/cli/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dualbank/cli/attempt.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/known_layout.hpp"
#include "dualbank/cli/platform.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/table_findings.hpp"

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
  if (const Event event = layout.updatable(); event.failed()) {
    Finding finding = finding_of(Severity::warning, "table", event);
    finding.cure = refusal(view, event).cure();
    findings.push_back(std::move(finding));
  }
  look_at_rows(view, findings);
}

bool is_at_the_top(std::uint32_t seq, std::uint32_t slot_count) {
  if (slot_count == 0) return false;
  for (SlotIndex slot = 0; slot < static_cast<SlotIndex>(slot_count); ++slot) {
    if (slot != slot_of_seq(seq, slot_count) && next_seq(seq, slot, slot_count) == kBlankSeq) return true;
  }
  return false;
}

void look_at_seq(const BootRecord& record, int number, std::uint32_t slot_count, Findings& findings) {
  const std::string where = fmt::format("record {}", number);
  if (record.seq == 0 && slot_count != 0) {
    findings.push_back({Severity::warning, where, "record_seq_zero",
                        fmt::format("boot record {} has seq 0, which nobody writes; a bootloader takes it for {}",
                                    number, slot_name(slot_of_seq(0, slot_count))),
                        "an erase that was cut short leaves such a record; the next switch goes past it"});
  } else if (is_at_the_top(record.seq, slot_count)) {
    findings.push_back(
        {Severity::warning, where, "record_seq_top",
         fmt::format("boot record {} has seq {}: there is no larger one for every slot", number, record.seq),
         "dualbank switches on from there; the vendor's app code cannot"});
  }
}

void look_at_record(const BootRecord& record, int number, std::uint32_t slot_count, Findings& findings) {
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
  if (record.usable()) look_at_seq(record, number, slot_count, findings);
}

void look_at_records(FlashView& view, Findings& findings) {
  if (!view.knows(view.layout().otadata)) {
    findings.push_back({Severity::warning, "otadata", "not_in_dump",
                        fmt::format("the boot records ({:#x}) are not in the dump", view.layout().otadata.offset),
                        "read the whole flash: esptool read-flash 0 ALL dump.bin"});
    return;
  }
  const BootRecords records = view.records();
  for (int i = 0; i < 2; ++i)
    look_at_record(records[static_cast<std::size_t>(i)], i, view.layout().slot_count, findings);
  if (records[0].usable() && records[1].usable() && records[0].seq == records[1].seq) {
    findings.push_back({Severity::note, "otadata", "record_tie",
                        fmt::format("both boot records have seq {}: record 0 rules", records[0].seq), ""});
  }
}

Finding absent_slot(const FlashView& view, const SlotReport& slot) {
  return {
      Severity::note, slot_name(slot.slot), "not_in_dump",
      fmt::format("{} ({:#x} to {:#x}) is not in the dump, which holds {:#x} to {:#x}", slot_name(slot.slot),
                  slot.extent.offset, slot.extent.offset + slot.extent.size_bytes, view.known().from, view.known().to),
      ""};
}

/// An image that a bootloader boots and a switch refuses without --allow-foreign.
void look_at_foreign(FlashView& view, const SlotReport& slot, Findings& findings) {
  const auto start = view.read(slot.extent.offset, std::min(slot.extent.size_bytes, kImageStartBytes));
  const auto strict = ImageRules::strict(view.chip_id(), slot.extent.size_bytes, slot.extent.offset);
  if (const auto checked = check_image_start(start, strict); !checked)
    findings.push_back(finding_of(Severity::warning, slot_name(slot.slot), checked.error()));
}

void look_at_slots(FlashView& view, const std::vector<SlotReport>& slots, SlotIndex being_updated, Findings& findings) {
  const auto next = view.prediction(view.policy());
  const SlotIndex boots = next ? next->slot : kNoSlot;
  const SlotIndex chosen = next ? next->chosen : kNoSlot;
  const SlotIndex lent = slot_lent_to_drive(view, boots);
  for (const SlotReport& slot : slots) {
    const std::string name = slot_name(slot.slot);
    if (slot.slot == kFactorySlot && slot.empty && is_ota_slot(boots)) continue;
    if (slot.valid()) look_at_foreign(view, slot, findings);
    if (slot.valid() || (slot.empty && slot.slot != chosen)) continue;
    if (slot.absent) {
      findings.push_back(absent_slot(view, slot));
    } else if (slot.slot == being_updated) {
      findings.push_back({Severity::note, name, "update_under_way", fmt::format("{} is being updated", name), ""});
    } else if (slot.slot == lent) {
      findings.push_back({Severity::note, name, "slot_lent",
                          fmt::format("{} holds the second half of the CIRCUITPY drive", name), ""});
    } else {
      findings.push_back(finding_of(Severity::error, name, slot.fault));
    }
  }
}

void look_at_drive(FlashView& view, Findings& findings) {
  const auto next = view.prediction(view.policy());
  if (!next) return;
  const SlotIndex running = next->slot;
  if (const Event event = drive_event(view, running); event.failed())
    findings.push_back(finding_of(Severity::warning, "drive", event));
  if (will_be_extended(view)) {
    findings.push_back(
        {Severity::note, "drive", "drive_unformatted", will_be_extended_text(view, running), kWillBeExtendedCure});
  }
}

/// A board without the factory app of its table: what boots is what its owner expects.
bool only_factory_is_empty(const BootDecision& next, const std::vector<SlotReport>& slots) {
  if (next.chosen != kFactorySlot || !is_ota_slot(next.slot)) return false;
  return std::any_of(slots.begin(), slots.end(), [](const SlotReport& s) { return s.slot == kFactorySlot && s.empty; });
}

/// Whether the bootloader has rollback stands nowhere on the flash.
void look_at_policies(FlashView& view, const BootDecision& next, const std::vector<SlotReport>& slots,
                      Findings& findings) {
  if (view.policy() == Policy::dualbank) return;
  const bool with = view.policy() == Policy::stock_rollback;
  const auto other = view.prediction(with ? Policy::stock : Policy::stock_rollback);
  if (!other || other->slot == next.slot) return;
  const bool comes_with = std::any_of(slots.begin(), slots.end(), [](const SlotReport& slot) {
    return slot.image && comes_with_rollback(platform_of(*slot.image));
  });
  findings.push_back(
      {Severity::note, "boot", "boot_depends_on_policy",
       fmt::format("a bootloader {} rollback would boot {}", with ? "without" : "with", slot_name(other->slot)),
       fmt::format("{}if the board's is of that kind: --policy {}",
                   comes_with ? "MicroPython's own has rollback, CircuitPython's has not; " : "",
                   policy_name(with ? Policy::stock : Policy::stock_rollback))});
}

void look_at_boot(FlashView& view, const std::vector<SlotReport>& slots, Findings& findings) {
  const auto predicted = view.prediction(view.policy());
  if (!predicted) {
    if (const auto why = attempt([&] { static_cast<void>(view.predict()); }))
      findings.push_back({Severity::warning, "boot", why->code(), why->message(), why->cure()});
    return;
  }
  const BootDecision& next = *predicted;
  look_at_policies(view, next, slots, findings);
  if (next.slot == kNoSlot) {
    findings.push_back({Severity::error, "boot", boot_reason_name(next.reason),
                        fmt::format("nothing boots: {}", boot_reason_text(next.reason)),
                        "write a good image into a slot"});
  } else if (next.reason == BootReason::fallback || next.reason == BootReason::no_usable_record ||
             (next.reason == BootReason::trial_failed && next.slot != next.chosen)) {
    const bool harmless = next.reason == BootReason::trial_failed || only_factory_is_empty(next, slots);
    const Severity severity = harmless ? Severity::warning : Severity::error;
    findings.push_back({severity, "boot", boot_reason_name(next.reason),
                        next.slot == next.chosen
                            ? fmt::format("{} boots: {}", slot_name(next.slot), boot_reason_text(next.reason))
                            : fmt::format("{} boots, not {}: {}", slot_name(next.slot), slot_name(next.chosen),
                                          boot_reason_text(next.reason)),
                        "switch or update again, so that a boot record names a good image; dualbank repair FLASH SLOT "
                        "shows the smallest change"});
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
  look_at_drive(view, findings);
  look_at_boot(view, slots, findings);
  return findings;
}

}  // namespace dualbank::cli
