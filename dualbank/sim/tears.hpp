// The ways in which a power cut can leave an operation, and what they are called.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/sim/nor_flash.hpp"

namespace dualbank::sim {

/// Classes of tears, for counting. `reversed`: the last units are done and the first are not.
enum class TearClass : std::uint8_t {
  before,
  after,
  program_prefix,
  program_reversed,
  program_bits,
  program_marginal,  ///< any of these three, with bits left between 0 and 1
  erase_prefix,
  erase_suffix,
  erase_bits,
  erase_zeroed,    ///< the chip programs all bits first: it had, or was about to
  erase_marginal,  ///< any of these four, with bits left between 0 and 1
};
inline constexpr std::size_t kTearClasses = 11;

[[nodiscard]] TearClass tear_class(const Op& op, const Tear& tear);
[[nodiscard]] std::string_view tear_class_name(TearClass tear_class);  ///< "program, prefix"

enum class Thoroughness : std::uint8_t {
  every,  ///< every prefix and reversed prefix, 24 random subsets, each settled and marginal
  some,   ///< about 30 for each operation, the ends and the middle
  few,    ///< about 10
  most,   ///< every one, and 2,200 random subsets that settle instead of 24
};

/// The tears to try on an operation, without those that leave what another leaves anyway. The same on every machine.
[[nodiscard]] std::vector<Tear> tears_of(const Op& op, const Geometry& geometry, Thoroughness thoroughness);

/// As in a replay id: "b" before, "a" after, "p12" the first 12 units, "s12" the last 12, "x7" bits drawn from seed 7;
/// then "z" when an erase programs first, "zw" when it still did ("p" and "s" count what was programmed), and "m" when
/// bits are left marginal, with the seed of what they read as behind it.
[[nodiscard]] std::string tear_code(const Tear& tear);
/// Takes a code off the front of `text`. False, and nothing taken, when there is none.
[[nodiscard]] bool parse_tear(std::string_view& text, Tear& tear);

}  // namespace dualbank::sim
