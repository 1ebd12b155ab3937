// To go on after a refusal.
#pragma once

#include <functional>
#include <optional>

#include "dualbank/cli/refused.hpp"

namespace dualbank::cli {

/// Runs `what`; answers the refusal that ended it, if one did. All that catches one, but for the command's outermost
/// function: a browser has another way to do it (dualbank/bindings/web).
[[nodiscard]] std::optional<Refused> attempt(const std::function<void()>& what);

}  // namespace dualbank::cli
