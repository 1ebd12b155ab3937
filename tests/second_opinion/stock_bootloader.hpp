// The vendor's second-stage bootloader once more: from the bytes of a flash to what boots and what it writes. Written
// from the description of the format alone, step by step as that tells it, with no thought of speed or size.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "tests/second_opinion/digests.hpp"

namespace second_opinion {

inline constexpr int kFactory = -1;
inline constexpr int kTest = -2;
inline constexpr int kInvalid = -99;  ///< resets for ever

struct Chip {
  std::uint16_t id = 9;
  bool page_in_descriptor = false;
  std::uint32_t longest_segment = 0xFFFFFFFF;  ///< exclusive
  std::vector<std::pair<std::uint32_t, std::uint32_t>> mapped{};
};

inline Chip esp32s3() { return {9, false, 0xFFFFFFFF, {{0x3C000000, 0x3E000000}, {0x42000000, 0x44000000}}}; }
inline Chip esp32c6() { return {13, true, 0x1000000, {{0x42000000, 0x43000000}}}; }

inline std::uint32_t number_at(const Memory& flash, std::uint64_t at, unsigned size) {
  std::uint32_t value = 0;
  for (unsigned i = size; i-- > 0;) value = value << 8 | flash.at(at + i);
  return value;
}

inline Memory slice(const Memory& flash, std::uint64_t at, std::uint64_t size) {
  const auto from = flash.begin() + static_cast<std::ptrdiff_t>(at);
  return {from, from + static_cast<std::ptrdiff_t>(size)};
}

inline void put_number(Memory& bytes, std::size_t at, std::uint32_t value) {
  for (unsigned k = 0; k < 4; ++k) bytes.at(at + k) = static_cast<unsigned char>(value >> (8 * k));
}

struct Place {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

struct Table {
  bool ok = false;
  Place otadata{};
  Place factory{};
  Place test{};
  std::map<int, Place> ota{};
  int ota_rows = 0;
};

inline Table read_table(const Memory& flash, std::uint32_t at, std::uint32_t flash_size) {
  Table table;
  bool md5_seen = false;
  for (std::uint32_t row = 0; row < 96; ++row) {
    const std::uint32_t place = at + row * 32;
    const std::uint32_t magic = number_at(flash, place, 2);
    if (magic == 0x50AA) {
      const Place p{number_at(flash, place + 4, 4), number_at(flash, place + 8, 4)};
      if (p.offset > flash_size || p.size > flash_size - p.offset) return {};
      const std::uint32_t type = flash.at(place + 2);
      const std::uint32_t subtype = flash.at(place + 3);
      if (type == 0 && subtype == 0) table.factory = p;
      if (type == 0 && subtype == 0x20) table.test = p;
      if (type == 0 && subtype >= 0x10 && subtype <= 0x1F) {
        table.ota[static_cast<int>(subtype - 0x10)] = p;
        ++table.ota_rows;
      }
      if (type == 1 && subtype == 0) table.otadata = p;
    } else if (magic == 0xEBEB) {
      if (md5_seen || md5(slice(flash, at, row * 32)) != slice(flash, place + 16, 16)) return {};
      md5_seen = true;
    } else if (number_at(flash, place, 4) == 0xFFFFFFFF && row > 0) {
      table.ok = true;
      return table;
    } else {
      return {};
    }
  }
  return {};
}

/// Segments that run beyond the place are read from what follows it, as the bootloader does.
inline bool image_verifies(const Memory& flash, const Place& place, const Chip& chip) {
  if (place.size == 0 || place.size > 16u << 20) return false;
  const std::uint64_t start = place.offset;
  if (start + 24 > flash.size()) return false;
  if (flash[start] != 0xE9 || number_at(flash, start + 12, 2) != chip.id) return false;
  const unsigned segments = flash[start + 1];
  if (segments > 16 || (segments == 0 && chip.page_in_descriptor)) return false;
  std::uint64_t at = start + 24;
  unsigned char checksum = 0xEF;
  std::uint32_t page = 0x10000;
  for (unsigned i = 0; i < segments; ++i) {
    if (at + 8 > flash.size()) return false;
    const std::uint32_t address = number_at(flash, at, 4);
    const std::uint32_t length = number_at(flash, at + 4, 4);
    at += 8;
    if (length % 4 != 0 || length >= chip.longest_segment || at + length > flash.size()) return false;
    if (i == 0 && chip.page_in_descriptor) {
      if (length < 256 || number_at(flash, at, 4) != 0xABCD5432) return false;
      const unsigned power = flash[at + 180];
      if (power >= 13 && power <= 18) page = 1u << power;
    }
    for (const auto& [from, to] : chip.mapped) {
      if (address >= from && address < to && address % page != at % page) return false;
    }
    for (std::uint32_t k = 0; k < length; ++k) checksum ^= flash[at + k];
    at += length;
  }
  const std::uint64_t end = start + ((at - start + 1 + 15) & ~std::uint64_t{15});
  if (end > flash.size() || flash[end - 1] != checksum) return false;
  const bool hashed = flash[start + 23] != 0;
  if (hashed && end + 32 > flash.size()) return false;
  if (end - start + (hashed ? 32 : 0) > place.size) return false;
  return !hashed || sha256(slice(flash, start, end - start)) == slice(flash, end, 32);
}

struct Entry {
  Memory bytes;  ///< 32

