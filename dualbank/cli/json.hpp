// JSON with its keys in the order in which they were put.
#pragma once

#include <nlohmann/json.hpp>

namespace dualbank::cli {

using Json = nlohmann::ordered_json;

}  // namespace dualbank::cli
