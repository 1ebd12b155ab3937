// boards.txt as it is read when the command is built. What it holds then: dualbank/cli/boards.hpp.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank::cli::board_table {

/// First and last release, both from the line `releases`.
struct Releases {
  std::string first;
  std::string last;
};

/// A partition, as CSV.
struct LayoutRow {
  unsigned line = 0;
  std::string csv{};
};

struct LayoutEntry {
  unsigned line = 0;
  std::string name{};
  std::uint32_t flash_bytes = 0;
  Releases releases{};
  std::vector<LayoutRow> rows{};
  std::string why{};
  std::string note{};
  std::uint32_t slot_count = 0;
  bool has_factory = false;
};

struct BoardEntry {
  unsigned line = 0;
  std::string id{};
  std::string chip{};
  std::uint32_t flash_bytes = 0;
  std::string layout{};
  Releases releases{};
  std::string later_layout{};  ///< empty where the newest release has dualbank
  std::string name{};
  std::vector<std::string> also{};
  std::string note{};
};

struct Table {
  std::vector<std::string> releases;  ///< oldest first
  std::vector<LayoutEntry> layouts;
  std::vector<BoardEntry> boards;
};

/// What is wrong with the table, and where: lines count from 1.
class TableError : public std::exception {
 public:
  TableError(unsigned line, std::string what) : line_(line), what_(std::move(what)) {}
  [[nodiscard]] unsigned line() const { return line_; }
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

 private:
  unsigned line_;
  std::string what_;
};

/// Reads the text and checks every entry; throws TableError at the first line that is wrong. A layout must be a
/// partition table that the vendor's tool and the engine take and that fits its flash; one with OTA slots has otadata,
/// one with fewer than two says why. A board's id, names, chip, layouts and releases must be there, and be there once.
[[nodiscard]] Table read_table(std::string_view text);

/// The definitions of all_boards(), all_layouts() and all_releases() as C++.
[[nodiscard]] std::string cpp_of(const Table& table);

}  // namespace dualbank::cli::board_table
