#include "dualbank/sim/parts.hpp"

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kKib = 1024;
constexpr std::uint32_t kMib = 1024 * kKib;
constexpr std::uint32_t kFourThirtyTwoSixtyFour = 0x1'9000;

// Where the figures come from, and what is doubtful about them.
//
// The datasheets were not read. Erase and page figures are those that public repositories quote from them; for the two
// Winbond parts several agree, but for the 32 KiB erase. GD25Q64C: the 32 and 64 KiB figures are unsure, and some
// revisions name 200 ms as the longest sector erase. IS25LP128F: the 32 KiB figures are unsure. Older Winbond revisions
// name 0.7 ms for a typical page. The first byte is the figure of a serial flash of this kind in a public operating
// system's settings, taken for all five parts. Check the part and its revision before quoting any of it.
constexpr Duration kFirstByte{20, 50};

constexpr OperationTimes kW25q{
    .erases = {{{4 * kKib, {45'000, 400'000}}, {32 * kKib, {120'000, 1'600'000}}, {64 * kKib, {150'000, 2'000'000}}}},
    .first_byte = kFirstByte,
    .page = {400, 3'000}};

constexpr OperationTimes kGd25q64c{
    .erases = {{{4 * kKib, {50'000, 400'000}}, {32 * kKib, {150'000, 1'200'000}}, {64 * kKib, {200'000, 1'600'000}}}},
    .first_byte = kFirstByte,
    .page = {600, 2'400}};

constexpr OperationTimes kIs25lp064a{
    .erases = {{{4 * kKib, {70'000, 300'000}}, {32 * kKib, {130'000, 500'000}}, {64 * kKib, {200'000, 1'000'000}}}},
    .first_byte = kFirstByte,
    .page = {200, 800}};

constexpr OperationTimes kIs25lp128f{
    .erases = {{{4 * kKib, {70'000, 300'000}}, {32 * kKib, {100'000, 500'000}}, {64 * kKib, {150'000, 1'000'000}}}},
    .first_byte = kFirstByte,
    .page = {200, 800}};

constexpr Geometry spi_nor(std::uint32_t size_bytes, const OperationTimes& times) {
  Geometry geometry{.size_bytes = size_bytes, .erase_units = kFourThirtyTwoSixtyFour};
  for (std::size_t i = 0; i < geometry.erase_ms.size(); ++i) {
    geometry.erase_ms[i] = static_cast<std::uint16_t>(times.erases[i].time.typical_us / 1000);
  }
  return geometry;
}

// What a geometry is called says all that it is: sector, write unit, and what is unusual.
constexpr std::array kParts{
    Part{"W25Q32JV", spi_nor(4 * kMib, kW25q), kW25q},
    Part{"W25Q128JV", spi_nor(16 * kMib, kW25q), kW25q},
    Part{"GD25Q64C", spi_nor(8 * kMib, kGd25q64c), kGd25q64c},
    Part{"IS25LP064A", spi_nor(8 * kMib, kIs25lp064a), kIs25lp064a},
    Part{"IS25LP128F", spi_nor(16 * kMib, kIs25lp128f), kIs25lp128f},
    Part{"sector-4k-unit-1", {.size_bytes = kMib, .erase_units = 4 * kKib}},
    Part{"sector-4k-unit-4", {.size_bytes = kMib, .erase_units = 4 * kKib, .write_unit_bytes = 4}},
    Part{"sector-4k-page-16", {.size_bytes = kMib, .erase_units = 4 * kKib, .page_bytes = 16}},
    Part{"sector-8k-unit-2", {.size_bytes = kMib, .erase_units = 8 * kKib, .write_unit_bytes = 2}},
    Part{"sector-16k-unit-4", {.size_bytes = kMib, .erase_units = 16 * kKib, .write_unit_bytes = 4}},
    Part{"sector-32k-unit-8", {.size_bytes = kMib, .erase_units = 32 * kKib, .write_unit_bytes = 8}},
    Part{"sector-64k-unit-16", {.size_bytes = 2 * kMib, .erase_units = 64 * kKib, .write_unit_bytes = 16}},
    Part{"sector-128k-unit-32", {.size_bytes = 2 * kMib, .erase_units = 128 * kKib, .write_unit_bytes = 32}},
    Part{"sector-256k-unit-1", {.size_bytes = 4 * kMib, .erase_units = 256 * kKib}},
    Part{"sector-4k-unit-4-erased-00",
         {.size_bytes = kMib, .erase_units = 4 * kKib, .write_unit_bytes = 4, .erased = std::byte{0}}},
    Part{"sector-8k-unit-8-erased-00",
         {.size_bytes = kMib, .erase_units = 8 * kKib, .write_unit_bytes = 8, .erased = std::byte{0}}},
    Part{"sector-4k-ecc-8",
         {.size_bytes = kMib, .erase_units = 4 * kKib, .write_unit_bytes = 8, .can_reprogram = false}},
    Part{"sector-8k-ecc-16",
         {.size_bytes = kMib, .erase_units = 8 * kKib, .write_unit_bytes = 16, .can_reprogram = false}},
    Part{"sector-128k-ecc-32",
         {.size_bytes = 2 * kMib, .erase_units = 128 * kKib, .write_unit_bytes = 32, .can_reprogram = false}},
    Part{"sector-4k-encrypted-16",
         {.size_bytes = 4 * kMib, .erase_units = 0x1'1000, .write_unit_bytes = 16, .can_reprogram = false}},
};

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

std::uint64_t share(std::uint64_t first, std::uint64_t whole, std::uint64_t further, std::uint64_t all_further) {
  if (all_further == 0) return whole;
  return first + ((whole - first) * further + all_further - 1) / all_further;
}

}  // namespace

Duration& Duration::operator+=(const Duration& other) {
  typical_us += other.typical_us;
  maximum_us += other.maximum_us;
  return *this;
}

Duration OperationTimes::of_erase(std::uint32_t size_bytes) const {
  const auto* const found = std::find_if(erases.begin(), erases.end(),
                                         [size_bytes](const Erase& erase) { return erase.size_bytes == size_bytes; });
  return found == erases.end() ? Duration{} : found->time;
}

Duration OperationTimes::of_program(std::uint32_t size_bytes, std::uint32_t page_bytes) const {
  if (size_bytes == 0) return {};
  return {share(first_byte.typical_us, page.typical_us, size_bytes - 1, page_bytes - 1),
          share(first_byte.maximum_us, page.maximum_us, size_bytes - 1, page_bytes - 1)};
}

Duration OperationTimes::of_read(std::size_t size_bytes) const {
  if (spi_clock_hz == 0) return {};
  constexpr std::uint64_t kCommandBytes = 5;
  const std::uint64_t us = ((size_bytes + kCommandBytes) * 8 * 1'000'000 + spi_clock_hz - 1) / spi_clock_hz;
  return {us, us};
}

void Elapsed::add(const Duration& operation) {
  ++operations;
  sum += operation;
  longest.typical_us = std::max(longest.typical_us, operation.typical_us);
  longest.maximum_us = std::max(longest.maximum_us, operation.maximum_us);
}

Part Part::with_size(std::uint32_t size_bytes) const {
  Part part = *this;
  part.geometry.size_bytes = size_bytes;
  if (!part.geometry.is_sound()) throw std::invalid_argument("Part::with_size: no whole number of sectors");
  return part;
}

std::span<const Part> all_parts() { return kParts; }

const Part* find_part(std::string_view name) {
  const auto* const found = std::find_if(kParts.begin(), kParts.end(), [name](const Part& part) {
    return std::equal(part.name.begin(), part.name.end(), name.begin(), name.end(), same_letter);
  });
  return found == kParts.end() ? nullptr : found;
}

Geometry sized(const Part& part, std::uint32_t size_bytes) { return part.with_size(size_bytes).geometry; }

const Part& w25q32jv() { return kParts[0]; }
const Part& w25q128jv() { return kParts[1]; }

}  // namespace dualbank::sim
