// The man page, from the same table as --help.
#include <fmt/format.h>

#include <array>
#include <string>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/help.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

/// Text for roff: hyphens stay hyphens, backslashes show, and no line starts with a control character.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
  }
  if (!result.empty() && (result[0] == '.' || result[0] == '\'')) result.insert(0, "\\&");
  return result;
}

std::string paragraphs(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    result += fmt::format(".PP\n{}\n", roff(text.substr(0, end)));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return result;
}

std::string tagged(std::string_view head, std::string_view text) {
  return fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(head), roff(text));
}

std::string options_of(std::span<const Option> options) {
  std::string text;
  for (const Option& option : options) {
    const std::string head = option_head(option);
    text += tagged(head.substr(head.find_first_not_of(' ')), option.help);
  }
  return text;
}

std::string verb_section(const Verb& verb) {
  std::string text =
      fmt::format(".SS {}\n\\fB{}\\fR\n.br\n{}.\n", roff(verb.name), roff(synopsis(verb)), roff(verb.summary));
  text += paragraphs(verb.about);
  for (const Operand& operand : verb.operands) {
    if (operand.name != kTarget.name && operand.name != kImage.name) text += tagged(operand.name, operand.help);
  }
  text += options_of(verb.options);
  if (!verb.examples.empty()) {
    text += ".PP\nExamples:\n.PP\n.RS 4\n.nf\n";
    for (const std::string_view example : verb.examples) text += roff(example) + "\n";
    text += ".fi\n.RE\n";
  }
  return text;
}

std::string man_page() {
  std::string text = fmt::format(".TH DUALBANK 1 \"\" \"dualbank {}\" \"User Commands\"\n", DUALBANK_VERSION);
  text += ".SH NAME\ndualbank \\- update a board's firmware in two slots that no power cut can brick\n";
  text +=
      ".SH SYNOPSIS\n\\fBdualbank\\fR \\fIVERB\\fR [\\fITARGET\\fR] [\\fIIMAGE\\fR] [\\fIoptions\\fR]\n.SH "
      "DESCRIPTION\n";
  bool first = true;
  for (const std::string_view paragraph : general_paragraphs()) {
    text += fmt::format("{}{}\n", first ? "" : ".PP\n", roff(paragraph));
    first = false;
  }
  for (const Group group : kGroups) {
    text += fmt::format(".SH {}\n", roff(group_title(group)));
    for (const Verb* verb : all_verbs()) {
      if (verb->group == group) text += verb_section(*verb);
    }
  }
  text += ".SH OPTIONS OF EVERY VERB\n" + options_of(global_options()) + ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : exit_codes()) text += tagged(fmt::format("{}", code), meaning);
  text += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : environment_variables()) text += tagged(name, meaning);
  return text;
}

int run(Context& context) {
  const std::string text = man_page();
  context.out.result()["man"] = text;
  context.out.say("{}", std::string_view(text).substr(0, text.size() - 1));
  return kDone;
}

constexpr std::array<std::string_view, 1> kExamples{"dualbank man | man -l -"};

}  // namespace

const Verb kManVerb{
    "man", Group::command, "print the man page", "", {}, {}, kExamples, run,
};

}  // namespace dualbank::cli
