// Completion scripts for three shells, from the same table as --help.
#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "dualbank/cli/boards.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/engine/explain.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

constexpr std::array kStatusNames{
#define DUALBANK_STATUS(number, name, what, cure) std::string_view{#name},
#include "dualbank/formats/status_list.inc"
#undef DUALBANK_STATUS
};

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// All words that fit, or nothing where a file or a free word is meant.
std::string words_for(Takes takes) {
  std::vector<std::string> words;
  for (const std::string_view word : words_of(takes)) words.emplace_back(word);
  if (takes == Takes::status) words.assign(kStatusNames.begin(), kStatusNames.end());
  if (takes == Takes::board) {
    for (const Board& board : all_boards()) words.emplace_back(board.id);
  }
  if (takes == Takes::layout) {
    for (const KnownLayout& layout : all_layouts()) words.emplace_back(layout.name);
  }
  if (takes == Takes::chip) {
    for (const Chip& chip : all_chips()) words.emplace_back(chip.name);
  }
  return join(words);
}

bool is_file(Takes takes) { return takes == Takes::file || takes == Takes::new_file; }

std::string replaced(std::string_view text, std::string_view special, std::string_view before) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += before;
    result += c;
  }
  return result;
}

std::string flags_of(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) {
    text += fmt::format(" {}", option.long_flag());
    if (!option.short_flag().empty()) text += fmt::format(" {}", option.short_flag());
  }
  return text;
}

std::string either(const Option& option) {
  return option.short_flag().empty() ? std::string(option.long_flag())
                                     : fmt::format("{}|{}", option.short_flag(), option.long_flag());
}

std::string bash_value_case(const Option& option) {
  if (option.takes == Takes::nothing) return {};
  const std::string words = words_for(option.takes);
  const std::string reply =
      is_file(option.takes) ? "compgen -f -- \"$cur\"" : fmt::format("compgen -W '{}' -- \"$cur\"", words);
  return fmt::format("    {}) mapfile -t COMPREPLY < <({}); return ;;\n", either(option), reply);
}

std::string bash_operands(const Verb& verb) {
  bool files = false;
  std::string words;
  for (const Operand& operand : verb.operands) {
    files = files || is_file(operand.takes);
    words += " " + words_for(operand.takes);
  }
  const std::size_t start = words.find_first_not_of(' ');
  words = start == std::string::npos ? "" : words.substr(start);
  return fmt::format("    {}) flags='{}' words='{}' files={} ;;\n", verb.name,
                     flags_of(verb.options).erase(0, verb.options.empty() ? 0 : 1), words, files ? 1 : 0);
}

std::string bash_script() {
  std::string verbs;
  std::string names;
  std::string values;
  for (const Option& option : global_options()) values += bash_value_case(option);
  std::string seen = values;
  for (const Verb* verb : all_verbs()) {
    names += (names.empty() ? "" : " ") + std::string(verb->name);
    verbs += bash_operands(*verb);
    for (const Option& option : verb->options) {
      const std::string line = bash_value_case(option);
      if (seen.find(line) == std::string::npos) seen += line;
    }
  }
  const std::string globals = flags_of(global_options()).substr(1);
  return "# bash completion for dualbank\n_dualbank() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= flags= words= files=0 word\n"
         "  COMPREPLY=()\n  case $prev in\n" +
         seen + "  esac\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \" " + names +
         " \" in *\" $word \"*) verb=$word; break ;; esac\n  done\n  case $verb in\n" +
         fmt::format("    '') words='{}' ;;\n", names) + verbs +
         "  esac\n  if [[ $cur == -* ]]; then\n    mapfile -t COMPREPLY < <(compgen -W \"$flags " + globals +
         "\" -- \"$cur\")\n  else\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; [[ $files == 1 ]] "
         "&& compgen -f "
         "-- \"$cur\")\n    [[ $files == 1 ]] && compopt -o filenames 2>/dev/null\n  fi\n}\ncomplete -F _dualbank "
         "dualbank\n";
}

std::string zsh_text(std::string_view text) { return replaced(text, "\\[]:", "\\"); }

/// In single quotes, for zsh and bash alike.
std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string zsh_action(Takes takes) {
  if (is_file(takes)) return "_files";
  const std::string words = words_for(takes);
  return words.empty() ? " " : fmt::format("({})", words);
}

