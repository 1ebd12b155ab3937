#include "dualbank/cli/firmware.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/uf2.hpp"

namespace dualbank::cli {
namespace {

bool is_firmware(FirmwareKind kind) {
  return kind == FirmwareKind::app_image || kind == FirmwareKind::uf2 || kind == FirmwareKind::joined ||
         kind == FirmwareKind::bootloader_only || kind == FirmwareKind::elf;
}

}  // namespace

std::vector<std::byte> app_of_uf2(Bytes file, std::uint16_t chip_id) {
  auto opened = Uf2Reader::open(file, chip_id);
  if (!opened) throw Refused(opened.error());
  Uf2Reader reader = *opened;
  std::vector<std::byte> app(reader.total_bytes());
  for (Uf2Piece piece = reader.next(); !piece.payload.empty(); piece = reader.next()) {
    std::copy(piece.payload.begin(), piece.payload.end(), app.begin() + static_cast<std::ptrdiff_t>(piece.offset));
  }
  // The last payload is filled up: the image itself tells where it ends.
  if (const auto view = find_app(app); view) app.resize(view->app.size());
  return app;
}

namespace {

std::vector<std::byte> read_firmware_file(const std::string& path) {
  std::vector<std::byte> file = read_file(path);
  if (!file.empty()) return file;
  throw Refused("file_empty", fmt::format("{} is empty", path == "-" ? "standard input" : path), "get the file again",
                {{"path", path}});
}

Firmware app_of(const std::string& path, const std::vector<std::byte>& file, std::uint16_t chip_id) {
  Firmware firmware{.path = path, .app = {}};
  const auto view = find_app(file);
  if (!view) throw Refused(view.error());
  firmware.kind = view->kind;
  if (view->kind == FirmwareKind::uf2) {
    firmware.app = app_of_uf2(file, chip_id);
  } else {
    firmware.app.assign(view->app.begin(), view->app.end());
  }
  return firmware;
}

}  // namespace

Firmware load_firmware(const std::string& path, std::uint16_t chip_id) {
  return app_of(path, read_firmware_file(path), chip_id);
}

Firmware load_signable(const std::string& path) {
  std::vector<std::byte> file = read_firmware_file(path);
  const FirmwareKind kind = recognise_firmware(file);
  if (kind != FirmwareKind::bootloader_only) return app_of(path, file, kAnyChip);
  return {.path = path, .kind = kind, .app = std::move(file)};
}

Firmware load_for_slot(const Context& context, std::uint16_t chip_id, const Extent& slot) {
  Firmware firmware = load_firmware(context.args.operand(kImage.name).value(), chip_id);
  const auto other = context.args.value("--or");
  if (!other) return firmware;
  const Bytes start = Bytes(firmware.app).first(std::min<std::size_t>(firmware.app.size(), kImageStartBytes));
  const auto look = check_image_start(start, ImageRules::vendor(kAnyChip, slot.size_bytes, slot.offset));
  return look.error().code == Status::image_linked_elsewhere ? load_firmware(*other, chip_id) : firmware;
}

Result<ImageInfo> judge_image(Bytes image, const ImageRules& rules) {
  // The first look sorts a bootloader's image and other kinds out by their own names.
  const auto start = check_image_start(image.first(std::min<std::size_t>(image.size(), kImageStartBytes)), rules);
  const bool short_start = !start && start.error().code == Status::image_too_short;
  if (!start && !short_start && rules.need_descriptor) return start.error();
  ImageVerifier verifier(rules);
  const Status status = verifier.feed(image);
  if (status != Status::ok) return verifier.error();
  if (short_start) return start.error();
  if (!verifier.done()) return verifier.truncated();
  return verifier.info();
}

ImageInfo verify_image(Bytes image, const ImageRules& rules) {
  const auto info = judge_image(image, rules);
  if (!info) throw Refused(info.error());
  return *info;
}

void check_operand_order(const Context& context) {
  const std::string target = context.target();
  const std::string image = context.args.operand(kImage.name).value_or("");
  if (image.empty() || image == "-" || !path_exists(image) || !path_exists(target)) return;
  if (recognise_firmware(read_file(image)) != FirmwareKind::whole_flash) return;
  const auto kind = recognise_firmware(read_file(target));
  if (!is_firmware(kind)) return;
  throw Refused::usage("operands_swapped",
                       fmt::format("{} is a flash file and {} is a firmware ({}): they stand in the other order", image,
                                   target, kind_name(kind)),
                       fmt::format("dualbank {} {} {}", context.args.verb->name, shell_word(image), shell_word(target)),
                       {{"target", image}, {"image", target}});
}

}  // namespace dualbank::cli
