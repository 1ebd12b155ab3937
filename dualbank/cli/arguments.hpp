// A command line, taken apart.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/cli/verb.hpp"

namespace dualbank::cli {

class Arguments {
 public:
  const Verb* verb = nullptr;  ///< nullptr: none was named
  bool target_from_environment = false;

  [[nodiscard]] bool has(std::string_view flag) const { return options_.find(flag) != options_.end(); }
  [[nodiscard]] std::optional<std::string> value(std::string_view flag) const;
  [[nodiscard]] std::optional<std::string> operand(std::string_view name) const;
  /// Of an option that may be given more than once, in order.
  [[nodiscard]] std::vector<std::string> values(std::string_view flag) const;
  /// The values of the operand that takes many.
  [[nodiscard]] const std::vector<std::string>& rest() const { return rest_; }

  void set_option(std::string flag, std::string value) { options_.insert_or_assign(std::move(flag), std::move(value)); }
  void add_value(const std::string& flag, std::string value) { many_[flag].push_back(std::move(value)); }
  /// Gives the words to the verb's operands in order; with DUALBANK_FLASH, TARGET may be missing.
  /// Throws Refused (usage) when there are too few or too many.
  void set_operands(std::vector<std::string> words);

 private:
  std::map<std::string, std::string, std::less<>> options_;
  std::map<std::string, std::vector<std::string>, std::less<>> many_;
  std::map<std::string, std::string, std::less<>> operands_;
  std::vector<std::string> rest_;
};

/// Throws Refused (usage) for an unknown verb or option, naming the nearest, and for a missing value. Operands are not
/// looked at when help is asked for.
[[nodiscard]] Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace dualbank::cli
