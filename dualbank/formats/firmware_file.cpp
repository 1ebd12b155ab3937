#include "dualbank/formats/firmware_file.hpp"

#include <algorithm>

#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/elf.hpp"
#include "dualbank/formats/partition_table.hpp"
#include "dualbank/formats/uf2.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kSignatureSectorBytes = 0x1000;
constexpr std::uint8_t kSignatureMagic = 0xE7;
constexpr std::uint8_t kSignatureRsa = 2;
constexpr std::uint8_t kSignatureEcdsa = 3;
constexpr std::uint32_t kUnusable = 3;

/// The bytes up to 4 GiB: addresses here have 32 bits.
Bytes addressable(Bytes file) {
  return file.first(static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), 0xFFFF'FFFF)));
}

/// From `offset` on; empty beyond the end.
Bytes from(Bytes file, std::size_t offset) { return offset < file.size() ? file.subspan(offset) : Bytes{}; }

bool begins_image(Bytes bytes) { return !bytes.empty() && load_u8(bytes, 0) == kImageMagic; }

std::uint16_t chip_of_image(Bytes bytes) {
  if (!begins_image(bytes) || bytes.size() < kImageHeaderBytes) return kAnyChip;
  return ImageHeader::parse(bytes).chip_id;
}

bool has_bootloader(Bytes file) {
  for (const Chip& chip : all_chips()) {
    if (chip_of_image(from(file, chip.bootloader_offset)) == chip.id && is_vendor_chip(chip.id) &&
        all_equal(file.first(chip.bootloader_offset), std::byte{0xFF})) {
      return true;
    }
  }
  return false;
}

struct TableScan {
  bool present = false;  ///< begins like one
  Event error{};
  std::uint64_t end_of_partitions = 0;

  [[nodiscard]] bool sound() const { return present && !error.failed(); }
};

/// Calls `visit` with each partition.
template <class Visit>
TableScan scan_table(Bytes file, std::uint32_t table_offset, Visit visit) {
  TableScan scan;
  Bytes rows = from(file, table_offset);
  scan.present = rows.size() >= kPartitionRowBytes && load_u16(rows, 0) == kPartitionMagic;
  if (!scan.present) return scan;
  PartitionTableParser parser(table_offset, 0);
  while (rows.size() >= kPartitionRowBytes) {
    const TableRow row = parser.feed(rows);
    if (row == TableRow::end) return scan;
    if (row == TableRow::failed) {
      scan.error = parser.error();
      return scan;
    }
    if (row == TableRow::partition) {
      const Partition& p = parser.partition();
      scan.end_of_partitions = std::max(scan.end_of_partitions, std::uint64_t{p.offset} + p.size_bytes);
      visit(p);
    }
    rows = rows.subspan(kPartitionRowBytes);
  }
  scan.error = {Status::table_no_end, {parser.partition_count(), 0, 0}};
  return scan;
}

/// T + 32 of an image that may be cut short anywhere; kUnknownLength where its headers do not tell.
std::uint64_t image_length(Bytes bytes) {
  if (bytes.size() < kImageHeaderBytes || !begins_image(bytes)) return kUnknownLength;
  const ImageHeader header = ImageHeader::parse(bytes);
  if (header.segment_count > kMostSegments) return kUnknownLength;
  std::uint64_t end = kImageHeaderBytes;
  for (std::uint32_t i = 0; i < header.segment_count; ++i) {
    if (end + kSegmentHeaderBytes > bytes.size()) return kUnknownLength;
    const SegmentHeader segment = SegmentHeader::parse(bytes.subspan(static_cast<std::size_t>(end)));
    end += kSegmentHeaderBytes + std::uint64_t{segment.length_bytes};
  }
  return ((end + 16) & ~std::uint64_t{15}) + (header.has_hash ? kImageHashBytes : 0);
}

/// Where the signature sector behind an image of this length ends; 0 when there is none.
std::uint64_t end_of_signature(Bytes bytes, std::uint64_t length) {
  const std::uint64_t at = (length + kSignatureSectorBytes - 1) & ~std::uint64_t{kSignatureSectorBytes - 1};
  if (at + kSignatureSectorBytes > bytes.size()) return 0;
  const Bytes sector = bytes.subspan(static_cast<std::size_t>(at));
  const std::uint8_t version = load_u8(sector, 1);
  const bool found = load_u8(sector, 0) == kSignatureMagic && (version == kSignatureRsa || version == kSignatureEcdsa);
  return found ? at + kSignatureSectorBytes : 0;
}

FirmwareView view_of(FirmwareKind kind, Bytes bytes, std::uint32_t offset) {
  FirmwareView view{.kind = kind, .app = bytes, .app_offset = offset, .chip_id = chip_of_image(bytes)};
  const std::uint64_t length = image_length(bytes);
  if (length < bytes.size()) {
    const std::uint64_t signed_to = end_of_signature(bytes, length);
    view.has_signature = signed_to != 0;
    view.app = bytes.first(static_cast<std::size_t>(view.has_signature ? signed_to : length));
  }
  return view;
}

