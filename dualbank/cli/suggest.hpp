// "Did you mean ...?": the nearest of a list of words.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dualbank::cli {

/// How many letters have to be changed, added, dropped or swapped with their neighbour, ignoring case.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The words nearest to `word`, best first, at most `most`: those within a third of its length, and those that begin
/// with it. Empty when nothing is near.
[[nodiscard]] std::vector<std::string> nearest(std::string_view word, std::span<const std::string> words,
                                               std::size_t most = 3);

/// "a", "a or b", "a, b or c".
[[nodiscard]] std::string join_or(std::span<const std::string> words);

}  // namespace dualbank::cli
