// Power cuts one after the other, and how a replay id writes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/sim/nor_flash.hpp"

namespace dualbank::sim {

/// How bits that a cut left between 0 and 1 read at the boots after it.
enum class Reads : std::uint8_t {
  drawn,             ///< at random, anew at each boot
  erased_first,      ///< as erased at the first boot, as programmed at the next, and so on
  programmed_first,  ///< the other way round
  erased_twice,      ///< as erased_first, and the device resets once more before it writes anything
  programmed_twice,  ///< as programmed_first, likewise
};
inline constexpr std::size_t kReads = 5;

/// The power goes in an operation of the device, counted from when the power came.
struct Cut {
  std::uint32_t operation = 0;
  Tear tear{};
  Reads reads = Reads::drawn;

  friend bool operator==(const Cut&, const Cut&) = default;
};
using CutPath = std::vector<Cut>;

/// With fewer cuts the journal keeps all that it promises.
[[nodiscard]] inline bool are_many(const CutPath& path) { return path.size() > 8; }

/// As in a replay id: "17p12", then ".E", ".P", ".EE" or ".PP" for other reads than drawn, then "*280" for as many of
/// them one after the other; what differs is joined by "+".
[[nodiscard]] std::string path_code(const CutPath& path);
/// False for what is none, and for more than kMostCuts of them.
[[nodiscard]] bool parse_path(std::string_view text, CutPath& path);
inline constexpr std::size_t kMostCuts = 10'000;

}  // namespace dualbank::sim
