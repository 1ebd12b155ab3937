#include "dualbank/engine/explain.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/otadata.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank {
namespace {

struct Row {
  Status code;
  const char* name;
  const char* what;
  const char* cure;
};

constexpr Row kRows[] = {
#define DUALBANK_STATUS(number, name, what, cure) {Status::name, #name, what, cure},
#include "dualbank/formats/status_list.inc"
#undef DUALBANK_STATUS
};

constexpr Row kUnknownRow{Status::ok, "unknown", "an unknown status", ""};

const Row& row_of(Status code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row;
  }
  return kUnknownRow;
}

using Name = std::span<const char>;

bool same(Name a, Name b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

bool same(Name a, const char* text) {
  for (const char c : a) {
    if (*text != c) return false;
    ++text;
  }
  return *text == '\0';
}

ValueKind kind_of(Name kind) {
  if (same(kind, "x")) return ValueKind::hexadecimal;
  if (same(kind, "chip")) return ValueKind::chip;
  if (same(kind, "slot")) return ValueKind::slot;
  if (same(kind, "size")) return ValueKind::size;
  if (same(kind, "state")) return ValueKind::state;
  return ValueKind::number;
}

// Takes the placeholder that starts behind `text`'s brace, and moves `text` behind it.
ValueName take_placeholder(const char*& text) {
  const char* const start = text;
  while (*text != '}' && *text != ':') ++text;
  const Name name{start, text};
  const char* const kind = *text == ':' ? text + 1 : text;
  while (*text != '}') ++text;
  return {name, kind_of({kind, text++})};
}

// The values that a row speaks of: the names in their order of first appearance.
class Values {
 public:
  explicit Values(const Row& row) {
    collect(row.what);
    collect(row.cure);
  }

  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] const ValueName& operator[](std::uint32_t index) const { return names_[index]; }
  [[nodiscard]] std::uint32_t index_of(Name name) const {
    std::uint32_t index = 0;
    while (index + 1 < names_.size() && !same(names_[index].name, name)) ++index;
    return index;
  }

 private:
  void collect(const char* text) {
    while (*text != '\0') {
      if (*text++ != '{') continue;
      const ValueName value = take_placeholder(text);
      const bool known = std::any_of(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(count_),
                                     [&](const ValueName& other) { return same(other.name, value.name); });
      if (!known && count_ < names_.size()) names_[count_++] = value;
    }
  }

  std::array<ValueName, 3> names_{};
  std::uint32_t count_ = 0;
};

constexpr std::array<std::uint32_t, 10> kPowersOfTen{1'000'000'000, 100'000'000, 10'000'000, 1'000'000, 100'000,
                                                     10'000,        1'000,       100,        10,        1};

constexpr std::uint32_t kKibShift = 10;
constexpr std::uint32_t kMibShift = 20;
constexpr std::uint32_t kHalfMib = 1U << (kMibShift - 1);

// Text in a span, cut to its size, with room kept for the NUL.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}

  void put(char c) {
    if (used_ + 1 < out_.size()) out_[used_++] = c;
  }
  void put(const char* text) {
    while (*text != '\0') put(*text++);
  }
  void put_decimal(std::uint32_t value, bool thousands) {
    bool started = false;
    for (std::size_t i = 0; i < kPowersOfTen.size(); ++i) {
      char digit = '0';
      for (; value >= kPowersOfTen[i]; value -= kPowersOfTen[i]) ++digit;
      const bool last = i + 1 == kPowersOfTen.size();
      if (!started && digit == '0' && !last) continue;
      const bool group = i == 1 || i == 4 || i == 7;
      if (started && thousands && group) put(',');
      started = true;
      put(digit);
    }
  }
  void put_hexadecimal(std::uint32_t value) {
    put("0x");
    std::uint32_t shift = 28;
    while (shift > 0 && value >> shift == 0) shift -= 4;
    for (;; shift -= 4) {
      put("0123456789ABCDEF"[value >> shift & 0xFU]);
      if (shift == 0) return;
    }
  }
  // Always exact, so that one byte too many shows: a larger unit only where nothing is lost.
  void put_size(std::uint32_t bytes) {
    if (bytes >= kHalfMib * 2 && (bytes & (kHalfMib - 1)) == 0) {
      put_decimal(bytes >> kMibShift, true);
      put((bytes & kHalfMib) != 0 ? ".5 MiB" : " MiB");
    } else if (bytes != 0 && (bytes & ((1U << kKibShift) - 1)) == 0) {
      put_decimal(bytes >> kKibShift, true);
      put(" KiB");
    } else {
      put_decimal(bytes, true);
      put(bytes == 1 ? " byte" : " bytes");
    }
  }
  void put_slot(std::uint32_t value) {
    if (value < static_cast<std::uint32_t>(kMaxSlots)) {
      put("ota_");
      put_decimal(value, false);
    } else if (value == static_cast<std::uint32_t>(kFactorySlot)) {
      put("factory");
    } else if (value == static_cast<std::uint32_t>(kTestSlot)) {
      put("test");
    } else {
      put(value == static_cast<std::uint32_t>(kNoSlot) ? "no slot" : "unknown slot");
    }
  }
  void put_value(std::uint32_t value, ValueKind kind) {
    // In the order of ValueKind.
    constexpr std::array<void (*)(Writer&, std::uint32_t), 6> kPut{
        [](Writer& out, std::uint32_t v) { out.put_decimal(v, false); },
        [](Writer& out, std::uint32_t v) { out.put_hexadecimal(v); },
        [](Writer& out, std::uint32_t v) { out.put(chip_name(static_cast<std::uint16_t>(v))); },
        [](Writer& out, std::uint32_t v) { out.put_slot(v); },
        [](Writer& out, std::uint32_t v) { out.put_size(v); },
        [](Writer& out, std::uint32_t v) { out.put(state_name(static_cast<RecordState>(v))); },
    };
    kPut[static_cast<std::size_t>(kind)](*this, value);
  }
  void put_sentence(const char* text, const Values& values, const Event& event) {
    while (*text != '\0') {
      const char c = *text++;
      if (c != '{') {
        put(c);
        continue;
      }
      const ValueName value = take_placeholder(text);
      put_value(event.values[values.index_of(value.name)], value.kind);
    }
  }
  const char* finish() {
    out_[used_] = '\0';
    return out_.data();
  }

 private:
  std::span<char> out_;
  std::size_t used_ = 0;
};

}  // namespace

const char* status_name(Status code) { return row_of(code).name; }

const char* explain(const Event& event, std::span<char> text) {
  const Row& row = row_of(event.code);
  const Values values{row};
  Writer writer{text};
  writer.put_sentence(row.what, values, event);
  if (*row.cure != '\0') {
    writer.put(": ");
    writer.put_sentence(row.cure, values, event);
  }
  return writer.finish();
}

const char* explain_what(const Event& event, std::span<char> text) {
  const Row& row = row_of(event.code);
  Writer writer{text};
  writer.put_sentence(row.what, Values{row}, event);
  return writer.finish();
}

const char* explain_cure(const Event& event, std::span<char> text) {
  const Row& row = row_of(event.code);
  Writer writer{text};
  writer.put_sentence(row.cure, Values{row}, event);
  return writer.finish();
}

std::uint32_t value_count(Status code) { return Values{row_of(code)}.count(); }

ValueName value_name(Status code, std::uint32_t index) {
  const Values values{row_of(code)};
  return index < values.count() ? values[index] : ValueName{};
}

}  // namespace dualbank