std::string zsh_option(const Option& option) {
  const std::string help = fmt::format("[{}]", zsh_text(option.help));
  const bool value = option.takes != Takes::nothing;
  const std::string tail = help + (value ? fmt::format(":{}:{}", option.metavar, zsh_action(option.takes)) : "");
  const std::string flag = fmt::format("{}{}", option.long_flag(), value ? "=" : "");
  if (option.short_flag().empty()) return single_quoted(flag + tail);
  return fmt::format("'({} {})'{{{},{}}}{}", option.short_flag(), option.long_flag(), option.short_flag(), flag,
                     single_quoted(tail));
}

std::string zsh_script() {
  std::string text =
      "#compdef dualbank\n_dualbank() {\n  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n"
      "  local -a globals verbs\n  globals=(\n";
  for (const Option& option : global_options()) text += "    " + zsh_option(option) + "\n";
  text += "  )\n  verbs=(\n";
  for (const Verb* verb : all_verbs()) {
    text += "    " + single_quoted(fmt::format("{}:{}", verb->name, zsh_text(verb->summary))) + "\n";
  }
  text +=
      "  )\n  _arguments -C $globals '1:verb:->verb' '*::operand:->operands' && return\n  case $state in\n"
      "    verb) _describe verb verbs ;;\n    operands)\n      case $line[1] in\n";
  for (const Verb* verb : all_verbs()) {
    text += fmt::format("        {}) _arguments $globals", verb->name);
    for (const Option& option : verb->options) text += " " + zsh_option(option);
    int position = 1;
    for (const Operand& operand : verb->operands) {
      const std::string where = operand.many ? "*" : fmt::format("{}{}", position++, operand.required ? "" : ":");
      text += " " + single_quoted(fmt::format("{}:{}:{}", where, operand.name, zsh_action(operand.takes)));
    }
    text += " ;;\n";
  }
  return text +
         "      esac ;;\n  esac\n}\n"
         "if [[ $funcstack[1] == _dualbank ]]; then _dualbank \"$@\"; else compdef _dualbank dualbank; fi\n";
}

std::string fish_text(std::string_view text) { return "'" + replaced(text, "\\'", "\\") + "'"; }

std::string fish_option(const Option& option, const std::string& condition) {
  std::string text = "complete -c dualbank" + condition + fmt::format(" -l {}", option.long_flag().substr(2));
  if (!option.short_flag().empty()) text += fmt::format(" -s {}", option.short_flag().substr(1));
  if (is_file(option.takes)) {
    text += " -r -F";
  } else if (option.takes != Takes::nothing) {
    text += " -x";
    if (const std::string words = words_for(option.takes); !words.empty()) text += " -a " + fish_text(words);
  }
  return text + " -d " + fish_text(option.help) + "\n";
}

std::string fish_script() {
  std::string text = "# fish completion for dualbank\ncomplete -c dualbank -f\n";
  for (const Option& option : global_options()) text += fish_option(option, "");
  for (const Verb* verb : all_verbs()) {
    text += fmt::format("complete -c dualbank -n __fish_use_subcommand -a {} -d {}\n", verb->name,
                        fish_text(verb->summary));
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", verb->name);
    for (const Option& option : verb->options) text += fish_option(option, condition);
    for (const Operand& operand : verb->operands) {
      const std::string words = words_for(operand.takes);
      if (is_file(operand.takes)) {
        text += "complete -c dualbank" + condition + " -F\n";
      } else if (!words.empty()) {
        text += "complete -c dualbank" + condition + " -a " + fish_text(words) + "\n";
      }
    }
  }
  return text;
}

std::string script_for(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  throw Refused::usage("unknown_shell", fmt::format("there are no completions for '{}'", shell),
                       "use bash, zsh or fish", {{"shell", std::string(shell)}});
}

int run(Context& context) {
  const auto shell = context.args.operand("SHELL");
  const std::string text = script_for(*shell);
  context.out.result()["completions"] = text;
  context.out.say("{}", std::string_view(text).substr(0, text.size() - 1));
  return kDone;
}

constexpr std::array kOperands{Operand{"SHELL", Takes::shell, "bash, zsh or fish"}};
constexpr std::array<std::string_view, 3> kExamples{
    "dualbank completions bash > ~/.local/share/bash-completion/completions/dualbank",
    "dualbank completions zsh > ~/.zfunc/_dualbank",
    "dualbank completions fish > ~/.config/fish/completions/dualbank.fish",
};

}  // namespace

const Verb kCompletionsVerb{
    "completions", Group::command, "print the completion script of a shell", "", kOperands, {}, kExamples, run,
};

}  // namespace dualbank::cli