/// The order in which app partitions are asked for the app.
std::uint32_t rank(const Partition& p) {
  if (p.type != partition_type::kApp) return kUnusable;
  if (p.subtype == app_subtype::kOta0) return 0;
  if (p.subtype == app_subtype::kFactory) return 1;
  return p.is_ota_slot() || p.subtype == app_subtype::kTest ? 2 : kUnusable;
}

Result<FirmwareView> find_in_joined(FirmwareKind kind, Bytes file, std::uint32_t table_offset) {
  std::uint32_t apps = 0;
  std::uint32_t first_beyond = 0;
  for (std::uint32_t wanted = 0; wanted < kUnusable; ++wanted) {
    Bytes found{};
    std::uint32_t found_at = 0;
    const TableScan scan = scan_table(file, table_offset, [&](const Partition& p) {
      if (rank(p) != wanted || p.size_bytes == 0) return;
      ++apps;
      if (p.offset >= file.size()) {
        if (first_beyond == 0) first_beyond = p.offset;
        return;
      }
      Bytes bytes = file.subspan(p.offset);
      bytes = bytes.first(std::min<std::size_t>(bytes.size(), p.size_bytes));
      const Bytes start = bytes.first(std::min<std::size_t>(bytes.size(), kImageStartBytes));
      if (!found.empty() || all_equal(start, std::byte{0xFF})) return;
      found = bytes;
      found_at = p.offset;
    });
    if (scan.error.failed()) return scan.error;
    if (!found.empty()) return view_of(kind, found, found_at);
  }
  if (first_beyond != 0) {
    return {Status::file_ends_before_app, static_cast<std::uint32_t>(file.size()), first_beyond};
  }
  return {Status::file_no_app, table_offset, apps};
}

Event not_a_firmware(FirmwareKind kind, Bytes file, std::uint32_t table_offset) {
  if (kind == FirmwareKind::elf) return {Status::file_is_elf, {}};
  if (kind == FirmwareKind::partition_table) return {Status::file_is_partition_table, {}};
  if (kind == FirmwareKind::bootloader_only) {
    const Bytes table = from(file, table_offset);
    if (table.size() < kPartitionRowBytes) return {Status::image_is_bootloader, {}};
    return {Status::table_missing, {table_offset, load_u32(table, 0), 0}};
  }
  const auto size = static_cast<std::uint32_t>(file.size());
  if (size < kImageStartBytes) return {Status::image_too_short, {size, kImageStartBytes, 0}};
  return {Status::file_unknown, {load_u32(file, 0), 0, 0}};
}

}  // namespace

const char* kind_name(FirmwareKind kind) {
  switch (kind) {
    case FirmwareKind::app_image:
      return "app image";
    case FirmwareKind::joined:
      return "joined file";
    case FirmwareKind::whole_flash:
      return "whole flash";
    case FirmwareKind::bootloader_only:
      return "bootloader";
    case FirmwareKind::partition_table:
      return "partition table";
    case FirmwareKind::uf2:
      return "UF2 file";
    case FirmwareKind::elf:
      return "ELF file";
    case FirmwareKind::unknown:
      break;
  }
  return "unknown file";
}

FirmwareKind recognise_firmware(Bytes whole_file, std::uint32_t table_offset) {
  const Bytes file = addressable(whole_file);
  if (file.size() >= 8 && load_u32(file, 0) == kUf2Magic && load_u32(file, 4) == kUf2SecondMagic) {
    return FirmwareKind::uf2;
  }
  if (file.size() >= 4 && load_u32(file, 0) == kElfMagic) return FirmwareKind::elf;
  const Bytes descriptor = from(file, kAppDescriptorOffset);
  if (begins_image(file) && AppDescriptor::present(descriptor)) return FirmwareKind::app_image;

  const TableScan table = scan_table(file, table_offset, [](const Partition&) {});
  const bool bootloader = has_bootloader(file);
  const bool blank_head = all_equal(file.first(std::min<std::size_t>(file.size(), table_offset)), std::byte{0xFF});
  if (table.sound() && table.end_of_partitions != 0 && file.size() >= table.end_of_partitions) {
    return FirmwareKind::whole_flash;
  }
  if (table.sound() || (table.present && table_offset != 0 && (bootloader || blank_head))) return FirmwareKind::joined;
  if (begins_image(file)) {
    const bool says_bootloader = !descriptor.empty() && load_u8(descriptor, 0) == kBootloaderDescriptorMagic;
    return says_bootloader ? FirmwareKind::bootloader_only : FirmwareKind::app_image;
  }
  if (bootloader) return FirmwareKind::bootloader_only;
  const bool table_first = scan_table(file, 0, [](const Partition&) {}).present;
  return table_first ? FirmwareKind::partition_table : FirmwareKind::unknown;
}

Result<FirmwareView> find_app(Bytes whole_file, std::uint32_t table_offset) {
  const Bytes file = addressable(whole_file);
  const FirmwareKind kind = recognise_firmware(file, table_offset);
  switch (kind) {
    case FirmwareKind::app_image:
      return view_of(kind, file, 0);
    case FirmwareKind::joined:
    case FirmwareKind::whole_flash:
      return find_in_joined(kind, file, table_offset);
    case FirmwareKind::uf2:
      return FirmwareView{.kind = kind};
    default:
      return not_a_firmware(kind, file, table_offset);
  }
}

}  // namespace dualbank