  [[nodiscard]] std::uint32_t seq() const { return number_at(bytes, 0, 4); }
  [[nodiscard]] std::uint32_t state() const { return number_at(bytes, 24, 4); }
  [[nodiscard]] bool crc_good() const { return number_at(bytes, 28, 4) == record_crc(slice(bytes, 0, 4)); }
  [[nodiscard]] bool rejected() const { return seq() == 0xFFFFFFFF || state() == 3 || state() == 4; }
  [[nodiscard]] bool usable() const { return !rejected() && crc_good(); }
  [[nodiscard]] bool initial() const { return seq() == 0xFFFFFFFF || !crc_good(); }
  void set_state(std::uint32_t value) { put_number(bytes, 24, value); }
};

/// What a boot did: the index that runs, and the sectors that were erased and given 32 new bytes.
struct Boot {
  int runs = kInvalid;
  std::vector<std::pair<int, Memory>> writes{};
};

using Verifies = std::function<bool(const Place&)>;

inline Boot boot(const Memory& flash, const Table& table, bool rollback, const Verifies& verifies) {
  Boot result;
  if (!table.ok) return result;
  const auto count = static_cast<std::uint32_t>(table.ota_rows);
  int start = kFactory;
  bool repair = false;
  if (table.otadata.offset != 0) {
    if (table.otadata.size < 0x2000) return result;
    std::vector<Entry> entries;
    for (const std::uint32_t i : {0u, 1u}) entries.push_back({slice(flash, table.otadata.offset + i * 0x1000, 32)});
    const auto rewrite = [&](int i, std::uint32_t state) {
      entries[static_cast<std::size_t>(i)].set_state(state);
      result.writes.emplace_back(i, entries[static_cast<std::size_t>(i)].bytes);
    };
    for (int i = 0; rollback && i < 2; ++i) {
      if (entries[static_cast<std::size_t>(i)].state() == 1) rewrite(i, 4);
    }
    if ((entries[0].rejected() && entries[1].rejected()) || count == 0) {
      if (table.factory.offset == 0) {
        start = 0;
        repair = entries[0].initial() && entries[1].initial();
      }
    } else {
      int active = -1;
      if (entries[0].usable()) active = 0;
      if (entries[1].usable() && (active < 0 || entries[1].seq() > entries[0].seq())) active = 1;
      if (active >= 0) {
        start = static_cast<int>((entries[static_cast<std::size_t>(active)].seq() - 1) % count);
        if (rollback && entries[static_cast<std::size_t>(active)].state() == 0) rewrite(active, 1);
      }
    }
  }
  const auto runs = [&](int index) {
    const auto ota = table.ota.find(index);
    const Place place = index == kFactory        ? table.factory
                        : index == kTest         ? table.test
                        : ota != table.ota.end() ? ota->second
                                                 : Place{};
    return place.size != 0 && verifies(place);
  };
  std::vector<int> order;
  for (int index = start; index >= kFactory; --index) order.push_back(index);
  for (int index = start + 1; index < static_cast<int>(count); ++index) order.push_back(index);
  order.push_back(kTest);
  for (const int index : order) {
    if (index >= static_cast<int>(count) || !runs(index)) continue;
    result.runs = index;
    if (repair && index >= 0) {
      Memory bytes(32, 0xFF);
      put_number(bytes, 0, static_cast<std::uint32_t>(index) + 1);
      put_number(bytes, 24, 2);
      put_number(bytes, 28, record_crc(slice(bytes, 0, 4)));
      result.writes.emplace_back(0, bytes);
    }
    break;
  }
  return result;
}

}  // namespace second_opinion
