#include "dualbank/formats/partition_csv.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include "dualbank/formats/csv_number.hpp"
#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/partition_words.hpp"

namespace dualbank {
namespace {

using Text = std::span<const char>;

constexpr std::uint32_t kSectorBytes = 0x1000;
constexpr std::uint32_t kAppAlignment = 0x1'0000;
constexpr std::uint32_t kSmallestNvsBytes = 0x3000;
constexpr std::uint64_t kAddressSpaceBytes = std::uint64_t{1} << 32;

enum Column : std::uint32_t { kName = 1, kType, kSubtype, kOffset, kSize, kFlags, kColumns = kFlags };
using Fields = std::array<Text, kColumns + 1>;

// What a line says beyond the partition that it makes.
struct Row {
  Text name;
  std::uint32_t line = 0;
  bool auto_offset = false;
  bool size_is_end = false;
};

Event error(Status code, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0) { return {code, {a, b, c}}; }

bool same(Text a, Text b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

bool is_word(Text text, const char* word) {
  for (const char c : text) {
    if (c != *word++) return false;
  }
  return *word == '\0';
}

bool starts_with(Text text, std::initializer_list<unsigned char> bytes) {
  return text.size() >= bytes.size() &&
         std::equal(bytes.begin(), bytes.end(), text.begin(),
                    [](unsigned char b, char c) { return b == static_cast<unsigned char>(c); });
}

// Not std::find: it calls memchr with some libraries.
Text::iterator find(Text text, char wanted) {
  return std::find_if(text.begin(), text.end(), [wanted](char c) { return c == wanted; });
}

bool contains(Text text, char wanted) { return find(text, wanted) != text.end(); }

// Takes a line off the text, without its end.
Text take_line(Text& text) {
  const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  const Text line{text.begin(), end};
  text = {end, text.end()};
  if (!text.empty()) text = text.subspan(starts_with(text, {'\r', '\n'}) ? 2 : 1);
  return line;
}

Text take_field(Text& text, char separator) {
  const auto end = find(text, separator);
  const Text field{text.begin(), end};
  text = {end == text.end() ? end : end + 1, text.end()};
  return field;
}

Fields split(Text line) {
  Fields fields{};
  for (std::uint32_t column = kName; column <= kColumns; ++column)
    fields[column] = without_blanks(take_field(line, ','));
  return fields;
}

bool is_primary(const Partition& p) {
  return p.is(partition_type::kBootloader, system_subtype::kPrimary) ||
         p.is(partition_type::kPartitionTable, system_subtype::kPrimary);
}

std::uint64_t end_of(const Partition& p) { return std::uint64_t{p.offset} + p.size_bytes; }

std::uint32_t shown(std::uint64_t end) { return static_cast<std::uint32_t>(std::min(end, kAddressSpaceBytes - 1)); }

class CsvReader {
 public:
  CsvReader(std::span<Partition> out, const CsvOptions& options) : out_(out), options_(options) {}

  [[nodiscard]] std::uint32_t count() const { return count_; }

  Event read(Text text) {
    if (starts_with(text, {0xAA, 0x50})) return error(Status::csv_is_binary);
    if (starts_with(text, {0xFF, 0xFE}) || starts_with(text, {0xFE, 0xFF}) || starts_with(text, {0, 0, 0xFE, 0xFF})) {
      return error(Status::csv_not_utf8);
    }
    if (starts_with(text, {0xEF, 0xBB, 0xBF})) text = text.subspan(3);
    if (const Event e = check_text(text); e.failed()) return e;
    for (std::uint32_t number = 1; !text.empty(); ++number) {
      const Text line = without_blanks(take_line(text));
      if (line.empty() || line.front() == '#') continue;
      if (const Event e = read_line(line, number); e.failed()) return e;
    }
    return {};
  }

  Event place() {
    std::uint64_t end = std::uint64_t{options_.table_offset} + kPartitionTableSectorBytes;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (is_primary(out_[i])) continue;
      if (const Event e = place_one(out_[i], rows_[i], end); e.failed()) return e;
      end = end_of(out_[i]);
    }
    return {};
  }

  Event check() const {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (const Event e = check_one(out_[i], rows_[i].line); e.failed()) return e;
    }
    if (const Event e = check_names(); e.failed()) return e;
    if (const Event e = check_overlap(); e.failed()) return e;
    for (const std::uint8_t subtype : {data_subtype::kOta, data_subtype::kTeeOta}) {
      if (const Event e = check_boot_records(subtype); e.failed()) return e;
    }
    return check_flash_end();
  }

 private:
  static Event check_text(Text text) {
    for (std::uint32_t number = 1; !text.empty(); ++number) {
      const Text line = take_line(text);
      if (contains(line, '\0')) return error(Status::csv_not_text, number);
    }
    return {};
  }

