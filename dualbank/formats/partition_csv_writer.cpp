#include <algorithm>
#include <array>
#include <cstddef>

#include "dualbank/formats/partition_csv.hpp"
#include "dualbank/formats/partition_words.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kKib = 1U << 10;
constexpr std::uint32_t kMib = 1U << 20;
constexpr std::uint32_t kKnownFlags = partition_flag::kEncrypted | partition_flag::kReadonly;

// Counts on when the room is full, so that the error can name the whole need.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}

  void put(char c) {
    if (used_ < out_.size()) out_[used_] = c;
    ++used_;
  }
  void put(const char* text) {
    while (*text != '\0') put(*text++);
  }
  void put(std::span<const char> text) {
    for (const char c : text) put(c);
  }
  void put_decimal(std::uint32_t value) {
    constexpr std::array<std::uint32_t, 10> kPowersOfTen{1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000,
                                                         10'000,        1'000,       100,        10,        1};
    bool started = false;
    for (const std::uint32_t power : kPowersOfTen) {
      char digit = '0';
      for (; value >= power; value -= power) ++digit;
      started = started || digit != '0' || power == 1;
      if (started) put(digit);
    }
  }
  void put_hexadecimal(std::uint32_t value) {
    put("0x");
    std::uint32_t shift = 28;
    while (shift > 0 && value >> shift == 0) shift -= 4;
    for (;; shift -= 4) {
      put("0123456789abcdef"[value >> shift & 0xFU]);
      if (shift == 0) return;
    }
  }
  void put_size(std::uint32_t bytes) {
    const bool whole_mib = (bytes & (kMib - 1)) == 0;
    if ((bytes & (kKib - 1)) != 0) return put_hexadecimal(bytes);
    put_decimal(whole_mib ? bytes >> 20 : bytes >> 10);
    put(whole_mib ? 'M' : 'K');
  }
  void put_word(const char* word, std::uint8_t number) {
    if (word != nullptr) return put(word);
    put_decimal(number);
  }
  void put_row(const Partition& p) {
    put(p.label_text());
    put(',');
    put_word(partition_type_word(p.type), p.type);
    put(',');
    put_word(partition_subtype_word(p.type, p.subtype), p.subtype);
    put(',');
    put_hexadecimal(p.offset);
    put(',');
    put_size(p.size_bytes);
    put(',');
    if ((p.flags & partition_flag::kEncrypted) != 0) put("encrypted");
    if (p.flags == kKnownFlags) put(':');
    if ((p.flags & partition_flag::kReadonly) != 0) put("readonly");
    put('\n');
  }

  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

bool writable(std::span<const char> name) {
  if (name.empty()) return true;
  if (name.front() == '#' || is_blank(name.front()) || is_blank(name.back())) return false;
  return std::none_of(name.begin(), name.end(), [](char c) { return c == ',' || c == '$' || c == '\n' || c == '\r'; });
}

}  // namespace

Result<std::uint32_t> write_partition_csv(std::span<const Partition> partitions, std::span<char> out) {
  Writer writer{out};
  writer.put("# ESP-IDF Partition Table\n# Name, Type, SubType, Offset, Size, Flags\n");
  std::uint32_t row = 0;
  for (const Partition& p : partitions) {
    if (!writable(p.label_text())) return {Status::csv_name_unwritable, row};
    if ((p.flags & ~kKnownFlags) != 0) return {Status::csv_flags_unwritable, row, p.flags};
    writer.put_row(p);
    ++row;
  }
  const auto used = static_cast<std::uint32_t>(writer.used());
  if (used > out.size()) return {Status::csv_no_room, used, static_cast<std::uint32_t>(out.size())};
  return used;
}

}  // namespace dualbank
