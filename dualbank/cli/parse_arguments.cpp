#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "dualbank/cli/arguments.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/suggest.hpp"

namespace dualbank::cli {
namespace {

void add_option(CLI::App& app, const Option& option, Arguments& into) {
  const std::string key(option.long_flag());
  const std::string flags(option.flags);
  if (option.takes == Takes::nothing) {
    app.add_flag_callback(flags, [&into, key] { into.set_option(key, {}); });
    return;
  }
  const auto take = [&into, key, help = option.help](const std::string& value) {
    if (value.starts_with("--")) {
      throw Refused::usage("usage", fmt::format("{} needs a value, not {}", key, value), std::string(help),
                           {{"option", key}});
    }
    into.set_option(key, value);
    return value;
  };
  if (option.many) {
    const auto take_all = [&into, key, take](const std::vector<std::string>& values) {
      for (const std::string& value : values) into.add_value(key, take(value));
    };
    app.add_option_function<std::vector<std::string>>(flags, take_all)->allow_extra_args(false);
    return;
  }
  app.add_option_function<std::string>(flags, take)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const Verb* verb : all_verbs()) names.emplace_back(verb->name);
  return names;
}

Refused unknown_verb(const std::string& word) {
  const auto near = nearest(word, verb_names(), 2);
  return Refused::usage(
      "unknown_verb", fmt::format("there is no verb '{}'", word),
      near.empty() ? "dualbank --help lists the verbs" : fmt::format("did you mean {}?", join_or(near)),
      {{"verb", word}});
}

Refused unknown_option(const std::string& word, const Verb* verb) {
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> flags;
  const auto add = [&](std::span<const Option> options) {
    for (const Option& option : options) flags.emplace_back(option.long_flag());
  };
  if (verb != nullptr) add(verb->options);
  add(global_options());
  const auto near = flag.size() > 2 ? nearest(flag, flags, 2) : std::vector<std::string>{};
  const std::string command = verb == nullptr ? "dualbank" : fmt::format("dualbank {}", verb->name);
  return Refused::usage(
      "unknown_option", fmt::format("{} has no option {}", command, flag),
      near.empty() ? fmt::format("{} --help lists them", command) : fmt::format("did you mean {}?", join_or(near)),
      {{"option", flag}});
}

}  // namespace

Arguments parse_arguments(int argc, const char* const* argv) {
  Arguments arguments;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (const Option& option : global_options()) add_option(app, option, arguments);
  std::map<const Verb*, std::vector<std::string>> words;
  for (const Verb* verb : all_verbs()) {
    CLI::App* sub = app.add_subcommand(std::string(verb->name));
    sub->set_help_flag();
    sub->fallthrough();
    for (const Option& option : verb->options) add_option(*sub, option, arguments);
    sub->add_option("operands", words[verb]);
    sub->parse_complete_callback([&arguments, verb] { arguments.verb = verb; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    throw Refused::usage("usage", error.what(), "dualbank --help shows the options");
  }
  for (const std::string& extra : app.remaining(true)) {
    if (arguments.verb == nullptr && !extra.starts_with("-")) throw unknown_verb(extra);
    throw unknown_option(extra, arguments.verb);
  }
  if (arguments.verb != nullptr && !arguments.has("--help")) arguments.set_operands(words[arguments.verb]);
  return arguments;
}

}  // namespace dualbank::cli
