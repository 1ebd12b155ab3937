// Devices in the hands of people: updates in any order, with pieces lost and sent twice, other images half way, resets
// and power cuts, all drawn from a seed. Each must end with the image that was wanted last.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace dualbank::sim {

struct RandomSessionsPlan {
  std::uint64_t first_seed = 1;
  std::uint64_t sessions = 1000;
  unsigned jobs = 1;
};

struct RandomSessionsReport {
  std::uint64_t sessions = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t resets = 0;
  std::uint64_t pieces = 0;
  std::uint64_t failed = 0;
  std::uint64_t first_failed_seed = 0;
  std::string first_problem;  ///< of that seed
  double seconds = 0;
};

[[nodiscard]] RandomSessionsReport random_sessions(const RandomSessionsPlan& plan,
                                                   const std::function<bool(std::uint64_t done)>& progress = {});

}  // namespace dualbank::sim
