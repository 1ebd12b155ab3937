#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "dualbank/cli/boards.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/csv_table.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/extended_drive.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/find_chip.hpp"
#include "dualbank/cli/firmware.hpp"
#include "dualbank/cli/foreign.hpp"
#include "dualbank/cli/known_layout.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/ports/file/file_flash.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kSmallestFlash = 1U << 20;

/// A flash that is being made.
struct Draft {
  std::vector<std::byte> bytes;
  std::uint16_t chip_id = kAnyChip;
  std::string made_from;
};

std::uint32_t smallest_flash_for(std::uint64_t end) {
  std::uint32_t size = kSmallestFlash;
  while (size < end && size < ports::FileFlash::kMostBytes) size *= 2;
  return size;
}

std::uint32_t checked_size(const Context& context, std::uint32_t otherwise, std::uint64_t end) {
  const std::uint32_t size = context.size("--size", otherwise);
  if (size == 0 || size % ports::FileFlash::kSectorBytes != 0 || size > ports::FileFlash::kMostBytes) {
    throw Refused::usage("bad_size", fmt::format("a flash of {} bytes is not possible", size),
                         "give whole sectors of 4 KiB, up to 128 MiB: --size 4MB", {{"size", size}});
  }
  if (end > size) {
    throw Refused("flash_too_small",
                  fmt::format("the partitions end at {:#x}, beyond a flash of {}", end, size_text(size)),
                  fmt::format("give --size {}M or more, or another layout", smallest_flash_for(end) >> 20),
                  {{"end", end}, {"size", size}});
  }
  return size;
}

void write_table(Draft& draft, const std::vector<Partition>& partitions) {
  const MutableBytes place = MutableBytes(draft.bytes).subspan(kDefaultTableOffset);
  require(write_partition_table(partitions, place.first<kPartitionTableBytes>()));
}

Draft draft_of_csv(const Context& context, std::string_view csv, std::uint32_t usual_size) {
  const auto partitions = partitions_of_csv(csv);
  const std::uint64_t end = end_of(partitions);
  const std::uint32_t size = checked_size(context, usual_size != 0 ? usual_size : smallest_flash_for(end), end);
  Draft draft{.bytes = std::vector<std::byte>(size, std::byte{0xFF}), .made_from = {}};
  write_table(draft, partitions);
  return draft;
}

Draft draft_of_joined(const Context& context, const std::string& path) {
  std::vector<std::byte> file = read_file(path);
  const FirmwareKind kind = recognise_firmware(file);
  if (kind != FirmwareKind::joined && kind != FirmwareKind::whole_flash) {
    throw Refused("not_joined", fmt::format("{} is not a joined file: it is of the kind '{}'", path, kind_name(kind)),
                  "give a .bin with bootloader, partition table and app, or use --board and --image",
                  {{"path", path}, {"kind", kind_name(kind)}});
  }
  std::uint64_t end = file.size();
  PartitionTableParser parser(kDefaultTableOffset, 0);
  for (std::uint32_t row = 0; row < kPartitionTableRows; ++row) {
    const std::size_t at = kDefaultTableOffset + std::size_t{row} * kPartitionRowBytes;
    const TableRow what = at + kPartitionRowBytes <= file.size()
                              ? parser.feed(Bytes(file).subspan(at, kPartitionRowBytes))
                              : TableRow::end;
    if (what == TableRow::failed) throw Refused(parser.error());
    if (what == TableRow::end) break;
    if (what == TableRow::partition)
      end = std::max(end, std::uint64_t{parser.partition().offset} + parser.partition().size_bytes);
  }
  Draft draft{.bytes = std::move(file), .made_from = path};
  draft.bytes.resize(checked_size(context, smallest_flash_for(end), end), std::byte{0xFF});
  return draft;
}

