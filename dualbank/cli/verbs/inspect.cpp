#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/attempt.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/dump.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/findings.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/in_use.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/partition_name.hpp"
#include "dualbank/cli/platform.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/signature.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/engine/explain.hpp"
#include "dualbank/formats/uf2.hpp"

namespace dualbank::cli {
namespace {

using Findings = std::vector<Finding>;

Json platform_json(const ImageInfo& info) {
  const std::string_view name = platform_name(platform_of(info));
  return name.empty() ? Json(nullptr) : Json(name);
}

Json blocks_json(const Signature& signature) {
  Json list = Json::array();
  for (const BlockReport& block : signature.blocks) list.push_back(block_json(block));
  return list;
}

Json signature_json(const Signature& signature) {
  if (signature.kind == Signature::Kind::none) return nullptr;
  return {{"kind", signature.kind == Signature::Kind::v1 ? "secure_boot_v1" : "secure_boot_v2"},
          {"offset", signature.offset},
          {"size", signature.size_bytes},
          {"schemes", signature.schemes},
          {"blocks", blocks_json(signature)},
          {"digest_right", signature.digest_checked ? Json(signature.digest_right) : Json(nullptr)}};
}

void look_at_signature(const Signature& signature, const std::string& where, Findings& findings) {
  for (const BlockReport& block : signature.blocks) {
    const bool told = block.fault.code == Status::signature_other_bytes && signature.digest_checked;
    if (block.good() || told) continue;
    const bool unknown = block.fault.code == Status::signature_unknown_scheme;
    findings.push_back(finding_of(unknown ? Severity::note : Severity::warning, where, block.fault));
  }
  if (!signature.digest_checked || signature.digest_right) return;
  findings.push_back(
      {Severity::warning, where, "signature_of_other_bytes",
       fmt::format("the signature sector at {:#x} names another SHA-256 than these bytes have", signature.offset),
       "a bootloader with Secure Boot refuses the image; others do not look"});
}

void say_image(Output& out, const ImageInfo& info, bool valid) {
  const AppDescriptor& app = info.descriptor;
  out.say("  {}{}", image_label(info), valid ? "" : "  (damaged)");
  if (const std::string_view name = platform_name(platform_of(info)); !name.empty()) out.say("  platform    {}", name);
  out.say("  chip        {}", chip_name(info.header.chip_id));
  if (info.length_bytes != kUnknownLength)
    out.say("  length      {} bytes ({}), {} segment{}", info.length_bytes, size_text(info.length_bytes),
            info.header.segment_count, info.header.segment_count == 1 ? "" : "s");
  if (info.linked_place != kAnyPlace) {
    out.say("  linked for  a slot at {:#x} of the flash, and runs in no other", info.linked_place);
  }
  if (info.has_descriptor) {
    out.say("  built       {} {}, ESP-IDF {}", printable(app.date), printable(app.time), printable(app.idf_version));
    if (app.secure_version != 0) out.say("  secure version {}", app.secure_version);
  }
  if (valid && info.header.has_hash) out.say("  sha-256     {}", digest_text(info.hash));
}

/// What a switch would ask of it, on whatever board it is for.
void inspect_image(Context& context, Bytes image, Findings& findings) {
  Output& out = context.out;
  const ImageRules rules = ImageRules::strict(kAnyChip, kUnknownLength);
  const auto info = judge_image(image, rules);
  if (info) {
    const auto read = [&](std::uint32_t offset, std::uint32_t size) -> std::vector<std::byte> {
      if (std::uint64_t{offset} + size > image.size()) return {};
      const Bytes bytes = image.subspan(offset, size);
      return {bytes.begin(), bytes.end()};
    };
    const Signature signature = find_signature(read, info->length_bytes);
    out.result()["image"] = image_json(*info, true);
    out.result()["linked_place"] = info->linked_place == kAnyPlace ? Json(nullptr) : Json(info->linked_place);
    out.result()["platform"] = platform_json(*info);
    out.result()["signature"] = signature_json(signature);
    say_image(out, *info, true);
    if (signature.kind != Signature::Kind::none) out.say("  signature   {}", signature_text(signature));
    look_at_signature(signature, "image", findings);
    if (const Event e = Trust(context).check(image, *info); e.failed())
      findings.push_back(finding_of(Severity::error, "image", e));
    return;
  }
  findings.push_back(finding_of(Severity::error, "image", info.error()));
  const auto start = check_image_start(image.first(std::min<std::size_t>(image.size(), kImageStartBytes)),
                                       ImageRules::vendor(kAnyChip, kUnknownLength));
  out.result()["image"] = start ? image_json(*start, false) : Json(nullptr);
  if (start) say_image(out, *start, false);
}

Json record_json(const BootRecord& record, std::uint32_t slot_count) {
  if (record.seq == kBlankSeq) return nullptr;
  const bool names = record.crc_good() && slot_count != 0;
  return {{"seq", record.seq},
          {"state", state_name(record.state)},
          {"crc_good", record.crc_good()},
          {"usable", record.usable()},
          {"slot", names ? slot_json(slot_of_seq(record.seq, slot_count)) : Json(nullptr)}};
}

std::string record_text(const Json& record) {
  if (record.is_null()) return "blank";
  const std::string slot = record["slot"].is_null() ? "damaged" : "names " + record["slot"].get<std::string>();
  return fmt::format("seq {} ({}), {}", record["seq"].get<std::uint32_t>(), record["state"].get<std::string>(), slot);
}

std::string partition_text(const Partition& partition, const std::vector<SlotReport>& slots, const BootDecision& next,
                           const Json& records) {
  for (const SlotReport& slot : slots) {
    if (slot.extent.offset != partition.offset || slot.extent.size_bytes != partition.size_bytes) continue;
    std::string text =
        slot.image ? fmt::format("{}, {}", image_label(*slot.image), slot_state(slot)) : slot_state(slot);
    if (slot.image && !platform_name(platform_of(*slot.image)).empty() && slot.valid())
      text += fmt::format(", {}", platform_name(platform_of(*slot.image)));
    if (slot.slot == next.slot) text += fmt::format("; boots next: {}", boot_reason_text(next.reason));
    return text;
  }
  if (!partition.is(partition_type::kData, data_subtype::kOta) || records.size() != 2) return "";
  return fmt::format("record 0: {}; record 1: {}", record_text(records[0]), record_text(records[1]));
}

struct UpdateLook {
  Json json = nullptr;
  SlotIndex slot = kNoSlot;
};

UpdateLook look_for_update(Flash& flash, const Context& context) {
  std::vector<Range> gaps(4096);
  Updater updater(flash, {.gaps = gaps, .policy = context.policy, .read_only = true});
  if (updater.open() != Status::ok || !updater.status().update_active) return {};
  return {update_json(updater), updater.status().update_slot};
}

Json partitions_json(const std::vector<Partition>& partitions) {
  Json list = Json::array();
  for (const Partition& p : partitions) {
    list.push_back({{"name", printable(p.label_text())},
                    {"type", partition_type_name(p)},
                    {"subtype", partition_subtype_name(p)},
                    {"offset", p.offset},
                    {"size", p.size_bytes},
                    {"flags", p.flags}});
  }
  return list;
}

Signature signature_of(FlashView& view, const SlotReport& slot) {
  if (!slot.valid()) return {};
  const auto read = [&](std::uint32_t offset, std::uint32_t size) -> std::vector<std::byte> {
    const Extent extent{slot.extent.offset + offset, size};
    if (std::uint64_t{offset} + size > slot.extent.size_bytes || !view.knows(extent)) return {};
    return view.read(extent.offset, size);
  };
  return find_signature(read, slot.image->length_bytes);
}

/// Whether the rules that were named would let it boot.
Event judge_slot(FlashView& view, const SlotReport& slot, SlotIndex running, Trust& trust) {
  if (trust.versions() != nullptr) {
    const Event e = trust.versions()->check(view.flash(), {}, slot.image->descriptor.secure_version);
    if (e.failed()) return e;
  }
  if (trust.guard() == nullptr) return {};
  std::vector<std::byte> buffer(4096);
  return trust.guard()->check(view.flash(), {slot.extent, slot.image->length_bytes, view.layout().extent_of(running)},
                              buffer);
}

Json slots_json(FlashView& view, const std::vector<SlotReport>& slots, SlotIndex running, Trust& trust,
                Findings& findings) {
  Json list = Json::array();
  for (const SlotReport& slot : slots) {
    const Signature signature = signature_of(view, slot);
    Json entry = slot_report_json(slot);
    entry["known"] = !slot.absent;
    entry["platform"] = slot.image ? platform_json(*slot.image) : Json(nullptr);
    entry["signature"] = signature_json(signature);
    list.push_back(std::move(entry));
    look_at_signature(signature, slot_name(slot.slot), findings);
    if (!slot.valid()) continue;
    if (const Event e = judge_slot(view, slot, running, trust); e.failed())
      findings.push_back(finding_of(Severity::error, slot_name(slot.slot), e));
  }
  return list;
}

/// What the vendor's bootloader writes at the next reset.
Json writes_json(const BootDecision& next) {
  Json list = Json::array();
  for (std::uint8_t i = 0; i < next.write_count; ++i) {
    const auto& [sector, record] = next.writes[i];
    list.push_back({{"record", sector}, {"seq", record.seq}, {"state", state_name(record.state)}});
  }
  return list;
}

void say_flash(Output& out, FlashView& view, const std::vector<SlotReport>& slots, const BootDecision& next,
               const Dump& dump) {
  const auto partitions = view.partitions();
  const Json& result = out.result();
  std::string bootloader = dump.base() == 0 ? "none" : "not in the dump";
  if (view.has_bootloader()) bootloader = result["chip"].get<std::string>();
  out.say("  {:<12} {:>9} {:>10}  {}", "bootloader", "", "", bootloader);
  out.say("  {:<12} {:>#9x} {:>10}  {} partitions, {}{}", "table", view.table_offset(),
          size_text(kPartitionTableSectorBytes), partitions.size(), view.layout().has_md5 ? "MD5 right" : "no MD5",
          dump.table_from_layout() ? ", as --layout says" : "");
  for (const Partition& p : partitions) {
    const std::string line = fmt::format("  {:<12} {:>#9x} {:>10}  {}", printable(p.label_text()), p.offset,
                                         size_text(p.size_bytes), partition_text(p, slots, next, result["records"]));
    out.say("{}", line.substr(0, line.find_last_not_of(' ') + 1));
  }
  for (std::uint8_t i = 0; i < next.write_count; ++i) {
    const auto& [sector, record] = next.writes[i];
    out.say("  the bootloader then writes record {}: seq {} ({})", sector, record.seq, state_name(record.state));
  }
}

void inspect_flash(Context& context, const Dump& dump, Findings& findings) {
  Output& out = context.out;
  Json& result = out.result();
  if (dump.looks_encrypted()) {
    const Refused refused = refused_encrypted(dump.table_offset());
    findings.push_back({Severity::error, "flash", refused.code(), refused.message(), refused.cure()});
    return;
  }
  const auto flash = dump.flash();
  if (const Event event = dump.whole_sectors(); event.failed())
    findings.push_back(finding_of(Severity::error, "file", event));
  if (const std::uint64_t end = dump.end_of_partitions(); dump.form() == Dump::Form::part && end > flash->known().to) {
    findings.push_back(
        {Severity::note, "file", "ends_early",
         fmt::format("the partitions reach to {:#x}, and the file ends at {:#x}", end, flash->known().to),
         "where that is no part but all of the flash, the table is one for a larger flash"});
  }
  Trust trust(context);
  FlashView view(*flash, dump.table_offset(), context.policy, flash->known());
  view.ask(trust.guard(), trust.versions());
  const auto partitions = view.partitions();
  result["table"] = {{"offset", dump.table_offset()},
                     {"md5", view.read_table() ? Json(view.layout().has_md5) : Json(nullptr)},
                     {"partitions", partitions_json(partitions)}};
  if (!view.read_table()) {
    findings.push_back(finding_of(Severity::error, "table", view.read_table().error()));
    return;
  }
  const UpdateLook update = look_for_update(*flash, context);
  const auto slots = report_slots(view);
  const auto predicted = view.prediction(context.policy);
  const BootDecision next = predicted ? *predicted : BootDecision{};
  result["chip"] = find_chip(view.chip_id()) == nullptr ? Json(nullptr) : Json(chip_name(view.chip_id()));
  result["bootloader"] = view.has_bootloader();
  result["policy"] = policy_name(context.policy);
  result["records"] = Json::array();
  if (view.knows(view.layout().otadata)) {
    for (const BootRecord& record : view.records())
      result["records"].push_back(record_json(record, view.layout().slot_count));
  }
  result["boot_slot"] = slot_json(next.slot);
  result["boot_reason"] = predicted ? Json(boot_reason_name(next.reason)) : Json(nullptr);
  result["boot_reason_text"] = predicted ? Json(boot_reason_text(next.reason)) : Json(nullptr);
  result["boot_writes"] = writes_json(next);
  result["update"] = update.json;
  // A joined file is written to a board with its own drive.
  const bool has_drive = dump.form() != Dump::Form::joined;
  result["drive"] = has_drive ? drive_json(view, next.slot) : Json(nullptr);
  result["slots"] =
      slots_json(view, slots, context.running == kUnknownSlot ? next.slot : context.running, trust, findings);
  say_flash(out, view, slots, next, dump);
  for (const Finding& finding : find_faults(view, slots, update.slot)) {
    if (has_drive || finding.where != "drive") findings.push_back(finding);
  }
}

void say_findings(Output& out, const Findings& findings) {
  out.result()["findings"] = Json::array();
  for (const Finding& finding : findings) {
    out.result()["findings"].push_back(finding_json(finding));
    const char* sgr = finding.severity == Severity::error ? "1;31" : finding.severity == Severity::warning ? "33" : "2";
    out.say("{} {}: {}", out.style.paint(sgr, fmt::format("{:<7}", severity_name(finding.severity))), finding.where,
            finding.message);
    if (!finding.cure.empty()) out.say("        {}", finding.cure);
  }
}

void inspect_file(Context& context, const Dump& dump, Findings& findings) {
  if (dump.is_flash()) return inspect_flash(context, dump, findings);
  if (dump.kind() == FirmwareKind::app_image) return inspect_image(context, dump.file(), findings);
  if (dump.kind() == FirmwareKind::uf2) return inspect_image(context, app_of_uf2(dump.file(), kAnyChip), findings);
  const auto view = find_app(dump.file());
  Finding finding = finding_of(Severity::error, "file", view ? Event{Status::file_unknown} : view.error());
  if (finding.code == status_name(Status::file_unknown))
    finding.cure += "; for a dump of a part of a flash, say with --at ADDRESS where it begins";
  findings.push_back(std::move(finding));
}

int run(Context& context) {
  Output& out = context.out;
  const std::string path = context.target();
  if (is_being_written(path)) out.note("{} is in use: what follows may be half written", path);
  const Dump dump(context, read_file(path));
  Json& result = out.result();
  result["path"] = path;
  result["kind"] = dump.kind_text();
  result["size"] = dump.file().size();
  if (dump.is_flash()) result["from"] = dump.base();
  const std::string from = dump.base() == 0 ? "" : fmt::format(" from {:#x} on", dump.base());
  out.say("{}: {}{}, {}", path, dump.kind_text(), from, size_text(dump.file().size()));
  Findings findings;
  if (const auto refused = attempt([&] { inspect_file(context, dump, findings); }))
    findings.push_back({Severity::error, "file", refused->code(), refused->message(), refused->cure()});
  for (Finding& finding : findings) {
    Refused words(finding.code, finding.message, finding.cure);
    words.name_target(context.target_word());
    finding.cure = words.cure();
  }
  say_findings(out, findings);
  const bool sound =
      std::none_of(findings.begin(), findings.end(), [](const Finding& f) { return f.severity == Severity::error; });
  result["sound"] = sound;
  if (findings.empty()) out.say("nothing wrong was found");
  return sound ? kDone : kNo;
}

constexpr std::array kOperands{
    Operand{"TARGET", Takes::file, "an app image, joined file, UF2 file or whole flash; - is standard input"}};
constexpr std::array kOptions{kTable,        kAt,     kLayoutOfDump,  kTrust,
                              kTrustRunning, kRevoke, kAllowUnsigned, kLowestVersion};
constexpr std::array<std::string_view, 4> kExamples{"dualbank inspect dump.bin", "dualbank inspect firmware.uf2 --json",
                                                    "dualbank inspect dump.bin --policy stock-rollback",
                                                    "dualbank inspect part.bin --at 0x9000 --layout 4MB-no-uf2"};

}  // namespace

const Verb kInspectVerb{
    "inspect",
    Group::look,
    "say what a file is, what is in it, what boots next and why, and what is wrong with it",
    "Of a whole flash: the map, the slots (app partitions) with their versions, the boot records, the slot that boots "
    "next. "
    "Each finding names its place, what is wrong and what to do. Exit code 3: faults were found.\n\n"
    "A dump of a part of a flash is taken as what it is: of the rest nothing is said. One that begins with the "
    "partition table is recognised; others need --at, and --layout when the table is not in them.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
