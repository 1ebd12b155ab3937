// A replay in plain words: what the device does, where the power goes, what boots then.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dualbank/sim/cut_tree.hpp"

namespace dualbank::sim {

struct Story {
  std::vector<std::string> lines;
  std::string problem;  ///< what goes wrong, empty when nothing does
};

/// Reads "SCENARIO @ CUTS" or "MODEL @ CUTS", does just these cuts, and tells. False when the id is none of both; then
/// `problem` says what is wrong with it.
[[nodiscard]] bool tell(std::string_view replay_id, Story& story, std::string& problem);

/// "the power goes when its first 12 of 32 bytes are done"
[[nodiscard]] std::string tear_words(const Op& op, const Tear& tear, const Geometry& geometry);

}  // namespace dualbank::sim
