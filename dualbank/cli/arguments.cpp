#include "dualbank/cli/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "dualbank/cli/files.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"

namespace dualbank::cli {
namespace {

std::string flash_from_environment() {
  const char* path = std::getenv("DUALBANK_FLASH");
  return path == nullptr ? std::string{} : std::string{path};
}

/// True when the words leave TARGET out: too few with it, or the first is a slot's name where a slot may follow TARGET.
bool target_left_out(const Verb& verb, const std::vector<std::string>& words) {
  const auto required =
      std::count_if(verb.operands.begin(), verb.operands.end(), [](const Operand& o) { return o.required; });
  if (words.size() < static_cast<std::size_t>(required)) return true;
  return verb.operands.size() > 1 && verb.operands[1].takes == Takes::slot && !words.empty() &&
         words.size() < verb.operands.size() && parse_slot_name(words[0]).has_value() && !path_exists(words[0]);
}

}  // namespace

std::optional<std::string> Arguments::value(std::string_view flag) const {
  const auto found = options_.find(flag);
  return found == options_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Arguments::values(std::string_view flag) const {
  const auto found = many_.find(flag);
  return found == many_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<std::string> Arguments::operand(std::string_view name) const {
  const auto found = operands_.find(name);
  return found == operands_.end() ? std::nullopt : std::optional(found->second);
}

void Arguments::set_operands(std::vector<std::string> words) {
  const std::span<const Operand> wanted = verb->operands;
  const bool has_target = !wanted.empty() && wanted[0].name == kTarget.name;
  const std::string named = flash_from_environment();
  if (has_target && !named.empty() && target_left_out(*verb, words)) {
    words.insert(words.begin(), named);
    target_from_environment = true;
  }
  std::size_t at = 0;
  for (const Operand& operand : wanted) {
    if (at == words.size()) {
      if (!operand.required) break;
      throw Refused::usage(
          "missing_operand", fmt::format("dualbank {} needs {}: {}", verb->name, operand.name, operand.help),
          fmt::format("dualbank {} --help shows how", verb->name), {{"operand", std::string(operand.name)}});
    }
    if (operand.many) {
      rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
      at = words.size();
    } else {
      operands_.emplace(operand.name, words[at++]);
    }
  }
  if (at < words.size()) {
    throw Refused::usage("too_many_operands",
                         fmt::format("dualbank {} does not know what to do with '{}'", verb->name, words[at]),
                         fmt::format("dualbank {} --help shows how", verb->name), {{"operand", words[at]}});
  }
}

}  // namespace dualbank::cli
