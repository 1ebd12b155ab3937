#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "dualbank/cli/board_table/check.hpp"
#include "dualbank/cli/board_table/table.hpp"
#include "dualbank/cli/numbers.hpp"

namespace dualbank::cli::board_table {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> fields;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(by, at), text.size());
    fields.emplace_back(trimmed(text.substr(at, end - at)));
    at = end + 1;
  }
  return fields;
}

class Reader {
 public:
  Table read(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      const std::size_t end = std::min(text.find('\n'), text.size());
      take(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    finish_entry();
    line_ = std::max(line_, 1U);
    if (table_.releases.empty()) fail("the line 'releases' is missing: the releases that were looked at, oldest first");
    return std::move(table_);
  }

 private:
  enum class Section : std::uint8_t { none, layouts, boards };

  [[noreturn]] void fail(std::string what) const { throw TableError(line_, std::move(what)); }

  void take(std::string_view line) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text[0] == '#') return;
    if (line[0] == ' ' || line[0] == '\t') return take_detail(text);
    finish_entry();
    if (text == "[layouts]") {
      section_ = Section::layouts;
    } else if (text == "[boards]") {
      section_ = Section::boards;
    } else if (text[0] == '[') {
      fail(fmt::format("there is no section {}: use [layouts] or [boards]", text));
    } else if (section_ == Section::none) {
      take_releases(text);
    } else if (section_ == Section::layouts) {
      take_layout(split(text, '|'));
    } else {
      take_board(split(text, '|'));
    }
  }

  void take_releases(std::string_view text) {
    auto words = split(text, ' ');
    std::erase(words, "");
    if (words[0] != "releases" || words.size() < 2) {
      fail("before the first section there is only the line 'releases 9.0 9.1 ...'");
    }
    if (!table_.releases.empty()) fail("a second line 'releases'");
    table_.releases.assign(words.begin() + 1, words.end());
  }

  void take_layout(std::vector<std::string> fields) {
    check_fields(fields, {"name", "flash", "releases"});
    table_.layouts.push_back({.line = line_,
                              .name = std::move(fields[0]),
                              .flash_bytes = size_of(fields[1]),
                              .releases = releases_of(fields[2])});
    open_ = true;
  }

  void take_board(std::vector<std::string> fields) {
    check_fields(fields,
                 {"id", "chip", "flash", "layout", "releases with dualbank", "layout of later releases", "name"});
    table_.boards.push_back({.line = line_,
                             .id = std::move(fields[0]),
                             .chip = std::move(fields[1]),
                             .flash_bytes = size_of(fields[2]),
                             .layout = std::move(fields[3]),
                             .releases = releases_of(fields[4]),
                             .later_layout = fields[5] == "-" ? std::string() : std::move(fields[5]),
                             .name = std::move(fields[6])});
    open_ = true;
  }

  void take_detail(std::string_view text) {
    if (!open_) fail("a line that begins with a blank belongs to the one above, but there is no entry above");
    if (section_ == Section::boards) {
      take_board_detail(table_.boards.back(), text);
    } else {
      take_layout_detail(table_.layouts.back(), text);
    }
  }

  void take_board_detail(BoardEntry& board, std::string_view text) const {
    if (const auto note = value_of(text, "note:")) return set_once(board.note, *note, "note:");
    const auto also = value_of(text, "also:");
    if (!also) fail(fmt::format("'{}': below a board there is also: or note:", text));
    board.also.emplace_back(*also);
  }

  void take_layout_detail(LayoutEntry& layout, std::string_view text) const {
    if (const auto note = value_of(text, "note:")) return set_once(layout.note, *note, "note:");
    if (const auto why = value_of(text, "why:")) return set_once(layout.why, *why, "why:");
    layout.rows.push_back({line_, std::string(text)});
  }

  /// What stands behind a key; nothing where the line does not begin with it.
  [[nodiscard]] std::optional<std::string_view> value_of(std::string_view text, std::string_view key) const {
    if (!text.starts_with(key)) return std::nullopt;
    const std::string_view value = trimmed(text.substr(key.size()));
    if (value.empty()) fail(fmt::format("{} has no text", key));
    return value;
  }

  void set_once(std::string& field, std::string_view value, std::string_view key) const {
    if (!field.empty()) fail(fmt::format("a second {}", key));
    field = value;
  }

  void check_fields(const std::vector<std::string>& fields, const std::vector<std::string_view>& names) const {
    if (fields.size() != names.size()) {
      fail(fmt::format("{} fields, but there are {}: {}", fields.size(), names.size(), fmt::join(names, " | ")));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (fields[i].empty()) fail(fmt::format("the field '{}' is empty", names[i]));
    }
  }

  [[nodiscard]] std::uint32_t size_of(const std::string& text) const {
    const auto size = parse_size(text);
    if (!size || *size < kSmallestFlashBytes || *size > kLargestFlashBytes || (*size & (*size - 1)) != 0) {
      fail(fmt::format("'{}' is no size of a flash: 1MB, 2MB, 4MB ... 128MB", text));
    }
    return *size;
  }

  [[nodiscard]] Releases releases_of(const std::string& text) const {
    const auto words = split(text, '-');
    const auto place = [&](const std::string& word) {
      return std::find(table_.releases.begin(), table_.releases.end(), word);
    };
    if (words.size() != 2) fail(fmt::format("'{}' is no range of releases: 9.0-9.2", text));
    for (const std::string& word : words) {
      if (place(word) == table_.releases.end()) {
        fail(fmt::format("'{}' is not among the releases {}", word, fmt::join(table_.releases, ", ")));
      }
    }
    if (place(words[1]) < place(words[0])) fail(fmt::format("'{}': the first release is the later one", text));
    return {words[0], words[1]};
  }

  void finish_entry() {
    if (!open_) return;
    open_ = false;
    if (section_ == Section::layouts) {
      check_layout_entry(table_);
    } else {
      check_board_entry(table_);
    }
  }

  Table table_{};
  Section section_ = Section::none;
  unsigned line_ = 0;
  bool open_ = false;  // an entry's details may follow
};

}  // namespace

Table read_table(std::string_view text) { return Reader().read(text); }

}  // namespace dualbank::cli::board_table