Draft start_draft(const Context& context) {
  const auto board = context.args.value("--board");
  const auto layout = context.args.value("--layout");
  const auto csv = context.args.value("--csv");
  const auto from = context.args.value("--from");
  if (board.has_value() + layout.has_value() + csv.has_value() + from.has_value() != 1) {
    throw Refused::usage(
        "usage", "dualbank new needs one of --board, --layout, --csv and --from",
        "dualbank boards lists boards; for example: dualbank new board.flash --board adafruit_metro_esp32s3");
  }
  if (from) return draft_of_joined(context, *from);
  if (csv) {
    const auto text = read_file(*csv, kMostTextBytes);
    Draft draft = draft_of_csv(context, {reinterpret_cast<const char*>(text.data()), text.size()}, 0);
    draft.made_from = *csv;
    return draft;
  }
  if (layout) {
    const KnownLayout& known = find_layout(*layout);
    Draft draft = draft_of_csv(context, known.csv, known.flash_bytes);
    draft.made_from = known.name;
    return draft;
  }
  const Board& known = find_board(*board);
  Draft draft = draft_of_csv(context, find_layout(known.layout).csv, known.flash_bytes);
  draft.chip_id = chip_by_name(std::string(known.chip)).id;
  draft.made_from = known.name;
  return draft;
}

