// The classes that states are drawn from: tables, images, records. Byte by byte, with no help of dualbank.
#pragma once

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "tests/second_opinion/digests.hpp"
#include "tests/second_opinion/stock_bootloader.hpp"

namespace second_opinion {

// ---- tables

struct Shape {
  int slots = 2;
  bool factory = false;
  bool test = false;
  bool md5 = true;
  bool c6 = false;                      ///< the chip is an ESP32-C6, else an ESP32-S3
  std::uint32_t otadata_size = 0x2000;  ///< 0: there is none
  std::uint32_t table_at = 0x8000;

  [[nodiscard]] std::uint32_t otadata_at() const { return table_at + 0x6000; }
  [[nodiscard]] std::uint32_t flash_size() const { return 0x10000u * static_cast<std::uint32_t>(slots + 4); }
  [[nodiscard]] std::vector<Place> app_places() const {
    std::vector<Place> places;
    for (int i = 0; i < slots + (factory ? 1 : 0) + (test ? 1 : 0); ++i)
      places.push_back({0x10000u * static_cast<std::uint32_t>(i + 1), 0x10000});
    return places;
  }

  void put_table(Memory& flash) const {
    std::uint32_t at = table_at;
    const auto row = [&](unsigned type, unsigned subtype, Place place) {
      put_number(flash, at, 0x50AA | type << 16 | subtype << 24);
      put_number(flash, at + 4, place.offset);
      put_number(flash, at + 8, place.size);
      for (std::uint32_t i = 12; i < 32; ++i) flash.at(at + i) = i == 12 ? 'p' : 0;
      at += 32;
    };
    const auto places = app_places();
    row(1, 2, {table_at + 0x1000, 0x5000});
    if (otadata_size != 0) row(1, 0, {otadata_at(), otadata_size});
    std::size_t next = 0;
    for (int i = 0; i < slots; ++i) row(0, 0x10u + static_cast<unsigned>(i), places.at(next++));
    if (factory) row(0, 0, places.at(next++));
    if (test) row(0, 0x20, places.at(next++));
    if (!md5) return;
    const Memory digest = second_opinion::md5(slice(flash, table_at, at - table_at));
    flash.at(at) = flash.at(at + 1) = 0xEB;
    std::copy(digest.begin(), digest.end(), flash.begin() + at + 16);
  }

