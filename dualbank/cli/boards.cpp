#include "dualbank/cli/boards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/suggest.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kMostSuggestions = 3;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

bool same_word(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

const Board* board_named(std::string_view name) {
  for (const Board& board : all_boards()) {
    if (same_word(board.id, name) || same_word(board.name, name)) return &board;
    if (std::any_of(board.also.begin(), board.also.end(), [&](auto also) { return same_word(also, name); })) {
      return &board;
    }
  }
  return nullptr;
}

const KnownLayout* layout_named(std::string_view name) {
  for (const KnownLayout& layout : all_layouts()) {
    if (same_word(layout.name, name)) return &layout;
  }
  return nullptr;
}

/// Runs of letters and digits.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words{""};
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      words.back() += lower({&c, 1});
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

/// How many letters are wrong when each word stands for the one of the board that is nearest; nothing where a word is
/// like none of them.
std::optional<std::size_t> distance_by_words(std::span<const std::string> words, const Board& board) {
  const auto own = words_of(fmt::format("{} {}", board.id, board.name));
  std::size_t sum = 0;
  for (const std::string& word : words) {
    std::size_t least = word.size();
    for (const std::string& other : own) {
      least = std::min(least, other.find(word) != std::string::npos ? 0 : edit_distance(word, other));
    }
    if (least > std::max<std::size_t>(1, word.size() / 3)) return std::nullopt;
    sum += least;
  }
  return sum;
}

/// Ids: first of those that are a few letters away, then of those that have all of its words, or nearly.
std::vector<std::string> boards_near(std::string_view name) {
  std::vector<std::string> known;
  for (const Board& board : all_boards()) {
    known.emplace_back(board.id);
    known.emplace_back(board.name);
  }
  std::vector<std::string> near;
  const auto add = [&near](std::string_view id) {
    const bool said = std::find(near.begin(), near.end(), id) != near.end();
    if (!said && near.size() < kMostSuggestions) near.emplace_back(id);
  };
  for (const std::string& close : nearest(name, known, 2 * kMostSuggestions)) add(board_named(close)->id);
  const auto words = words_of(name);
  std::vector<std::pair<std::size_t, std::size_t>> by_words;  // distance, and the place in the list
  for (std::size_t i = 0; i < all_boards().size() && !words.empty(); ++i) {
    if (const auto distance = distance_by_words(words, all_boards()[i])) by_words.emplace_back(*distance, i);
  }
  std::sort(by_words.begin(), by_words.end());
  for (const auto& [distance, i] : by_words) add(all_boards()[i].id);
  return near;
}

}  // namespace

const Board& find_board(std::string_view name) {
  if (const Board* board = board_named(name)) return *board;
  const auto near = boards_near(name);
  std::string cure = near.empty() ? "dualbank boards lists them all; dualbank boards WORD those with a word in them"
                                  : fmt::format("did you mean {}? dualbank boards WORD lists those with a word in them",
                                                join_or(near));
  if (const KnownLayout* layout = layout_named(name)) {
    cure = fmt::format("it is a layout: --layout {}; dualbank boards {} lists the boards that have it", layout->name,
                       layout->name);
  }
  throw Refused::usage("unknown_board", fmt::format("there is no board '{}'", name), cure,
                       {{"board", std::string(name)}, {"nearest", near}});
}

const KnownLayout& find_layout(std::string_view name) {
  if (const KnownLayout* layout = layout_named(name)) return *layout;
  std::vector<std::string> names;
  for (const KnownLayout& layout : all_layouts()) names.emplace_back(layout.name);
  const auto near = nearest(name, names);
  std::string cure = near.empty() ? fmt::format("use {}, or a table of your own with --csv", join_or(names))
                                  : fmt::format("did you mean {}? dualbank boards --layouts lists them", join_or(near));
  if (const Board* board = board_named(name)) cure = fmt::format("it is a board: --board {}", board->id);
  throw Refused::usage("unknown_layout", fmt::format("there is no layout '{}'", name), cure,
                       {{"layout", std::string(name)}, {"nearest", near}});
}

bool board_has(const Board& board, std::span<const std::string> words) {
  std::string text = lower(fmt::format("{}\n{}\n{}\n{}", board.id, board.name, board.chip, board.layout));
  for (const std::string_view also : board.also) text += "\n" + lower(also);
  return std::all_of(words.begin(), words.end(),
                     [&](const auto& word) { return text.find(lower(word)) != std::string::npos; });
}

std::string releases_text(std::string_view first, std::string_view last) {
  return first == last ? std::string(first) : fmt::format("{}-{}", first, last);
}

std::string why_not_later(const Board& board) {
  if (board.later_layout.empty()) return {};
  const KnownLayout& layout = find_layout(board.later_layout);
  const auto releases = all_releases();
  const auto next = std::find(releases.begin(), releases.end(), board.last_release) + 1;
  return fmt::format("since CircuitPython {} layout {} and no dualbank: {}", *next, layout.name, layout.why_one_slot);
}

}  // namespace dualbank::cli
