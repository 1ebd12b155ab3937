#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dualbank/cli/boards.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/csv_table.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/files.hpp"
#include "dualbank/cli/find_chip.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/partition_name.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/formats/elf.hpp"
#include "dualbank/formats/firmware_file.hpp"
#include "dualbank/formats/image_writer.hpp"
#include "dualbank/formats/uf2.hpp"

namespace dualbank::cli {
namespace {

template <std::size_t N>
void put_text(const Context& context, std::string_view flag, std::array<char, N>& field) {
  const std::string text = context.args.value(flag).value_or("");
  if (text.size() > N - 2) {
    throw Refused::usage("text_too_long",
                         fmt::format("{} takes at most {} characters, this has {}", flag, N - 2, text.size()));
  }
  std::copy(text.begin(), text.end(), field.begin());
}

const std::string& required(const Context& context, std::string_view flag, std::string& into, const char* cure) {
  const auto value = context.args.value(flag);
  if (!value) {
    throw Refused::usage("missing_option", fmt::format("dualbank make-image needs {}", flag), cure,
                         {{"option", std::string(flag)}});
  }
  return into = *value;
}

Partition partition_of_slot(const std::string& layout, const std::string& slot) {
  const auto file = path_exists(layout) ? read_file(layout, kMostTextBytes) : std::vector<std::byte>{};
  const std::string_view csv{reinterpret_cast<const char*>(file.data()), file.size()};
  for (const Partition& p : partitions_of_csv(file.empty() ? find_layout(layout).csv : csv)) {
    if (p.type == partition_type::kApp && partition_subtype_name(p) == slot) return p;
  }
  throw Refused("unknown_slot", fmt::format("{} has no slot {}", layout, slot),
                "name a slot of its table: ota_0, ota_1", {{"slot", slot}});
}

void put_place(const Context& context, const Chip& chip, ImageRecipe& recipe) {
  const auto slot = context.args.value("--slot");
  const auto layout = context.args.value("--layout");
  if (!slot && chip.fixed) {
    throw Refused::usage("missing_option", "an image that runs in place is linked for one slot: which one is it?",
                         "name it, and the table: --slot ota_0 --layout partitions.csv", {{"option", "--slot"}});
  }
  if (slot.has_value() != layout.has_value()) {
    throw Refused::usage("missing_option", "--slot and --layout go together",
                         "for example --slot ota_0 --layout partitions.csv",
                         {{"option", slot ? "--layout" : "--slot"}});
  }
  if (!slot) return;
  const Partition place = partition_of_slot(*layout, *slot);
  recipe.flash_offset = place.offset;
  recipe.slot_bytes = place.size_bytes;
}

ImageRecipe recipe_of(const Context& context, Bytes input, const Chip& chip) {
  ImageRecipe recipe{.chip_id = chip.id};
  if (recognise_firmware(input) == FirmwareKind::elf) {
    recipe.elf = input;
  } else {
    if (!context.args.has("--address")) {
      throw Refused::usage(
          "missing_option",
          fmt::format("{} is no ELF file, so its load address is not known", context.args.operand("INPUT").value()),
          "give an ELF file, or --address ADDRESS for a raw payload", {{"option", "--address"}});
    }
    recipe.payload = input;
    recipe.payload_address = context.number("--address", 0);
    recipe.entry_address = context.number("--entry", recipe.payload_address);
  }
  put_place(context, chip, recipe);
  put_text(context, "--app-version", recipe.descriptor.version);
  put_text(context, "--project", recipe.descriptor.project_name);
  recipe.descriptor.secure_version = context.number("--secure-version", 0);
  return recipe;
}

std::vector<std::byte> as_uf2(Bytes image, const Chip& chip) {
  std::vector<std::byte> file(uf2_bytes_needed(static_cast<std::uint32_t>(image.size())));
  const auto written = write_uf2(image, chip.uf2_family, file);
  if (!written) throw Refused(written.error());
  file.resize(*written);
  return file;
}

int run(Context& context) {
  std::string output;
  std::string name;
  required(context, "--output", output, "-o - writes to standard output");
  required(context, "--chip", name, "for example --chip esp32c3");
  const Chip& chip = chip_by_name(name);
  if (output == "-" && context.out.json) {
    throw Refused::usage("usage", "standard output cannot take both the file and the JSON object",
                         "name a file with -o");
  }
  const std::vector<std::byte> input = read_file(context.args.operand("INPUT").value());
  const ImageRecipe recipe = recipe_of(context, input, chip);
  const auto plan = plan_image(recipe);
  if (!plan) throw Refused(plan.error());
  std::vector<std::byte> image(plan->length_bytes);
  const auto written = write_image(recipe, image);
  if (!written) throw Refused(written.error());
  ImageVerifier verifier(ImageRules::strict(chip.id, recipe.slot_bytes, recipe.flash_offset));
  if (verifier.feed(image) != Status::ok) throw Refused(verifier.error());
  if (!verifier.done()) throw Refused(verifier.truncated());
  const bool uf2 = context.args.has("--uf2");
  const std::vector<std::byte> file = uf2 ? as_uf2(image, chip) : image;
  if (!context.dry_run()) write_file(output, file, context.force());
  Json& result = context.out.result();
  result["image"] = image_json(verifier.info(), true);
  result["padding"] = plan->padding_bytes;
  result["descriptor_from_input"] = plan->descriptor_from_input;
  result["output"] = output;
  result["dry_run"] = context.dry_run();
  if (output != "-") {
    context.out.done("{}{}: {} for {}, {} in {} segments", context.dry_run() ? "would write " : "", output,
                     image_label(verifier.info()), chip.name, size_text(image.size()), plan->segment_count);
  }
  return kDone;
}

constexpr std::array kOperands{
    Operand{"INPUT", Takes::file, "an ELF file, or raw bytes with --address; - is standard input"}};
constexpr std::array kOptions{
    Option{"-o,--output", "FILE", Takes::new_file, "where to; - is standard output"},
    Option{"-c,--chip", "CHIP", Takes::chip, "esp32, esp32s2, esp32s3, esp32c3, ..., generic, or inplace"},
    Option{"--slot", "SLOT", Takes::slot, "the slot it is linked for, where flash cannot be remapped (chip inplace)"},
    Option{"--layout", "FILE", Takes::file, "the partition table that has the slot: CSV, or a layout's name"},
    Option{"--app-version", "TEXT", Takes::text, "version in the app descriptor, where INPUT brings none"},
    Option{"--project", "TEXT", Takes::text, "project name in the app descriptor, where INPUT brings none"},
    Option{"--secure-version", "N", Takes::number, "secure version in the app descriptor (anti-rollback)"},
    Option{"--address", "ADDRESS", Takes::number, "where raw bytes are loaded to"},
    Option{"--entry", "ADDRESS", Takes::number, "where raw bytes are started (default: their address)"},
    Option{"--uf2", "", Takes::nothing, "write a UF2 file"},
    kDryRun,
    Option{"--force", "", Takes::nothing, "replace the file"}};
constexpr std::array<std::string_view, 3> kExamples{
    "dualbank make-image app.elf -o app.bin --chip esp32c3 --project demo --app-version 2.0",
    "dualbank make-image payload.bin -o app.bin --chip generic --address 0x20000000",
    "dualbank make-image app.elf -o app-ota_1.bin --chip inplace --slot ota_1 --layout partitions.csv"};

}  // namespace

const Verb kMakeImageVerb{
    "make-image",
    Group::files,
    "make an app image of an ELF file or of raw bytes",
    "The image carries an app descriptor, a checksum and a SHA-256, and is what update and the vendor's bootloader "
    "take.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
