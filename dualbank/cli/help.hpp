// The help texts, from the table of verbs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "dualbank/cli/output.hpp"
#include "dualbank/cli/verb.hpp"

namespace dualbank::cli {

/// "dualbank update [options] [TARGET] IMAGE"
[[nodiscard]] std::string synopsis(const Verb& verb);
/// "-o, --output FILE"
[[nodiscard]] std::string option_head(const Option& option);
[[nodiscard]] std::string general_help(const Style& style);
[[nodiscard]] std::string verb_help(const Verb& verb, const Style& style);
/// What holds for every verb: one paragraph each.
[[nodiscard]] std::span<const std::string_view> general_paragraphs();
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> environment_variables();
[[nodiscard]] std::span<const std::pair<int, std::string_view>> exit_codes();

}  // namespace dualbank::cli