  Event read_line(Text line, std::uint32_t number) {
    if (contains(line, '$')) return error(Status::csv_variable, number);
    const std::size_t most = std::min(out_.size(), rows_.size());
    if (count_ == most) return error(Status::csv_too_many_partitions, number, static_cast<std::uint32_t>(most));

    const Fields fields = split(line);
    Row row;
    row.line = number;
    row.name = fields[kName];
    Partition p;
    std::copy_n(row.name.begin(), std::min(row.name.size(), std::size_t{kPartitionLabelBytes}), p.label.begin());
    Event e = read_type(fields[kType], number, p);
    if (!e.failed()) e = read_subtype(fields[kSubtype], number, p);
    if (!e.failed()) e = read_offset(fields[kOffset], p, row);
    if (!e.failed()) e = read_size(fields[kSize], p, row);
    if (!e.failed()) e = read_flags(fields[kFlags], number, p);
    if (e.failed()) return e;
    out_[count_] = p;
    rows_[count_] = row;
    ++count_;
    return {};
  }

  static Event read_type(Text text, std::uint32_t line, Partition& p) {
    if (text.empty()) return error(Status::csv_no_type, line);
    return read_word(text, find_partition_type(text), line, kType, error(Status::csv_unknown_type, line), p.type);
  }

  static Event read_subtype(Text text, std::uint32_t line, Partition& p) {
    if (text.empty()) {
      p.subtype = data_subtype::kUndefined;
      return p.type == partition_type::kApp ? error(Status::csv_no_subtype, line) : Event{};
    }
    const Event unknown = error(Status::csv_unknown_subtype, line, p.type);
    return read_word(text, find_partition_subtype(p.type, text), line, kSubtype, unknown, p.subtype);
  }

  static Event read_word(Text text, int word, std::uint32_t line, Column column, const Event& unknown,
                         std::uint8_t& out) {
    const CsvNumber number = parse_csv_number(text);
    if (number.form == CsvNumberForm::not_a_number) {
      out = static_cast<std::uint8_t>(word);
      return word < 0 ? unknown : Event{};
    }
    if (number.form == CsvNumberForm::too_large || number.negative || number.magnitude > 0xFF) {
      return error(Status::csv_number_out_of_range, line, column, 0xFF);
    }
    out = static_cast<std::uint8_t>(number.magnitude);
    return {};
  }

