// The contract that a port fulfils: four verbs and a geometry. dualbank asks for nothing else of a device.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank {

/// What a flash is made of. Every size is in bytes and a power of two, but for `size_bytes`.
struct Geometry {
  std::uint32_t size_bytes = 0;        ///< the whole chip; a multiple of the smallest erase unit
  std::uint32_t erase_units = 0x1000;  ///< bit n set: 2^n bytes can be erased at once. 0x1'1000 = 4 KiB and 64 KiB
  std::uint16_t page_bytes = 256;      ///< one program never crosses a multiple of this
  std::uint8_t write_unit_bytes = 1;   ///< offset and length of a program are multiples of this
  std::byte erased{0xFF};              ///< what an erased byte reads as
  bool can_reprogram = true;           ///< a programmed unit may be programmed again, 1 -> 0. ECC, encryption: false
  /// How long one erase of each unit takes as a rule, smallest unit first, from the datasheet. 0: not known.
  std::array<std::uint16_t, 4> erase_ms{};

  /// The smallest erase unit, the *sector*.
  [[nodiscard]] constexpr std::uint32_t sector_bytes() const { return erase_units & (~erase_units + 1); }

  /// Of one of the units; 0 when it is not known.
  [[nodiscard]] constexpr std::uint32_t erase_ms_of(std::uint32_t unit_bytes) const {
    std::uint32_t smaller = erase_units & (unit_bytes - 1);
    std::size_t index = 0;
    for (; smaller != 0; smaller &= smaller - 1) ++index;
    return index < erase_ms.size() ? erase_ms[index] : 0;
  }

  /// True when the numbers fit each other: at least one erase unit, page and write unit powers of two, write unit <=
  /// page
  /// <= sector, size a multiple of the sector and not 0.
  [[nodiscard]] constexpr bool is_sound() const {
    const auto power = [](std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; };
    return erase_units != 0 && power(page_bytes) && power(write_unit_bytes) && write_unit_bytes <= page_bytes &&
           page_bytes <= sector_bytes() && size_bytes != 0 && (size_bytes & (sector_bytes() - 1)) == 0;
  }
};

/// A flash. Addresses count bytes from the chip's start. An Updater calls it from one thread, never from an interrupt;
/// keeping interrupts and the other core away from a chip that is busy is the port's business.
///
/// Every verb returns Status::ok, or an error after which dualbank touches the flash no more in that call. Which error
/// is the port's choice: flash_read_failed, flash_program_failed, flash_erase_failed, flash_timeout, power_lost.
///
/// The destructor is protected and not virtual: nothing is deleted through this class, and a virtual one would link the
/// heap.
class Flash {
 public:
  Flash(const Flash&) = delete;
  Flash& operator=(const Flash&) = delete;

  [[nodiscard]] constexpr const Geometry& geometry() const { return geometry_; }

  /// Copies `out.size()` bytes from `address`. The engine stays within the chip; a port checks and answers
  /// flash_out_of_range. No alignment. No bytes: ok.
  virtual Status read(std::uint32_t address, MutableBytes out) = 0;

  /// Clears bits (on a flash that erases to FF): afterwards each byte reads as old AND new. The engine never crosses a
  /// page, stays aligned to write units, and never asks for a bit to be set again. Bytes outside [address, address +
  /// size) keep their *values*; a port may rewrite them with what they hold. When it returns ok, the bytes are in the
  /// chip.
  virtual Status program(std::uint32_t address, Bytes bytes) = 0;

  /// Erases exactly one erase unit: `size_bytes` is one of `erase_units`, `address` a multiple of it. Bytes outside it
  /// keep their values.
  virtual Status erase(std::uint32_t address, std::uint32_t size_bytes) = 0;

  /// Returns when everything before it would survive a power cut. Ports whose verbs are durable return ok at once.
  virtual Status sync() = 0;

 protected:
  explicit constexpr Flash(const Geometry& geometry) : geometry_(geometry) {}
  ~Flash() = default;

  Geometry geometry_;
};

}  // namespace dualbank
