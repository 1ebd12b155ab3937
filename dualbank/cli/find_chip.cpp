#include "dualbank/cli/find_chip.hpp"

#include <fmt/format.h>

#include <vector>

#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/suggest.hpp"

namespace dualbank::cli {

const Chip& chip_by_name(const std::string& name) {
  if (const Chip* chip = find_chip_by_name(name)) return *chip;
  std::vector<std::string> names;
  for (const Chip& chip : all_chips()) names.emplace_back(chip.name);
  const auto near = nearest(name, names);
  throw Refused::usage(
      "unknown_chip", fmt::format("there is no chip '{}'", name),
      near.empty() ? fmt::format("use {}", join_or(names)) : fmt::format("did you mean {}?", join_or(near)),
      {{"chip", name}});
}

}  // namespace dualbank::cli