  Event read_offset(Text text, Partition& p, Row& row) const {
    const bool recovery = p.is(partition_type::kBootloader, system_subtype::kRecovery);
    if (recovery || p.is(partition_type::kBootloader, system_subtype::kPrimary)) {
      p.offset = recovery ? options_.recovery_bootloader_offset : options_.bootloader_offset;
      return p.offset == kOffsetNotGiven ? error(Status::csv_no_bootloader_offset, row.line, p.subtype) : Event{};
    }
    if (is_primary(p)) {
      p.offset = options_.table_offset;
      return {};
    }
    row.auto_offset = text.empty();
    if (row.auto_offset) return {};
    bool negative = false;
    const Event e = read_number(text, row.line, kOffset, p.offset, negative);
    return negative ? error(Status::csv_number_out_of_range, row.line, kOffset, 0xFFFF'FFFF) : e;
  }

  Event read_size(Text text, Partition& p, Row& row) const {
    if (p.type == partition_type::kBootloader) {
      if (options_.bootloader_offset == kOffsetNotGiven) {
        return error(Status::csv_no_bootloader_offset, row.line, system_subtype::kPrimary);
      }
      if (options_.bootloader_offset >= options_.table_offset) {
        return error(Status::csv_bad_bootloader_offset, row.line, options_.bootloader_offset, options_.table_offset);
      }
      p.size_bytes = options_.table_offset - options_.bootloader_offset;
      return {};
    }
    if (p.type == partition_type::kPartitionTable) {
      p.size_bytes = kPartitionTableSectorBytes;
      return {};
    }
    if (text.empty()) return error(Status::csv_no_size, row.line);
    return read_number(text, row.line, kSize, p.size_bytes, row.size_is_end);
  }

  static Event read_number(Text text, std::uint32_t line, Column column, std::uint32_t& out, bool& negative) {
    const CsvNumber number = parse_csv_number(text);
    if (number.form == CsvNumberForm::not_a_number) return error(Status::csv_bad_number, line, column);
    if (number.form == CsvNumberForm::too_large) {
      return error(Status::csv_number_out_of_range, line, column, 0xFFFF'FFFF);
    }
    out = number.magnitude;
    negative = number.negative;
    return {};
  }

  static Event read_flags(Text text, std::uint32_t line, Partition& p) {
    while (!text.empty()) {
      const Text flag = take_field(text, ':');
      if (is_word(flag, "encrypted")) {
        p.flags |= partition_flag::kEncrypted;
      } else if (is_word(flag, "readonly")) {
        p.flags |= partition_flag::kReadonly;
      } else if (!flag.empty()) {
        return error(Status::csv_unknown_flag, line);
      }
    }
    return {};
  }

  static std::uint32_t alignment(const Partition& p) {
    return p.type == partition_type::kApp ? kAppAlignment : kSectorBytes;
  }

  static Event place_one(Partition& p, const Row& row, std::uint64_t end) {
    if (!row.auto_offset && p.offset < end) {
      return error(Status::csv_out_of_order, row.line, p.offset, shown(end));
    }
    if (row.auto_offset) {
      const std::uint64_t offset = (end + alignment(p) - 1) & ~std::uint64_t{alignment(p) - 1};
      if (offset >= kAddressSpaceBytes) return error(Status::csv_beyond_4_gib, row.line);
      p.offset = static_cast<std::uint32_t>(offset);
    }
    if (row.size_is_end) {
      if (p.size_bytes < p.offset) return error(Status::csv_ends_before_start, row.line, p.size_bytes, p.offset);
      p.size_bytes -= p.offset;
    }
    return end_of(p) > kAddressSpaceBytes ? error(Status::csv_beyond_4_gib, row.line) : Event{};
  }

  Event check_one(const Partition& p, std::uint32_t line) const {
    if ((p.offset & (alignment(p) - 1)) != 0) {
      return error(Status::csv_offset_misaligned, line, p.offset, alignment(p));
    }
    const std::uint32_t size_unit = options_.secure_boot_v1 ? kAppAlignment : kSectorBytes;
    if (p.type == partition_type::kApp && (p.size_bytes & (size_unit - 1)) != 0) {
      return error(Status::csv_size_misaligned, line, p.size_bytes, size_unit);
    }
    if (p.type != partition_type::kData) return {};
    const bool readonly = (p.flags & partition_flag::kReadonly) != 0;
    if (readonly && (p.subtype == data_subtype::kOta || p.subtype == data_subtype::kCoredump)) {
      return error(Status::csv_always_written, line);
    }
    if (!readonly && p.subtype == data_subtype::kNvs && p.size_bytes < kSmallestNvsBytes) {
      return error(Status::csv_nvs_too_small, line, p.size_bytes, kSmallestNvsBytes);
    }
    return {};
  }

  // Whole names, though flash keeps only 16 bytes of them.
  Event check_names() const {
    for (std::uint32_t i = 1; i < count_; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) {
        if (same(rows_[i].name, rows_[j].name)) return error(Status::csv_duplicate_name, rows_[i].line, rows_[j].line);
      }
    }
    return {};
  }

  // Only bootloaders and tables are left to overlap: the others were placed in order.
  Event check_overlap() const {
    for (std::uint32_t i = 0; i < count_; ++i) {
      for (std::uint32_t j = 0; j < count_; ++j) {
        const bool sorted = out_[j].offset < out_[i].offset || (out_[j].offset == out_[i].offset && j < i);
        if (sorted && out_[i].offset < end_of(out_[j])) {
          return error(Status::csv_overlap, rows_[i].line, out_[i].offset, rows_[j].line);
        }
      }
    }
    return {};
  }

  Event check_boot_records(std::uint8_t subtype) const {
    std::uint32_t first = 0;
    bool any = false;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (!out_[i].is(partition_type::kData, subtype)) continue;
      if (any) return error(Status::csv_second_otadata, rows_[i].line, rows_[first].line, subtype);
      first = i;
      any = true;
    }
    if (!any || out_[first].size_bytes == kOtadataBytes) return {};
    return error(Status::csv_otadata_size, rows_[first].line, out_[first].size_bytes, kOtadataBytes);
  }

  Event check_flash_end() const {
    if (options_.flash_size_bytes == 0) return {};
    for (std::uint32_t i = 0; i < count_; ++i) {
      const std::uint64_t end = end_of(out_[i]);
      if (end <= options_.flash_size_bytes) continue;
      return error(Status::csv_beyond_flash, rows_[i].line, shown(end), options_.flash_size_bytes);
    }
    return {};
  }

  std::span<Partition> out_;
  CsvOptions options_;
  std::uint32_t count_ = 0;
  std::array<Row, kMostPartitionsWithoutMd5> rows_{};
};

}  // namespace

Result<std::uint32_t> parse_partition_csv(std::span<const char> text, std::span<Partition> out,
                                          const CsvOptions& options) {
  CsvReader reader{out, options};
  Event e = reader.read(text);
  if (!e.failed()) e = reader.place();
  if (!e.failed()) e = reader.check();
  if (e.failed()) return e;
  return reader.count();
}

}  // namespace dualbank
