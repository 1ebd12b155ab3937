#include <fmt/format.h>

#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/next_steps.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/suggest.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

struct Place {
  std::string name;
  Extent extent;
  SlotIndex slot = kNoSlot;
};

Place place_of(const Partition& partition, const Layout& layout) {
  Place place{printable(partition.label_text()), {partition.offset, partition.size_bytes}};
  if (partition.is_ota_slot()) place.slot = static_cast<SlotIndex>(partition.subtype - app_subtype::kOta0);
  if (partition.is(partition_type::kApp, app_subtype::kFactory)) place.slot = kFactorySlot;
  if (partition.is(partition_type::kApp, app_subtype::kTest)) place.slot = kTestSlot;
  if (place.extent.offset == layout.otadata.offset && layout.otadata.present()) place.name = "otadata";
  return place;
}

/// A slot's name, a partition's label, or table or bootloader.
Place find_place(Target& target, const std::string& word) {
  std::vector<std::string> known{"table", "bootloader"};
  if (word == "table") return {"table", {target.view().table_offset(), kPartitionTableSectorBytes}};
  const Layout& layout = target.view().layout();
  if (word == "bootloader") {
    const Chip* chip = find_chip(target.view().chip_id());
    if (chip == nullptr)
      throw Refused("chip_unknown", "nothing on this flash tells its chip, so the bootloader's place is not known");
    return {"bootloader", {chip->bootloader_offset, target.view().table_offset() - chip->bootloader_offset}};
  }
  for (const Partition& partition : target.view().partitions()) {
    const Place place = place_of(partition, layout);
    if (place.slot != kNoSlot && parse_slot_name(word) == place.slot) return place;
    if (place.name == word || printable(partition.label_text()) == word) return place;
    known.push_back(place.slot == kNoSlot ? place.name : slot_name(place.slot));
  }
  throw Refused("unknown_slot", fmt::format("this flash has no {}", word), fmt::format("name {}", join_or(known)),
                {{"slot", word}, {"slots", known}});
}

/// The image alone where there is a good one; else the whole partition, with --whole or --force.
std::uint32_t bytes_wanted(Context& context, Target& target, const Place& place) {
  if (place.slot == kNoSlot || context.args.has("--whole")) return place.extent.size_bytes;
  const auto image = target.view().verify(place.slot);
  if (image) return image->length_bytes;
  if (context.force()) return place.extent.size_bytes;
  const Refused why(image.error());
  throw Refused(why.code(), fmt::format("{}: {}", slot_name(place.slot), why.what()), "--whole takes the slot as it is",
                why.values());
}

int run(Context& context) {
  const auto output = context.args.value("--output");
  if (!output) {
    throw Refused::usage("missing_option", "dualbank extract needs -o FILE", "-o - writes to standard output",
                         {{"option", "--output"}});
  }
  if (*output == "-" && context.out.json) {
    throw Refused::usage("usage", "standard output cannot take both the file and the JSON object",
                         "name a file with -o");
  }
  Target target(context, Access::look);
  const Place place = find_place(target, context.args.operand("SLOT").value());
  const std::uint32_t size = bytes_wanted(context, target, place);
  const auto bytes = target.view().read(place.extent.offset, size);
  const std::string name = place.slot == kNoSlot ? place.name : slot_name(place.slot);
  if (!context.dry_run()) write_file(*output, bytes, context.force());
  Json& result = context.out.result();
  result["slot"] = name;
  result["offset"] = place.extent.offset;
  result["length"] = size;
  result["output"] = *output;
  result["sha256"] = digest_text(sha256(bytes));
  if (*output != "-") {
    context.out.done("{}{}: {} from {} of {}", context.dry_run() ? "would write " : "", *output, size_text(size), name,
                     target.path());
  }
  return kDone;
}

constexpr std::array kOperands{
    kTarget, Operand{"SLOT", Takes::slot, "a slot, a partition's label, otadata, table or bootloader"}};
constexpr std::array kOptions{Option{"-o,--output", "FILE", Takes::new_file, "where to; - is standard output"},
                              Option{"--whole", "", Takes::nothing, "the whole partition, not only the image in it"},
                              Option{"--force", "", Takes::nothing, "replace the file; take a damaged slot as it is"},
                              kDryRun, kTable};
constexpr std::array<std::string_view, 2> kExamples{"dualbank extract board.flash ota_0 -o firmware.bin",
                                                    "dualbank extract dump.bin otadata -o otadata.bin"};

}  // namespace

const Verb kExtractVerb{
    "extract",
    Group::files,
    "take the image of a slot, or another part, out of a flash",
    "Of a slot with a good image, the image alone is taken, exactly as long as it is. Other parts are taken whole.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
