// The few things that the engine does with a flash, on top of its four verbs: pages, read-back, comparing.
#pragma once

#include <cstdint>

#include "dualbank/engine/flash.hpp"

namespace dualbank {

/// How the engine's own parts answer: an event that `failed()`, or one that did not.
inline constexpr Event kDone{};

/// Reads; a failure carries size and address.
[[nodiscard]] Event read_flash(Flash& flash, std::uint32_t address, MutableBytes out);

/// Programs any length, split at pages, leaving out pages to which it brings only erased bytes, and reads every page
/// back (flash_verify_failed). Precondition: aligned to write units, and the bits that are to be 1 are 1.
[[nodiscard]] Event program_flash(Flash& flash, std::uint32_t address, Bytes bytes);

/// The same, in little code, for at most kMostChecked bytes within one page; erased ones are programmed too.
inline constexpr std::size_t kMostChecked = 64;
[[nodiscard]] Status program_checked(Flash& flash, std::uint32_t address, Bytes bytes);

/// As program_flash for any address and length: what is missing to whole write units is programmed with what it reads
/// as.
[[nodiscard]] Event program_bytes(Flash& flash, std::uint32_t address, Bytes bytes);

/// Erases one sector (the smallest erase unit), reads it back (flash_verify_failed where it is not erased).
[[nodiscard]] Event erase_sector(Flash& flash, std::uint32_t address);

/// The same with any one erase unit.
[[nodiscard]] Event erase_unit(Flash& flash, std::uint32_t address, std::uint32_t size_bytes);

/// How many bytes read erased, from the start, in pieces of 128: `erased_bytes` is size_bytes when all do.
[[nodiscard]] Event count_erased(Flash& flash, std::uint32_t address, std::uint32_t size_bytes,
                                 std::uint32_t& erased_bytes);

/// Standard CRC-32 of a range, read in small pieces.
[[nodiscard]] Event crc_of_flash(Flash& flash, std::uint32_t address, std::uint32_t size_bytes, std::uint32_t& crc);

/// How many bytes are the same, from the start: `same` is bytes.size() when all are.
[[nodiscard]] Event compare_flash(Flash& flash, std::uint32_t address, Bytes bytes, std::uint32_t& same);

}  // namespace dualbank
