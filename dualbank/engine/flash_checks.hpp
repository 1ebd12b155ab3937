// What a port holds a call against: the bounds and units of its geometry.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dualbank/engine/flash.hpp"

namespace dualbank {

/// flash_out_of_range unless all bytes lie in the chip. No bytes lie in it everywhere.
[[nodiscard]] constexpr Status check_range(const Geometry& geometry, std::uint32_t address, std::size_t size_bytes) {
  if (size_bytes == 0) return Status::ok;
  const bool inside = address < geometry.size_bytes && size_bytes <= geometry.size_bytes - address;
  return inside ? Status::ok : Status::flash_out_of_range;
}

/// Besides: flash_misaligned unless the bytes are whole write units within one page.
[[nodiscard]] constexpr Status check_program(const Geometry& geometry, std::uint32_t address, std::size_t size_bytes) {
  if (const Status s = check_range(geometry, address, size_bytes); s != Status::ok) return s;
  const std::uint32_t unit_mask = geometry.write_unit_bytes - 1U;
  const std::uint32_t page_mask = geometry.page_bytes - 1U;
  const bool whole_units = ((address | size_bytes) & unit_mask) == 0;
  const bool one_page = size_bytes == 0 || (address & page_mask) + size_bytes <= geometry.page_bytes;
  return whole_units && one_page ? Status::ok : Status::flash_misaligned;
}

/// flash_misaligned unless it is exactly one erase unit; flash_out_of_range when the chip does not have it.
[[nodiscard]] constexpr Status check_erase(const Geometry& geometry, std::uint32_t address, std::uint32_t size_bytes) {
  const bool one_unit = size_bytes != 0 && (size_bytes & (size_bytes - 1)) == 0 && (geometry.erase_units & size_bytes);
  if (!one_unit || (address & (size_bytes - 1)) != 0) return Status::flash_misaligned;
  return check_range(geometry, address, size_bytes);
}

/// What a byte reads as after programming: only bits that an erase sets can fall, or rise on a flash that erases to 0.
[[nodiscard]] constexpr std::byte programmed(const Geometry& geometry, std::byte before, std::byte program) {
  return geometry.erased == std::byte{0} ? before | program : before & program;
}

}  // namespace dualbank
