#include "bench/report.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace dualbank::bench {
namespace {

double seconds(std::uint64_t us) { return static_cast<double>(us) / 1e6; }

std::string number(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

/// "1.03x"; "-" where the limit takes no time.
std::string ratio(double value) { return value == 0 ? "-" : number(value, 2) + "x"; }

std::string longest(const Cost& cost) {
  const double ms = static_cast<double>(cost.longest_us) / 1000;
  return ms < 1000 ? number(ms, ms < 10 ? 1 : 0) + " ms" : number(ms / 1000, 2) + " s";
}

Table measure(const sim::Part& part, const Update& update) {
  Table table{&part, &update, {}};
  for (const auto& ways : {limits(), dualbank_ways(), peer_ways()}) {
    for (const Way& way : ways) {
      Bench bench{part, update};
      way.run(bench, update);
      if (!bench.flash.violations().empty()) throw std::logic_error{std::string{way.name} + ": the flash forbids it"};
      table.rows.push_back({&way, bench.cost()});
    }
  }
  const auto to = [](const Cost& cost, const Row& limit) {
    // A record alone is no measure.
    return limit.cost.total_us < 100000 ? 0.0
                                        : static_cast<double>(cost.total_us) / static_cast<double>(limit.cost.total_us);
  };
  for (Row& row : table.rows) {
    row.to_all_known = to(row.cost, table.rows[0]);
    row.to_as_it_comes = to(row.cost, table.rows[1]);
  }
  return table;
}

const std::vector<std::string> kColumns{"Way",           "Total",  "of all known",   "of as it comes",
                                        "Longest block", "Erases", "KiB programmed", "Most erases of a sector"};

std::vector<std::string> cells(const Row& row) {
  const Cost& cost = row.cost;
  return {std::string{row.way->name},
          number(seconds(cost.total_us), 2) + " s",
          ratio(row.to_all_known),
          ratio(row.to_as_it_comes),
          longest(cost),
          std::to_string(cost.erases),
          number(static_cast<double>(cost.programmed_bytes) / 1024, 0),
          std::to_string(cost.most_erases)};
}

const Table& of_first_part(const std::vector<Table>& tables, std::string_view update) {
  return *std::ranges::find_if(tables, [&](const Table& t) { return t.update->name == update; });
}

}  // namespace

const Row& Table::of(std::string_view way) const {
  const auto found = std::ranges::find_if(rows, [&](const Row& row) { return row.way->name == way; });
  if (found == rows.end()) throw std::invalid_argument{"no way " + std::string{way}};
  return *found;
}

std::vector<Table> measure() {
  std::vector<Table> tables;
  for (const sim::Part& part : parts()) {
    for (const Update& update : updates()) tables.push_back(measure(part, update));
  }
  return tables;
}

std::string as_text(const std::vector<Table>& tables) {
  std::ostringstream text;
  for (const Table& table : tables) {
    text << table.part->name << ", " << table.update->name << ": " << table.update->says << "\n";
    std::vector<std::vector<std::string>> lines{kColumns};
    for (const Row& row : table.rows) lines.push_back(cells(row));
    std::vector<std::size_t> widths(kColumns.size());
    for (const auto& line : lines) {
      for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
    }
    for (const auto& line : lines) {
      text << "  " << std::left << std::setw(static_cast<int>(widths[0])) << line[0] << std::right;
      for (std::size_t i = 1; i < line.size(); ++i) text << "  " << std::setw(static_cast<int>(widths[i])) << line[i];
      text << "\n";
    }
    text << "\n";
  }
  return text.str();
}

std::string as_markdown(const std::vector<Table>& tables) {
  std::ostringstream text;
  const std::string_view first = tables[0].part->name;
  for (const Table& table : tables) {
    if (table.part->name != first) continue;
    text << "\n### " << table.update->says << " (" << table.update->name << ")\n\n";
    for (const std::string& column : kColumns) text << "| " << column << " ";
    text << "|\n|---|" << std::string{};
    for (std::size_t i = 1; i < kColumns.size(); ++i) text << "---:|";
    text << "\n";
    for (const Row& row : table.rows) {
      for (const std::string& cell : cells(row)) text << "| " << cell << " ";
      text << "|\n";
    }
  }
  text << "\n### On other parts: total time, and how many times what comes bytes as they come at best\n\n| Way |";
  for (const Table& table : tables) {
    if (table.part->name != first) text << " " << table.part->name << ", " << table.update->name << " |";
  }
  text << "\n|---|";
  for (const Table& table : tables) text << (table.part->name != first ? "---:|" : "");
  text << "\n";
  for (std::size_t way = 0; way < tables[0].rows.size(); ++way) {
    text << "| " << tables[0].rows[way].way->name << " |";
    for (const Table& table : tables) {
      if (table.part->name == first) continue;
      const Row& row = table.rows[way];
      text << " " << number(seconds(row.cost.total_us), 2) << " s";
      if (row.to_as_it_comes != 0) text << ", " << ratio(row.to_as_it_comes);
      text << " |";
    }
    text << "\n";
  }
  return text.str() + "\n";
}

std::string as_svg(const std::vector<Table>& tables) {
  constexpr int kLeft = 190, kRight = 90, kTop = 34, kBar = 18, kGap = 8, kWidth = 760;
  const Table& table = of_first_part(tables, "other");
  double most = 0;
  for (const Row& row : table.rows) most = std::max(most, seconds(row.cost.total_us));
  const int height = kTop + static_cast<int>(table.rows.size()) * (kBar + kGap) + 8;
  std::ostringstream svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << kWidth << " " << height
      << "\" role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n"
      << "<title>Flash time of an update of 1.1 MiB over another image, " << table.part->name << "</title>\n"
      << "<rect width=\"" << kWidth << "\" height=\"" << height << "\" fill=\"#ffffff\"/>\n"
      << "<text x=\"8\" y=\"20\" font-weight=\"600\" fill=\"#1f2328\">Flash time of an update of 1.1 MiB over another "
         "image, "
      << table.part->name << "</text>\n";
  int y = kTop;
  for (const Row& row : table.rows) {
    const double value = seconds(row.cost.total_us);
    const int width = static_cast<int>((kWidth - kLeft - kRight) * value / most);
    const char* color = row.way->kind == Kind::limit ? "#8c959f" : row.way->kind == Kind::ours ? "#0969da" : "#bc4c00";
    svg << "<text x=\"" << kLeft - 8 << "\" y=\"" << y + 14 << "\" text-anchor=\"end\" fill=\"#1f2328\">"
        << row.way->name << "</text>\n"
        << "<rect x=\"" << kLeft << "\" y=\"" << y << "\" width=\"" << width << "\" height=\"" << kBar << "\" fill=\""
        << color << "\"/>\n"
        << "<text x=\"" << kLeft + width + 6 << "\" y=\"" << y + 14 << "\" fill=\"#1f2328\">" << number(value, 1)
        << " s</text>\n";
    y += kBar + kGap;
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace dualbank::bench
