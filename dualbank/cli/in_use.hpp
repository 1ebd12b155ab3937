// Whether another program writes a file just now.
#pragma once

#include <string>

namespace dualbank::cli {

/// True when somebody holds the lock that writing verbs take. Asks the system, takes no lock itself: a looking verb
/// must not get into a writer's way. False where the system does not tell.
[[nodiscard]] bool is_being_written(const std::string& path);

}  // namespace dualbank::cli
