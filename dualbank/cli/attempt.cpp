#include "dualbank/cli/attempt.hpp"

namespace dualbank::cli {

std::optional<Refused> attempt(const std::function<void()>& what) {
  try {
    what();
  } catch (const Refused& refused) {
    return refused;
  }
  return std::nullopt;
}

}  // namespace dualbank::cli