  friend std::ostream& operator<<(std::ostream& to, const Shape& s) {
    return to << s.slots << " slots" << (s.factory ? ", factory" : "") << (s.test ? ", test" : "")
              << (s.md5 ? "" : ", no MD5") << (s.c6 ? ", c6" : "") << ", otadata " << s.otadata_size;
  }
};

inline std::vector<Shape> all_shapes() {
  std::vector<Shape> shapes;
  for (const int slots : {2, 3, 4, 1, 5, 16, 0}) {
    for (const bool factory : {false, true}) {
      for (const bool test : {false, true}) {
        for (const bool md5 : {true, false})
          shapes.push_back({.slots = slots, .factory = factory, .test = test, .md5 = md5, .c6 = md5 == test});
      }
    }
  }
  shapes.push_back({.factory = true, .otadata_size = 0});
  shapes.push_back({.otadata_size = 0});
  shapes.push_back({.otadata_size = 0x1000});
  shapes.push_back({.table_at = 0x7000});
  return shapes;
}

enum class TableFault : std::uint8_t {
  none,
  digest,      ///< a bit of the MD5
  row,         ///< a bit of a label: the MD5 is wrong, or nothing is where there is none
  magic,       ///< a row that is neither
  no_end,      ///< 96 rows and none of them the end
  beyond,      ///< a partition ends behind the flash
  blank,       ///< nothing at all
  filler,      ///< the 14 bytes of the MD5 row that nobody looks at
  end_behind,  ///< of the end row, bytes that nobody looks at
};
inline constexpr std::array kTableFaults{TableFault::none,  TableFault::digest, TableFault::row,
                                         TableFault::magic, TableFault::no_end, TableFault::beyond,
                                         TableFault::blank, TableFault::filler, TableFault::end_behind};

inline void put_fault(Memory& flash, const Shape& shape, TableFault fault) {
  const std::uint32_t at = shape.table_at;
  std::uint32_t end = at;
  while (number_at(flash, end, 4) != 0xFFFFFFFF) end += 32;
  switch (fault) {
    case TableFault::none:
      return;
    case TableFault::digest:
      flash.at(end - 1) ^= 1;  // without an MD5 row, a flag that nobody knows
      return;
    case TableFault::row:
      flash.at(at + 13) ^= 0x20;
      return;
    case TableFault::magic:
      flash.at(at + 32) = 0;
      return;
    case TableFault::no_end:
      for (std::uint32_t row = end; row < at + 96 * 32; row += 32) {
        put_number(flash, row, 0x064050AA);
        put_number(flash, row + 4, at);
        put_number(flash, row + 8, 0);
      }
      return;
    case TableFault::beyond:
      put_number(flash, at + 8, 0xFFFFFFF0);
      return;
    case TableFault::blank:
      std::fill(flash.begin() + at, flash.begin() + end, static_cast<unsigned char>(0xFF));
      return;
    case TableFault::filler:
      if (shape.md5) flash.at(end - 32 + 5) = 0;
      return;
    case TableFault::end_behind:
      flash.at(end + 20) = 0;
      return;
  }
}

// ---- images

enum class ImageKind : std::uint8_t {
  good,
  no_hash,
  no_descriptor,
  no_segment,
  bootloaders,
  two_segments,
  empty,
  checksum,
  hash,
  other_chip,
  too_long,
  beyond_slot,  ///< sound, but 16 bytes longer than its slot
  many_segments,
  odd_length,
  mapping,
  torn,
  garbage,
};
inline constexpr std::array kImageKinds{ImageKind::good,        ImageKind::good,          ImageKind::good,
                                        ImageKind::no_hash,     ImageKind::no_descriptor, ImageKind::no_segment,
                                        ImageKind::bootloaders, ImageKind::two_segments,  ImageKind::empty,
                                        ImageKind::checksum,    ImageKind::hash,          ImageKind::other_chip,
                                        ImageKind::too_long,    ImageKind::many_segments, ImageKind::odd_length,
                                        ImageKind::mapping,     ImageKind::torn,          ImageKind::garbage};

inline const char* name_of(ImageKind kind) {
  constexpr std::array kNames{"good",     "no_hash",    "no_descriptor", "no_segment", "bootloader's", "two_segments",
                              "empty",    "checksum",   "hash",          "other_chip", "too_long",     "beyond_slot",
                              "segments", "odd_length", "mapping",       "torn",       "garbage"};
  return kNames.at(static_cast<std::size_t>(kind));
}

inline Memory segment(std::uint32_t address, std::size_t length, bool descriptor) {
  Memory bytes(8 + length, 0);
  put_number(bytes, 0, address);
  put_number(bytes, 4, static_cast<std::uint32_t>(length));
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i * 7 + length);
  if (!descriptor) return bytes;
  put_number(bytes, 8, 0xABCD5432);
  bytes[8 + 180] = 16;
  return bytes;
}

