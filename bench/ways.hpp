// Ways to bring an image onto the board, each as one function that asks of the flash what that way asks of it.
#pragma once

#include <span>
#include <string_view>

#include "bench/workload.hpp"

namespace dualbank::bench {

enum class Kind : std::uint8_t {
  limit,  ///< no program: the least that can be done with what is known
  ours,
  peer,
};

struct Way {
  std::string_view name;
  std::string_view says;
  Kind kind = Kind::peer;
  void (*run)(Bench& bench, const Update& update) = nullptr;
};

/// What knows all bytes before it begins; what knows the length, whether the images are alike, and each sector when it
/// comes.
[[nodiscard]] std::span<const Way> limits();
[[nodiscard]] std::span<const Way> dualbank_ways();
/// As read from their sources; the rules are in docs/PERFORMANCE.md.
[[nodiscard]] std::span<const Way> peer_ways();

}  // namespace dualbank::bench
