#include "dualbank/engine/flash_ops.hpp"

#include <array>

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kPieceBytes = 128;

Event failure(Status code, std::uint32_t address, std::size_t size_bytes) {
  if (code == Status::flash_not_erased) return {code, {address, 0, 0}};
  return {code, {static_cast<std::uint32_t>(size_bytes), address, 0}};
}

constexpr std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

}  // namespace

Event read_flash(Flash& flash, std::uint32_t address, MutableBytes out) {
  const Status status = flash.read(address, out);
  return status == Status::ok ? kDone : failure(status, address, out.size());
}

Event compare_flash(Flash& flash, std::uint32_t address, Bytes bytes, std::uint32_t& same) {
  std::array<std::byte, kPieceBytes> piece;
  same = 0;
  while (same < bytes.size()) {
    const MutableBytes part = MutableBytes{piece}.first(smaller(kPieceBytes, bytes.size() - same));
    if (const Event e = read_flash(flash, address + same, part); e.failed()) return e;
    for (const std::byte b : part) {
      if (b != bytes[same]) return kDone;
      ++same;
    }
  }
  return kDone;
}

Event program_flash(Flash& flash, std::uint32_t address, Bytes bytes) {
  const std::uint32_t page_bytes = flash.geometry().page_bytes;
  while (!bytes.empty()) {
    const std::uint32_t room = page_bytes - (address & (page_bytes - 1));
    const Bytes page = bytes.first(smaller(room, bytes.size()));
    if (!all_equal(page, flash.geometry().erased)) {
      if (const Status s = flash.program(address, page); s != Status::ok) return failure(s, address, page.size());
    }
    std::uint32_t same = 0;
    if (const Event e = compare_flash(flash, address, page, same); e.failed()) return e;
    if (same != page.size()) return {Status::flash_verify_failed, {address + same, 0, 0}};
    address += static_cast<std::uint32_t>(page.size());
    bytes = bytes.subspan(page.size());
  }
  return kDone;
}

Status program_checked(Flash& flash, std::uint32_t address, Bytes bytes) {
  std::array<std::byte, kMostChecked> now;
  const MutableBytes back = MutableBytes{now}.first(bytes.size());
  if (const Status s = flash.program(address, bytes); s != Status::ok) return s;
  if (const Status s = flash.read(address, back); s != Status::ok) return s;
  return std::memcmp(now.data(), bytes.data(), bytes.size()) == 0 ? Status::ok : Status::flash_verify_failed;
}

Event program_bytes(Flash& flash, std::uint32_t address, Bytes bytes) {
  const std::uint32_t unit = flash.geometry().write_unit_bytes;
  const auto program_edge = [&](std::size_t count) {
    std::array<std::byte, kPieceBytes> raw;
    const std::uint32_t start = address & ~(unit - 1);
    const MutableBytes whole = MutableBytes{raw}.first(unit);
    if (const Event e = read_flash(flash, start, whole); e.failed()) return e;
    for (std::size_t i = 0; i < count; ++i) whole[address - start + i] = bytes[i];
    const Event e = program_flash(flash, start, whole);
    address += static_cast<std::uint32_t>(count);
    bytes = bytes.subspan(count);
    return e;
  };
  if (const std::uint32_t into = address & (unit - 1); into != 0 && !bytes.empty()) {
    if (const Event e = program_edge(smaller(unit - into, bytes.size())); e.failed()) return e;
  }
  const std::size_t middle = bytes.size() & ~static_cast<std::size_t>(unit - 1);
  if (const Event e = program_flash(flash, address, bytes.first(middle)); e.failed()) return e;
  address += static_cast<std::uint32_t>(middle);
  bytes = bytes.subspan(middle);
  return bytes.empty() ? kDone : program_edge(bytes.size());
}

Event erase_sector(Flash& flash, std::uint32_t address) {
  return erase_unit(flash, address, flash.geometry().sector_bytes());
}

Event erase_unit(Flash& flash, std::uint32_t address, std::uint32_t size_bytes) {
  if (const Status s = flash.erase(address, size_bytes); s != Status::ok) return failure(s, address, size_bytes);
  std::uint32_t erased_bytes = 0;
  if (const Event e = count_erased(flash, address, size_bytes, erased_bytes); e.failed()) return e;
  return erased_bytes == size_bytes ? kDone : Event{Status::flash_verify_failed, {address + erased_bytes, 0, 0}};
}

Event count_erased(Flash& flash, std::uint32_t address, std::uint32_t size_bytes, std::uint32_t& erased_bytes) {
  std::array<std::byte, kPieceBytes> room;
  const MutableBytes piece = MutableBytes{room}.first(smaller(kPieceBytes, size_bytes));
  for (erased_bytes = 0; erased_bytes < size_bytes; erased_bytes += static_cast<std::uint32_t>(piece.size())) {
    if (const Event e = read_flash(flash, address + erased_bytes, piece); e.failed()) return e;
    if (!all_equal(piece, flash.geometry().erased)) return kDone;
  }
  return kDone;
}

Event crc_of_flash(Flash& flash, std::uint32_t address, std::uint32_t size_bytes, std::uint32_t& crc) {
  std::array<std::byte, kPieceBytes> piece;
  crc = 0;
  while (size_bytes > 0) {
    const MutableBytes part = MutableBytes{piece}.first(smaller(kPieceBytes, size_bytes));
    if (const Event e = read_flash(flash, address, part); e.failed()) return e;
    crc = crc32(part, crc);
    address += static_cast<std::uint32_t>(part.size());
    size_bytes -= static_cast<std::uint32_t>(part.size());
  }
  return kDone;
}

}  // namespace dualbank
