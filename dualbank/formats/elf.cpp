#include "dualbank/formats/elf.hpp"

#include <algorithm>

#include "dualbank/formats/chip.hpp"

namespace dualbank {
namespace {

// File header.
constexpr std::uint32_t kHeaderBytes = 52;
constexpr std::size_t kClassAt = 4;
constexpr std::size_t kEncodingAt = 5;
constexpr std::size_t kTypeAt = 16;
constexpr std::size_t kMachineAt = 18;
constexpr std::size_t kEntryAt = 24;
constexpr std::size_t kSegmentsOffsetAt = 28;
constexpr std::size_t kSectionsOffsetAt = 32;
constexpr std::size_t kSegmentEntryBytesAt = 42;
constexpr std::size_t kSegmentCountAt = 44;
constexpr std::size_t kSectionEntryBytesAt = 46;
constexpr std::size_t kSectionCountAt = 48;
constexpr std::uint8_t kClass32 = 1;
constexpr std::uint8_t kLittleEndian = 1;
constexpr std::uint16_t kExecutable = 2;

// Section header.
constexpr std::uint32_t kSectionEntryBytes = 40;
constexpr std::size_t kSectionTypeAt = 4;
constexpr std::size_t kSectionFlagsAt = 8;
constexpr std::size_t kSectionAddressAt = 12;
constexpr std::size_t kSectionOffsetAt = 16;
constexpr std::size_t kSectionSizeAt = 20;
constexpr std::uint32_t kNoBits = 8;
constexpr std::uint32_t kAllocated = 2;

// Program header.
constexpr std::uint32_t kSegmentEntryBytes = 32;
constexpr std::size_t kSegmentOffsetAt = 4;
constexpr std::size_t kSegmentAddressAt = 8;
constexpr std::size_t kSegmentLoadAddressAt = 12;
constexpr std::size_t kSegmentFileBytesAt = 16;
constexpr std::uint32_t kLoad = 1;

struct Table {
  std::uint32_t offset = 0;
  std::uint32_t count = 0;
  std::uint32_t entry_bytes = 0;
};

Event check_range(Bytes file, std::uint32_t offset, std::uint64_t length) {
  if (std::uint64_t{offset} + length <= file.size()) return {};
  return {Status::elf_truncated, {static_cast<std::uint32_t>(file.size()), static_cast<std::uint32_t>(length), offset}};
}

Event check_table(Bytes file, const Table& table, std::uint32_t needed) {
  if (table.entry_bytes != needed) return {Status::elf_bad_table, {table.entry_bytes, needed, 0}};
  const std::uint32_t bytes = table.count * needed;  // 16-bit factors
  return check_range(file, table.offset, bytes);
}

Event check_header(Bytes file) {
  const auto size = static_cast<std::uint32_t>(file.size());
  const std::uint32_t found = size >= 4 ? load_u32(file, 0) : 0;
  if (found != kElfMagic) return {Status::elf_no_magic, {found, 0, 0}};
  if (const Event e = check_range(file, 0, kHeaderBytes); e.failed()) return e;
  if (const auto n = load_u8(file, kClassAt); n != kClass32) return {Status::elf_not_32_bit, {n, 0, 0}};
  if (const auto n = load_u8(file, kEncodingAt); n != kLittleEndian) {
    return {Status::elf_not_little_endian, {n, 0, 0}};
  }
  // Only an executable's addresses are final.
  if (load_u16(file, kTypeAt) != kExecutable) return {Status::elf_no_segments, {}};
  return {};
}

/// Where an entry of a table says that bytes to load are; no length: they are not to be loaded.
struct Place {
  std::uint32_t address = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

Place section(Bytes entry) {
  if ((load_u32(entry, kSectionFlagsAt) & kAllocated) == 0 || load_u32(entry, kSectionTypeAt) == kNoBits) return {};
  return {load_u32(entry, kSectionAddressAt), load_u32(entry, kSectionOffsetAt), load_u32(entry, kSectionSizeAt)};
}

Place segment(Bytes entry) {
  if (load_u32(entry, 0) != kLoad) return {};
  return {load_u32(entry, kSegmentAddressAt), load_u32(entry, kSegmentOffsetAt), load_u32(entry, kSegmentFileBytesAt)};
}

/// Where `offset` of the file is loaded to, when it runs at `address`; the same where no segment has it.
std::uint32_t load_address(Bytes file, const Table& segments, std::uint32_t offset, std::uint32_t address) {
  for (std::uint32_t i = 0; i < segments.count; ++i) {
    const Bytes entry = file.subspan(segments.offset + std::size_t{i} * kSegmentEntryBytes, kSegmentEntryBytes);
    const Place place = segment(entry);
    if (place.length != 0 && offset - place.offset < place.length) {
      return address - place.address + load_u32(entry, kSegmentLoadAddressAt);
    }
  }
  return address;
}

Event take(ElfFile& elf, Bytes file, const Table& table, Place (*read)(Bytes)) {
  for (std::uint32_t i = 0; i < table.count; ++i) {
    const Place place = read(file.subspan(table.offset + std::size_t{i} * table.entry_bytes, table.entry_bytes));
    if (place.length == 0) continue;
    if (const Event e = check_range(file, place.offset, place.length); e.failed()) return e;
    if (elf.part_count == kMostElfParts) return {Status::elf_too_many_parts, {kMostElfParts, 0, 0}};
    elf.storage[elf.part_count++] = {place.address, file.subspan(place.offset, place.length)};
  }
  return {};
}

}  // namespace

Result<ElfFile> ElfFile::parse(Bytes file, Address address) {
  if (const Event e = check_header(file); e.failed()) return e;
  ElfFile elf;
  elf.machine = load_u16(file, kMachineAt);
  elf.entry_address = load_u32(file, kEntryAt);
  const Table sections{load_u32(file, kSectionsOffsetAt), load_u16(file, kSectionCountAt),
                       load_u16(file, kSectionEntryBytesAt)};
  const Table segments{load_u32(file, kSegmentsOffsetAt), load_u16(file, kSegmentCountAt),
                       load_u16(file, kSegmentEntryBytesAt)};
  const bool has_sections = sections.count != 0;
  if (!has_sections && segments.count == 0) return Status::elf_no_segments;
  const Table& table = has_sections ? sections : segments;
  const std::uint32_t entry_bytes = has_sections ? kSectionEntryBytes : kSegmentEntryBytes;
  if (const Event e = check_table(file, table, entry_bytes); e.failed()) return e;
  if (const Event e = take(elf, file, table, has_sections ? section : segment); e.failed()) return e;
  if (elf.part_count == 0) return Status::elf_no_segments;
  if (address == Address::run || segments.count == 0) return elf;
  if (const Event e = check_table(file, segments, kSegmentEntryBytes); e.failed()) return e;
  for (ElfPart& part : std::span{elf.storage}.first(elf.part_count)) {
    const auto offset = static_cast<std::uint32_t>(part.bytes.data() - file.data());
    part.address = load_address(file, segments, offset, part.address);
  }
  return elf;
}

std::uint16_t machine_of_chip(std::uint16_t chip_id) {
  constexpr std::uint16_t kXtensaChips[] = {0, 2, 9};  // ESP32, S2, S3
  if (!is_vendor_chip(chip_id) || find_chip(chip_id) == nullptr) return 0;
  const bool xtensa = std::find(std::begin(kXtensaChips), std::end(kXtensaChips), chip_id) != std::end(kXtensaChips);
  return xtensa ? elf_machine::kXtensa : elf_machine::kRiscV;
}

}  // namespace dualbank