void put(Draft& draft, std::uint32_t offset, Bytes bytes) {
  std::copy(bytes.begin(), bytes.end(), draft.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

void put_bootloader(const Context& context, Draft& draft) {
  const auto path = context.args.value("--bootloader");
  if (!path) return;
  const std::vector<std::byte> file = read_file(*path);
  if (file.size() < kImageHeaderBytes || load_u8(file, 0) != kImageMagic) {
    throw Refused("not_bootloader", fmt::format("{} is not a bootloader's image: it does not start with E9", *path),
                  "give bootloader.bin of a build; a joined file goes to --from", {{"path", *path}});
  }
  const std::uint16_t id = ImageHeader::parse(file).chip_id;
  if (draft.chip_id == kAnyChip) draft.chip_id = id;
  const Chip* chip = find_chip(id);
  if (chip == nullptr || id != draft.chip_id) throw Refused(Event{Status::image_wrong_chip, {id, draft.chip_id}});
  const std::uint32_t room = kDefaultTableOffset - chip->bootloader_offset;
  if (file.size() > room) throw Refused(Event{Status::image_too_long, {static_cast<std::uint32_t>(file.size()), room}});
  put(draft, chip->bootloader_offset, file);
}

/// Into ota_0, or the app partition of a layout without OTA slots.
std::optional<ImageInfo> put_image(const Context& context, Draft& draft, SlotIndex& slot) {
  const auto path = context.args.value("--image");
  if (!path) return std::nullopt;
  ports::RamFlash flash(draft.bytes);
  FlashView view(flash, kDefaultTableOffset, context.policy);
  slot = view.layout().slot_count > 0 ? SlotIndex{0} : kFactorySlot;
  const Extent extent = view.layout().extent_of(slot);
  if (!extent.present()) throw Refused(Event{Status::layout_no_slots});
  const Firmware firmware = load_firmware(*path, draft.chip_id);
  ImageRules rules = ImageRules::strict(draft.chip_id, extent.size_bytes, extent.offset);
  rules.need_hash = rules.need_descriptor = !context.args.has("--allow-foreign");
  const ImageInfo info = verify_image(firmware.app, rules);
  warn_of_foreign(context.out, info);
  std::fill_n(draft.bytes.begin() + static_cast<std::ptrdiff_t>(extent.offset), extent.size_bytes, std::byte{0xFF});
  put(draft, extent.offset, firmware.app);
  draft.chip_id = info.header.chip_id;
  return info;
}

/// As on a board that CircuitPython has booted once, but not extended unless asked for: so that updates are possible.
/// A table of the user's own says nothing of CircuitPython, and a joined file leaves the drive as it is.
void put_drive(const Context& context, Draft& draft) {
  const bool extended = context.args.has("--extended");
  if (!context.args.has("--board") && !context.args.has("--layout")) {
    if (!extended) return;
    throw Refused::usage("usage", "dualbank new --extended goes with --board and --layout",
                         "make the flash, then: dualbank erase-filesystem FLASH --extended");
  }
  ports::RamFlash flash(draft.bytes);
  const FlashView view(flash, kDefaultTableOffset, context.policy);
  const SlotIndex running = view.layout().slot_count > 0 ? SlotIndex{0} : kFactorySlot;
  require(make_drive(flash, view.layout(), running, extended));
}

void check_free(const Context& context, const std::string& path) {
  if (!path_exists(path)) return;
  if (!context.force()) {
    throw Refused("file_exists", fmt::format("{} is there already", path),
                  "name another file, or replace it with --force", {{"path", path}});
  }
  ports::FileFlash probe;
  if (probe.open(path.c_str()) == Status::file_in_use) throw Refused(probe.last_event());
}

int run(Context& context) {
  const std::string path = context.target();
  check_free(context, path);
  Draft draft = start_draft(context);
  if (const auto name = context.args.value("--chip")) draft.chip_id = chip_by_name(*name).id;
  put_bootloader(context, draft);
  SlotIndex slot = kNoSlot;
  const auto image = put_image(context, draft, slot);
  put_drive(context, draft);
  ports::RamFlash flash(draft.bytes);
  FlashView view(flash, kDefaultTableOffset, context.policy);
  const Layout& layout = view.layout();  // throws where the table is no good
  if (draft.chip_id == kAnyChip) draft.chip_id = view.chip_id();
  if (!context.dry_run()) write_file(path, draft.bytes, context.force());

  Output& out = context.out;
  Json& result = out.result();
  result["path"] = path;
  result["size"] = draft.bytes.size();
  result["chip"] = find_chip(draft.chip_id) == nullptr ? Json(nullptr) : Json(chip_name(draft.chip_id));
  result["made_from"] = draft.made_from;
  result["image"] = image ? image_json(*image, true) : Json(nullptr);
  result["drive"] = drive_json(view, kNoSlot);
  result["dry_run"] = context.dry_run();
  result["slots"] = Json::array();
  for (const SlotReport& report : report_slots(view)) result["slots"].push_back(slot_report_json(report));
  out.done("{}{}: a flash of {} made from {}, {} {}", context.dry_run() ? "would write " : "", path,
           size_text(draft.bytes.size()), draft.made_from, layout.slot_count,
           layout.slot_count == 1 ? "slot" : "slots");
  if (image) out.done("{} holds {}", slot_name(slot), image_label(*image));
  const Event updatable = layout.updatable();
  if (updatable.failed()) {
    out.note("no update is possible: {}", what_text(updatable));
    out.note("  {}", refusal(view, updatable).cure());
  }
  const bool boots = view.predict().slot != kNoSlot;
  if (!updatable.failed()) say_next(context, boots ? "status" : "update", boots ? "" : "IMAGE");
  return kDone;
}

constexpr std::array kOperands{Operand{"TARGET", Takes::new_file, "the flash file to make (or DUALBANK_FLASH)"}};
constexpr std::array kOptions{
    Option{"--board", "ID", Takes::board, "for a board of dualbank boards: its chip, flash size and layout"},
    Option{"--layout", "NAME", Takes::layout, "with a layout of CircuitPython: 4MB, 8MB, 8MB-no-uf2, ..."},
    Option{"--csv", "FILE", Takes::file, "with a partition table of your own, as CSV"},
    Option{"--from", "FILE", Takes::file, "as a joined file has it: bootloader, partition table and app"},
    Option{"--size", "SIZE", Takes::size, "of the flash (default: as the board or layout says)"},
    Option{"--chip", "CHIP", Takes::chip, "where board and image do not tell"},
    Option{"--image", "FILE", Takes::file, "the first firmware: into ota_0"},
    Option{"--bootloader", "FILE", Takes::file, "the bootloader's image: to where the chip has it"},
    Option{"--extended", "", Takes::nothing, "the CIRCUITPY drive goes on in ota_1, as CircuitPython itself makes it"},
    Option{"--force", "", Takes::nothing, "replace the file where there is one"},
    kAllowForeign,
    kDryRun};
constexpr std::array<std::string_view, 4> kExamples{
    "dualbank new board.flash --board adafruit_metro_esp32s3 --image firmware-1.0.bin",
    "dualbank new board.flash --layout 8MB", "dualbank new board.flash --csv partitions.csv --size 4MB",
    "dualbank new board.flash --from adafruit-circuitpython-9.2.8.bin"};

}  // namespace

const Verb kNewVerb{
    "new",
    Group::write,
    "make a flash file: partition table, and a first firmware if you like",
    "The file is what a tool would read off a fresh board: the partition table with its MD5 row, the first image in "
    "ota_0, everything else erased (FF). For a board or layout of CircuitPython the drive holds an empty FAT file "
    "system that is not extended, so that updates are possible. The file appears whole or not at all.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
