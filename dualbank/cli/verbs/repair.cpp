#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/dump.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/in_use.hpp"
#include "dualbank/cli/intel_hex.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/repair_plan.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kSectorBytes = 0x1000;
constexpr std::uint32_t kBytesInLine = 16;

/// A part of a chip in a file, at the chip's addresses.
class ShiftedFlash final : public Flash {
 public:
  ShiftedFlash(Flash& below, std::uint32_t base)
      : Flash({.size_bytes = base + below.geometry().size_bytes, .erase_units = 0x1'1000}),
        below_(below),
        base_(base) {}

  Status read(std::uint32_t address, MutableBytes out) override { return below_.read(address - base_, out); }
  Status program(std::uint32_t address, Bytes bytes) override { return below_.program(address - base_, bytes); }
  Status erase(std::uint32_t address, std::uint32_t size) override { return below_.erase(address - base_, size); }
  Status sync() override { return below_.sync(); }

 private:
  Flash& below_;
  std::uint32_t base_;
};

std::string hex_of(Bytes bytes) {
  std::string text;
  for (const std::byte b : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(b));
  return text;
}

std::string spaced_hex(Bytes bytes) {
  std::string text;
  for (const std::byte b : bytes) text += fmt::format(" {:02x}", std::to_integer<unsigned>(b));
  return text;
}

/// What a repair is asked about, looked at once.
struct Case {
  Context& context;
  const Dump& dump;
  FlashView& view;
  SlotIndex slot;
};

std::string place_name(const Case& ask, const RepairStep& step) {
  if (step.address == ask.view.table_offset()) return "table";
  return fmt::format("record {}", (step.address - ask.view.layout().otadata.offset) / kOtadataSectorBytes);
}

/// The bytes of a step's place before and after it: the record, or the row.
struct Change {
  std::uint32_t address = 0;
  std::vector<std::byte> before;
  std::vector<std::byte> after;
};

Change change_of(const Case& ask, const RepairStep& step) {
  Change change{.address = step.address + step.offset, .before = {}, .after = step.bytes};
  if (change.after.empty()) change.after.assign(kBootRecordBytes, std::byte{0xFF});
  change.before = ask.view.read(change.address, static_cast<std::uint32_t>(change.after.size()));
  return change;
}

/// What a programmer that erases the whole sector must be given.
AddressedBytes piece_of(const Case& ask, const RepairStep& step) {
  auto bytes = ask.view.read(step.address, step.offset);
  bytes.insert(bytes.end(), step.bytes.begin(), step.bytes.end());
  return {step.address, std::move(bytes)};
}

std::vector<AddressedBytes> pieces_of(const Case& ask, const RepairPlan& plan) {
  std::vector<AddressedBytes> pieces;
  for (const RepairStep& step : plan.steps) {
    if (!step.bytes.empty()) pieces.push_back(piece_of(ask, step));
  }
  return pieces;
}

std::vector<std::string> commands_of(const Case& ask, const RepairPlan& plan, const std::string& file) {
  const std::string esptool = find_chip(ask.view.chip_id()) == nullptr || !is_vendor_chip(ask.view.chip_id())
                                  ? "esptool"
                                  : fmt::format("esptool --chip {}", chip_name(ask.view.chip_id()));
  std::vector<std::string> commands;
  for (const RepairStep& step : plan.steps) {
    if (step.bytes.empty()) {
      commands.push_back(fmt::format("{} erase-region {:#x} {:#x}", esptool, step.address, kSectorBytes));
    } else {
      commands.push_back(fmt::format("{} write-flash {:#x} {}", esptool, step.address, shell_word(file)));
    }
  }
  return commands;
}

void say_change(const Case& ask, const RepairStep& step) {
  Output& out = ask.context.out;
  const Change change = change_of(ask, step);
  out.say("{} at {:#x}{}", place_name(ask, step), change.address,
          step.erases ? ", after its sector is erased:" : ", which is erased already:");
  for (std::uint32_t at = 0; at < change.after.size(); at += kBytesInLine) {
    const Bytes before = Bytes(change.before).subspan(at, kBytesInLine);
    const Bytes after = Bytes(change.after).subspan(at, kBytesInLine);
    if (std::equal(before.begin(), before.end(), after.begin())) continue;
    out.say("  {:#08x} -{}", change.address + at, spaced_hex(before));
    out.say("  {:>8} +{}", "", spaced_hex(after));
  }
}

Json changes_json(const Case& ask, const RepairPlan& plan) {
  Json list = Json::array();
  for (const RepairStep& step : plan.steps) {
    const Change change = change_of(ask, step);
    list.push_back({{"what", place_name(ask, step)},
                    {"address", change.address},
                    {"erases_sector", step.erases},
                    {"before", hex_of(change.before)},
                    {"after", hex_of(change.after)}});
  }
  return list;
}

/// The answer is no: why, and what else could be done. Exit code 3.
int answer_no(const Case& ask, const Refused& why) {
  Output& out = ask.context.out;
  out.result()["possible"] = false;
  out.result()["why"] = why.json();
  out.say("{} cannot be made to boot: {}", slot_name(ask.slot), why.message());
  if (!why.cure().empty()) out.say("        {}", why.cure());
  return kNo;
}

void write_in_place(const Case& ask, const RepairPlan& plan) {
  const std::string path = ask.context.target();
  ports::FileFlash file;
  if (file.open(path.c_str()) != Status::ok) throw Refused(file.last_event());
  ShiftedFlash flash(file, ask.dump.base());
  require(perform_repair(flash, plan));
}

/// A file that does not end with a sector is no flash for the port: it is written anew, whole.
void write_anew(const Case& ask, const RepairPlan& plan) {
  const std::string path = ask.context.target();
  if (is_being_written(path)) throw Refused(Event{Status::file_in_use});
  const auto flash = ask.dump.flash();
  require(perform_repair(*flash, plan));
  std::vector<std::byte> bytes(ask.dump.file().size());
  const Status status = flash->read(ask.dump.base(), bytes);
  if (status != Status::ok) throw Refused(Event{status});
  write_file(path, bytes, true);
}

void write_target(const Case& ask, const RepairPlan& plan) {
  if (ask.context.target() == "-") {
    throw Refused::usage("usage", "standard input cannot be written", "name the dump's file, or use --hex or --bin");
  }
  if (ask.dump.file().size() % kSectorBytes == 0) {
    write_in_place(ask, plan);
  } else {
    write_anew(ask, plan);
  }
  ask.context.out.result()["written"] = true;
}

/// --hex and --bin; answers what is to be said of them.
std::vector<std::string> write_files(const Case& ask, const RepairPlan& plan) {
  const auto hex = ask.context.args.value("--hex");
  const auto bin = ask.context.args.value("--bin");
  std::vector<std::string> lines;
  if ((!hex && !bin) || plan.steps.empty()) return lines;
  Json& result = ask.context.out.result();
  const auto pieces = pieces_of(ask, plan);
  if (bin && pieces.size() > 1) {
    throw Refused("two_places",
                  fmt::format("the bytes go to two places, {:#x} and {:#x}, and a .bin has no addresses",
                              pieces[0].address, pieces[1].address),
                  "use --hex, or repair the slot first and --md5 after it", {{"places", pieces.size()}});
  }
  if (hex && !pieces.empty()) {
    const std::string text = intel_hex(pieces);
    write_file(*hex, std::as_bytes(std::span(text)), ask.context.force());
    result["hex"] = *hex;
    lines.push_back(fmt::format("{} holds the bytes with their addresses", *hex));
  }
  if (bin && !pieces.empty()) {
    write_file(*bin, pieces[0].bytes, ask.context.force());
    result["bin"] = *bin;
    lines.push_back(fmt::format("{} holds the bytes for {:#x}", *bin, pieces[0].address));
  }
  if (bin || pieces.empty()) {
    const auto commands = commands_of(ask, plan, bin.value_or(""));
    result["commands"] = commands;
    lines.emplace_back("for the board, in this order:");
    for (const std::string& command : commands) lines.push_back("  " + command);
  } else {
    for (const RepairStep& step : plan.steps) {
      if (step.bytes.empty())
        lines.push_back(fmt::format("then erase the {:#x} bytes from {:#x}", kSectorBytes, step.address));
    }
  }
  return lines;
}

int propose(const Case& ask, RepairPlan plan) {
  Output& out = ask.context.out;
  Json& result = out.result();
  if (ask.context.args.has("--md5")) add_md5_row(ask.view, plan);
  result["possible"] = true;
  result["boot_slot"] = slot_json(plan.before.slot);
  result["boot_slot_after"] = slot_json(plan.after.slot);
  result["changes"] = changes_json(ask, plan);
  result["written"] = false;
  const auto lines = write_files(ask, plan);
  const bool writes = ask.context.args.has("--write") && !plan.steps.empty();
  if (writes) write_target(ask, plan);
  out.say("now {} boots: {}", slot_name(plan.before.slot), boot_reason_text(plan.before.reason));
  if (plan.steps.empty()) {
    out.say("nothing has to change");
    return kDone;
  }
  for (const RepairStep& step : plan.steps) say_change(ask, step);
  out.say("then {} boots: {}", slot_name(plan.after.slot), boot_reason_text(plan.after.reason));
  for (const std::string& line : lines) out.say("{}", line);
  if (writes) {
    out.say("{} is changed", ask.context.target());
  } else if (lines.empty()) {
    out.note("nothing is written: --write changes the dump, --hex FILE and --bin FILE make a file for the board");
  }
  return kDone;
}

void check_slot(const Case& ask) {
  const Layout& layout = ask.view.layout();
  if (ask.slot == kTestSlot) {
    throw Refused::usage("bad_slot", "no boot record names the test app: a bootloader starts it by a pin",
                         "name an ota slot or factory", {{"slot", "test"}});
  }
  if (!layout.extent_of(ask.slot).present())
    throw Refused(Event{Status::slot_unknown, {static_cast<std::uint32_t>(ask.slot), layout.slot_count}});
  if (const Event event = layout.updatable(); event.failed() && event.code != Status::layout_one_slot)
    throw Refused(event);
}

int run(Context& context) {
  const std::string path = context.target();
  if (is_being_written(path)) context.out.note("{} is in use: what follows may be half written", path);
  const Dump dump(context, read_file(path));
  if (!dump.is_flash()) {
    throw Refused("not_a_flash",
                  fmt::format("{} is no dump of a flash: it is of the kind '{}'", path, dump.kind_text()),
                  "for a part of a flash, say with --at ADDRESS where it begins", {{"kind", dump.kind_text()}});
  }
  const auto flash = dump.flash();
  FlashView view(*flash, dump.table_offset(), context.policy, flash->known());
  const Case ask{context, dump, view, context.slot("SLOT", kNoSlot)};
  context.out.result()["slot"] = slot_json(ask.slot);
  context.out.result()["policy"] = policy_name(context.policy);
  check_slot(ask);
  const SlotReport report = report_slot(view, ask.slot);
  if (report.absent)
    return answer_no(ask, {"not_in_dump", "its image is not all in the dump, so nobody knows whether it is good",
                           "read the whole flash: esptool read-flash 0 ALL dump.bin"});
  if (!report.valid()) return answer_no(ask, Refused(report.fault));
  const auto plan = plan_repair(dump, context.policy, ask.slot);
  if (plan) return propose(ask, *plan);
  return answer_no(ask,
                   {"no_repair", "no change of the boot records does it without a moment in which another slot boots",
                    "write the slots anew: dualbank new, then dualbank update"});
}

constexpr std::array kOperands{kTarget,
                               Operand{"SLOT", Takes::slot, "the slot that is to boot: ota_0, ota_1, ..., factory"}};
constexpr std::array kOptions{
    Option{"--write", "", Takes::nothing, "change TARGET; without it nothing is written there"},
    Option{"--hex", "FILE", Takes::new_file, "write the bytes with their addresses as Intel HEX"},
    Option{"--bin", "FILE", Takes::new_file, "write the bytes alone, and say the esptool line that brings them"},
    Option{"--md5", "", Takes::nothing, "also give the partition table the MD5 row that it lacks"},
    Option{"--force", "", Takes::nothing, "replace the files of --hex and --bin"},
    kTable,
    kAt,
    kLayoutOfDump};
constexpr std::array<std::string_view, 3> kExamples{"dualbank repair dump.bin ota_1",
                                                    "dualbank repair dump.bin ota_1 --write --policy stock-rollback",
                                                    "dualbank repair part.bin ota_0 --bin record.bin"};

}  // namespace

const Verb kRepairVerb{
    "repair",
    Group::write,
    "find the smallest change of the boot records that makes a slot boot, and show it",
    "Usually that is one record of 32 bytes in the sector that does not rule, or nothing at all. The image is verified "
    "first: a slot that is damaged is not made to boot (exit code 3).\n\n"
    "Nothing is written without --write, --hex or --bin.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