inline Memory image(ImageKind kind, const Place& place, bool c6) {
  const std::uint32_t window = c6 ? 0x42000020 : 0x3C000020;
  const std::uint32_t ram = 0x3FCD5820;
  std::vector<Memory> segments;
  if (kind == ImageKind::bootloaders) {
    segments.push_back(segment(ram, 64, false));
    segments.back()[8] = 0x50;
  } else if (kind != ImageKind::no_segment) {
    const std::uint32_t address = kind == ImageKind::mapping ? window + 0x100 : window;
    const std::size_t length = kind == ImageKind::beyond_slot ? place.size - 64 : 256;
    segments.push_back(segment(address, length, kind != ImageKind::no_descriptor));
  }
  if (kind == ImageKind::two_segments) segments.push_back(segment(ram, 36, false));
  const bool hashed = kind != ImageKind::no_hash && kind != ImageKind::no_segment;
  Memory bytes(24, 0);
  bytes[0] = 0xE9;
  bytes[1] = static_cast<unsigned char>(kind == ImageKind::many_segments ? 17 : segments.size());
  bytes[12] = kind == ImageKind::other_chip ? 5 : c6 ? 13 : 9;
  bytes[23] = hashed ? 1 : 0;
  unsigned char checksum = 0xEF;
  for (const Memory& s : segments) {
    bytes.insert(bytes.end(), s.begin(), s.end());
    for (std::size_t i = 8; i < s.size(); ++i) checksum ^= s[i];
  }
  if (kind == ImageKind::too_long) put_number(bytes, 28, 0x20000);
  if (kind == ImageKind::odd_length) put_number(bytes, 28, 257);
  if (kind == ImageKind::checksum) checksum ^= 1;
  while (bytes.size() % 16 != 15) bytes.push_back(0);
  bytes.push_back(checksum);
  if (!hashed) return bytes;
  Memory digest = sha256(bytes);
  if (kind == ImageKind::hash) digest[31] ^= 1;
  bytes.insert(bytes.end(), digest.begin(), digest.end());
  return bytes;
}

inline void put_image(Memory& flash, const Place& place, ImageKind kind, bool c6) {
  if (kind == ImageKind::empty) return;
  Memory bytes = kind == ImageKind::garbage ? Memory(600, 0x5A) : image(kind, place, c6);
  if (kind == ImageKind::torn) bytes.resize(bytes.size() / 2);
  std::copy(bytes.begin(), bytes.end(), flash.begin() + place.offset);
}

// ---- records

struct RecordClass {
  enum class Crc : std::uint8_t { good, bad, blank, zero };
  std::uint32_t seq = 0xFFFFFFFF;
  std::uint32_t state = 0xFFFFFFFF;
  Crc crc = Crc::good;
  bool label = false;

  [[nodiscard]] Memory bytes() const {
    Memory record(32, 0xFF);
    put_number(record, 0, seq);
    if (label) record[7] = 'x';
    put_number(record, 24, state);
    const std::uint32_t right = record_crc(slice(record, 0, 4));
    put_number(record, 28,
               crc == Crc::good   ? right
               : crc == Crc::bad  ? right ^ 0x100
               : crc == Crc::zero ? 0
                                  : 0xFFFFFFFF);
    return record;
  }
  friend std::ostream& operator<<(std::ostream& to, const RecordClass& r) {
    return to << "{seq " << r.seq << " state " << r.state << " crc " << static_cast<int>(r.crc) << "}";
  }
};

/// Sequence numbers x states x checksums: the first ones, a tie with each, the top, the middle, erased.
inline std::vector<RecordClass> record_classes(int slots) {
  std::vector<std::uint32_t> seqs{0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0x7FFFFFFF, 0};
  for (std::uint32_t seq = 1; seq <= static_cast<std::uint32_t>(slots) + 2; ++seq) seqs.push_back(seq);
  std::vector<RecordClass> classes;
  for (const std::uint32_t seq : seqs) {
    for (const std::uint32_t state : {0u, 1u, 2u, 3u, 4u, 0xFFFFFFFFu, 5u, 0x10001u}) {
      for (const auto crc :
           {RecordClass::Crc::good, RecordClass::Crc::bad, RecordClass::Crc::blank, RecordClass::Crc::zero})
        classes.push_back({seq, state, crc, (seq + state) % 3 == 0});
    }
  }
  return classes;
}

}  // namespace second_opinion
