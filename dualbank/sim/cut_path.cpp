#include "dualbank/sim/cut_path.hpp"

#include <array>
#include <charconv>

#include "dualbank/sim/tears.hpp"

namespace dualbank::sim {
namespace {

constexpr std::array<std::string_view, kReads> kReadsCodes{"", ".E", ".P", ".EE", ".PP"};

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char letter) {
  if (!text.starts_with(letter)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string path_code(const CutPath& path) {
  std::string code;
  for (std::size_t first = 0, end = 0; first < path.size(); first = end) {
    end = first + 1;
    while (end < path.size() && path[end] == path[first]) ++end;
    if (first > 0) code += "+";
    code += std::to_string(path[first].operation) + tear_code(path[first].tear);
    code += kReadsCodes[static_cast<std::size_t>(path[first].reads)];
    if (end - first > 1) code += "*" + std::to_string(end - first);
  }
  return code;
}

bool parse_path(std::string_view text, CutPath& path) {
  path.clear();
  while (!text.empty()) {
    Cut cut;
    if (!take_number(text, cut.operation) || !parse_tear(text, cut.tear)) return false;
    for (std::size_t i = kReads; i-- > 1;) {
      if (!text.starts_with(kReadsCodes[i])) continue;
      text.remove_prefix(kReadsCodes[i].size());
      cut.reads = static_cast<Reads>(i);
      break;
    }
    std::size_t times = 1;
    if (take(text, '*') && (!take_number(text, times) || times == 0)) return false;
    if (times > kMostCuts - path.size()) return false;
    path.insert(path.end(), times, cut);
    if (text.empty()) break;
    if (!take(text, '+') || text.empty()) return false;
  }
  return true;
}

}  // namespace dualbank::sim
