#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/findings.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/in_use.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/partition_name.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/formats/uf2.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"

namespace dualbank::cli {
namespace {

using Findings = std::vector<Finding>;

constexpr std::uint32_t kSectorBytes = 0x1000;

void say_image(Output& out, const ImageInfo& info, bool valid) {
  const AppDescriptor& app = info.descriptor;
  out.say("  {}{}", image_label(info), valid ? "" : "  (damaged)");
  out.say("  chip        {}", chip_name(info.header.chip_id));
  if (info.length_bytes != kUnknownLength)
    out.say("  length      {} bytes ({}), {} segment{}", info.length_bytes, size_text(info.length_bytes),
            info.header.segment_count, info.header.segment_count == 1 ? "" : "s");
  if (info.has_descriptor) {
    out.say("  built       {} {}, ESP-IDF {}", printable(app.date), printable(app.time), printable(app.idf_version));
    if (app.secure_version != 0) out.say("  secure version {}", app.secure_version);
  }
  if (valid && info.header.has_hash) out.say("  sha-256     {}", digest_text(info.hash));
}

/// What a switch would ask of it, on whatever board it is for.
void inspect_image(Output& out, Bytes image, Findings& findings) {
  const ImageRules rules = ImageRules::strict(kAnyChip, kUnknownLength);
  const auto info = judge_image(image, rules);
  if (info) {
    out.result()["image"] = image_json(*info, true);
    say_image(out, *info, true);
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

void inspect_flash(Context& context, std::vector<std::byte> file, Findings& findings) {
  Output& out = context.out;
  const std::size_t real_size = file.size();
  const std::uint32_t table_offset = context.number("--table", kDefaultTableOffset);
  // A joined file ends behind its app: the rest of the flash is erased.
  if (out.result()["kind"] == kind_name(FirmwareKind::joined))
    file.resize(std::bit_ceil(std::max<std::size_t>(file.size(), std::size_t{32} << 20)), std::byte{0xFF});
  file.resize((file.size() + kSectorBytes - 1) / kSectorBytes * kSectorBytes, std::byte{0xFF});
  if (real_size % kSectorBytes != 0 && out.result()["kind"] == kind_name(FirmwareKind::whole_flash)) {
    findings.push_back(finding_of(Severity::error, "file",
                                  {Status::file_not_sectors, {static_cast<std::uint32_t>(real_size), kSectorBytes}}));
  }
  ports::RamFlash flash(file);
  FlashView view(flash, table_offset, context.policy);
  const auto partitions = view.partitions();
  out.result()["table"] = {{"offset", table_offset},
                           {"md5", view.read_table() ? Json(view.layout().has_md5) : Json(nullptr)},
                           {"partitions", partitions_json(partitions)}};
  if (!view.read_table()) {
    findings.push_back(finding_of(Severity::error, "table", view.read_table().error()));
    return;
  }
  const UpdateLook update = look_for_update(flash, context);
  const auto slots = report_slots(view);
  const BootDecision next = view.predict();
  Json& result = out.result();
  result["chip"] = find_chip(view.chip_id()) == nullptr ? Json(nullptr) : Json(chip_name(view.chip_id()));
  result["bootloader"] = view.has_bootloader();
  result["policy"] = policy_name(context.policy);
  result["records"] = Json::array();
  for (const BootRecord& record : view.records())
    result["records"].push_back(record_json(record, view.layout().slot_count));
  result["boot_slot"] = slot_json(next.slot);
  result["boot_reason"] = boot_reason_name(next.reason);
  result["update"] = update.json;
  result["slots"] = Json::array();
  for (const SlotReport& slot : slots) result["slots"].push_back(slot_report_json(slot));
  out.say("  {:<12} {:>9} {:>10}  {}", "bootloader", "", "",
          view.has_bootloader() ? result["chip"].get<std::string>() : "none");
  out.say("  {:<12} {:>#9x} {:>10}  {} partitions, {}", "table", table_offset, size_text(kSectorBytes),
          partitions.size(), view.layout().has_md5 ? "MD5 right" : "no MD5");
  for (const Partition& p : partitions) {
    const std::string line = fmt::format("  {:<12} {:>#9x} {:>10}  {}", printable(p.label_text()), p.offset,
                                         size_text(p.size_bytes), partition_text(p, slots, next, result["records"]));
    out.say("{}", line.substr(0, line.find_last_not_of(' ') + 1));
  }
  for (const Finding& finding : find_faults(view, slots, update.slot)) findings.push_back(finding);
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

void inspect_kind(Context& context, FirmwareKind kind, const std::vector<std::byte>& file, Findings& findings) {
  switch (kind) {
    case FirmwareKind::app_image:
      inspect_image(context.out, file, findings);
      return;
    case FirmwareKind::uf2:
      inspect_image(context.out, app_of_uf2(file, kAnyChip), findings);
      return;
    case FirmwareKind::joined:
    case FirmwareKind::whole_flash:
      inspect_flash(context, file, findings);
      return;
    case FirmwareKind::bootloader_only:
    case FirmwareKind::partition_table:
    case FirmwareKind::elf:
    case FirmwareKind::unknown:
      break;
  }
  const auto view = find_app(file);
  findings.push_back(finding_of(Severity::error, "file", view ? Event{Status::file_unknown} : view.error()));
}

int run(Context& context) {
  Output& out = context.out;
  const std::string path = context.target();
  if (is_being_written(path)) out.note("{} is in use: what follows may be half written", path);
  const auto file = read_file(path);
  FirmwareKind kind = recognise_firmware(file, context.number("--table", kDefaultTableOffset));
  // A whole chip whose table is damaged is still a flash; saying "unknown" would hide the fault.
  if (kind == FirmwareKind::unknown && file.size() >= (std::size_t{1} << 20) && std::has_single_bit(file.size()))
    kind = FirmwareKind::whole_flash;
  Json& result = out.result();
  result["path"] = path;
  result["kind"] = kind_name(kind);
  result["size"] = file.size();
  out.say("{}: {}, {}", path, kind_name(kind), size_text(file.size()));
  Findings findings;
  try {
    inspect_kind(context, kind, file, findings);
  } catch (const Refused& refused) {
    findings.push_back({Severity::error, "file", refused.code(), refused.message(), refused.cure()});
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
constexpr std::array kOptions{kTable};
constexpr std::array<std::string_view, 3> kExamples{"dualbank inspect dump.bin", "dualbank inspect firmware.uf2 --json",
                                                    "dualbank inspect dump.bin --policy stock-rollback"};

}  // namespace

const Verb kInspectVerb{
    "inspect",
    Group::look,
    "say what a file is, what is in it, what boots next and why, and what is wrong with it",
    "Of a whole flash: the map, the slots (app partitions) with their versions, the boot records, the slot that boots "
    "next. "
    "Each finding names its place, what is wrong and what to do. Exit code 3: faults were found.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
