#include "dualbank/engine/version_counter.hpp"

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/formats/app_descriptor.hpp"
#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kMagic = 0x3156'4244;  // "DBV1"
constexpr std::uint32_t kVersionCellBytes = 16;
constexpr std::uint32_t kMostUnitBytes = 32;
constexpr std::uint32_t kCopies = 2;
constexpr std::uint32_t kMostRefused = 8;

/// The version in a sound cell; false for any other.
bool read_cell(Bytes cell16, std::uint32_t& version) {
  version = load_u32(cell16, 4);
  return load_u32(cell16, 0) == kMagic && load_u32(cell16, 8) == ~version &&
         load_u32(cell16, 12) == crc32(cell16.first(12));
}

Event compare(std::uint32_t version, std::uint32_t least) {
  return version < least ? Event{Status::image_version_too_low, {version, least, 0}} : kDone;
}

/// Of the image in a slot; 0 without a descriptor.
Event read_version(Flash& flash, const Extent& slot, std::uint32_t& version) {
  version = 0;
  if (!slot.present()) return kDone;
  std::array<std::byte, kSecureVersionOffset + 4> start;
  if (const Event e = read_flash(flash, slot.offset + kAppDescriptorOffset, start); e.failed()) return e;
  if (AppDescriptor::present(start)) version = load_u32(start, kSecureVersionOffset);
  return kDone;
}

}  // namespace

Event VersionCounter::check_counted(Flash& flash, std::uint32_t version) {
  const Result<std::uint32_t> least = lowest(flash);
  return least ? compare(version, *least) : least.error();
}

Result<bool> VersionCounter::is_behind(Flash& flash, const Extent& confirmed) {
  std::uint32_t version = 0;
  if (const Event e = read_version(flash, confirmed, version); e.failed()) return e;
  const Result<std::uint32_t> least = lowest(flash);
  if (!least) return least.error();
  return *least < version;
}

Event VersionCounter::follow_confirmed(Flash& flash, const Extent& confirmed) {
  std::uint32_t version = 0;
  if (const Event e = read_version(flash, confirmed, version); e.failed()) return e;
  return raise(flash, version);
}

Event OwnVersion::check(Flash& flash, const Extent& confirmed, std::uint32_t version) {
  std::uint32_t least = 0;
  if (const Event e = read_version(flash, confirmed, least); e.failed()) return e;
  return compare(version, least);
}

struct VersionRecord::Look {
  std::uint32_t highest = 0;
  std::uint32_t copies = 0;            // cells that hold the highest
  int sector = 0;                      // the one to append to
  std::array<std::uint32_t, 2> end{};  // behind each sector's last cell that is not erased
};

std::uint32_t VersionRecord::cell_bytes(const Flash& flash) {
  return flash.geometry().write_unit_bytes > kVersionCellBytes ? flash.geometry().write_unit_bytes : kVersionCellBytes;
}

Event VersionRecord::look(Flash& flash, Look& look) const {
  const std::uint32_t sector_bytes = flash.geometry().sector_bytes();
  if (sectors_.size_bytes != 2 * sector_bytes || (sectors_.offset & (sector_bytes - 1)) != 0) {
    return {Status::layout_misaligned, {sectors_.offset, sectors_.size_bytes, sector_bytes}};
  }
  for (const int sector : {0, 1}) {
    const std::uint32_t base = sectors_.offset + static_cast<std::uint32_t>(sector) * sector_bytes;
    for (std::uint32_t at = 0; at < sector_bytes; at += cell_bytes(flash)) {
      std::array<std::byte, kMostUnitBytes> room;
      const MutableBytes cell = MutableBytes{room}.first(cell_bytes(flash));
      if (const Event e = read_flash(flash, base + at, cell); e.failed()) return e;
      if (!all_equal(cell, flash.geometry().erased)) look.end[static_cast<unsigned>(sector)] = at + cell_bytes(flash);
      std::uint32_t version = 0;
      if (!read_cell(cell, version) || version < look.highest) continue;
      look.copies = version == look.highest ? look.copies + 1 : 1;
      look.highest = version;
      look.sector = sector;
    }
  }
  return kDone;
}

Event VersionRecord::append(Flash& flash, Look& look, std::uint32_t version) const {
  const std::uint32_t sector_bytes = flash.geometry().sector_bytes();
  const std::uint32_t size = cell_bytes(flash);
  auto sector = static_cast<unsigned>(look.sector);
  if (sector_bytes - look.end[sector] < size) {  // what it holds stays until the other one is full too
    look.sector = 1 - look.sector;
    sector = 1 - sector;
    const std::uint32_t base = sectors_.offset + sector * sector_bytes;
    if (const Event e = erase_sector(flash, base); e.failed()) return e;
    look.end[sector] = 0;
  }
  std::array<std::byte, kMostUnitBytes> room;
  const MutableBytes cell = MutableBytes{room}.first(size);
  for (std::byte& b : cell) b = flash.geometry().erased;
  store_u32(cell, 0, kMagic);
  store_u32(cell, 4, version);
  store_u32(cell, 8, ~version);
  store_u32(cell, 12, crc32(Bytes{cell}.first(12)));
  const std::uint32_t at = sectors_.offset + sector * sector_bytes + look.end[sector];
  look.end[sector] += size;
  return program_flash(flash, at, cell);
}

Result<std::uint32_t> VersionRecord::lowest(Flash& flash) {
  Look found;
  if (const Event e = look(flash, found); e.failed()) return e;
  return found.highest;
}

Event VersionRecord::raise(Flash& flash, std::uint32_t version) {
  Look found;
  if (const Event e = look(flash, found); e.failed()) return e;
  if (version == 0 || version < found.highest) return kDone;
  std::uint32_t copies = version == found.highest ? found.copies : 0;
  std::uint32_t refused = 0;
  while (copies < kCopies) {
    const Event e = append(flash, found, version);
    // A program that was cut before any bit of it: a flash whose units are programmed once refuses that one for ever.
    const bool passes = e.code == Status::flash_not_erased || e.code == Status::flash_verify_failed;
    if (e.failed() && (!passes || ++refused > kMostRefused)) return e;
    if (!e.failed()) ++copies;
  }
  const Status synced = flash.sync();
  return synced == Status::ok ? kDone : Event{synced};
}

}  // namespace dualbank
