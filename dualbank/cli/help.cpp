#include "dualbank/cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace dualbank::cli {
namespace {

constexpr std::array<std::string_view, 5> kGeneral{
    "TARGET is a flash file: a whole chip in a file, byte for byte what a tool reads off a board. It may be left out "
    "when "
    "DUALBANK_FLASH names it.",
    "IMAGE is one firmware: an app image (.bin), a joined file (bootloader, partition table and app in one .bin), a "
    "UF2 "
    "file, or - for standard input.",
    "Every verb acts as a device that has just been reset: the slot that boots next is taken as the running one. "
    "--running "
    "SLOT says otherwise, for a flash whose device has not been reset since the switch.",
    "Numbers are decimal or 0x hexadecimal. Sizes are powers of 1024: 4MB, 4M and 4MiB are 4,194,304 bytes. A slot is "
    "ota_0, ota_1, ..., or factory.",
    "Looking verbs never write and take no lock. Writing verbs lock the file, and a power cut or Ctrl-C at any moment "
    "leaves a flash that boots. Nothing asks back.",
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kEnvironment{{
    {"DUALBANK_FLASH", "the flash file where TARGET is left out"},
    {"DUALBANK_POLICY", "the policy where --policy is not given"},
    {"NO_COLOR", "no colours, when set to anything"},
    {"COLUMNS", "the width of pictures when standard output is no terminal"},
}};

constexpr std::array<std::pair<int, std::string_view>, 5> kExitCodes{{
    {kDone, "done"},
    {kFailed, "refused or failed; nothing was lost"},
    {kUsage, "the command line is wrong"},
    {kNo, "the answer is no: inspect found faults, reset found nothing that boots"},
    {kInterrupted, "interrupted; the same command goes on"},
}};

constexpr std::size_t kIndent = 26;

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t help_width(const Style& style) { return std::clamp<std::size_t>(style.width, 60, 100); }

std::string paragraphs(std::string_view text, const Style& style) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    for (const std::string& line : wrap(text.substr(0, end), help_width(style))) result += line + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
    if (!text.empty()) result += "\n";
  }
  return result;
}

std::string row(std::string_view head, std::string_view text, const Style& style) {
  std::string result = fmt::format("  {}", head);
  if (result.size() + 2 > kIndent) {
    result += "\n" + std::string(kIndent, ' ');
  } else {
    result.resize(kIndent, ' ');
  }
  bool first = true;
  for (const std::string& line : wrap(text, help_width(style) - kIndent)) {
    result += (first ? "" : std::string(kIndent, ' ')) + line + "\n";
    first = false;
  }
  return result;
}

std::string options_block(std::string_view title, std::span<const Option> options, const Style& style) {
  if (options.empty()) return {};
  std::string text = "\n" + style.paint("1", title) + "\n";
  for (const Option& option : options) text += row(option_head(option), option.help, style);
  return text;
}

}  // namespace

std::span<const std::string_view> general_paragraphs() { return kGeneral; }
std::span<const std::pair<std::string_view, std::string_view>> environment_variables() { return kEnvironment; }
std::span<const std::pair<int, std::string_view>> exit_codes() { return kExitCodes; }

std::string synopsis(const Verb& verb) {
  std::string text = fmt::format("dualbank {}", verb.name);
  for (const Operand& operand : verb.operands) {
    const bool optional = !operand.required || operand.name == kTarget.name;
    text += fmt::format(" {}{}{}{}", optional ? "[" : "", operand.name, operand.many ? "..." : "", optional ? "]" : "");
  }
  if (!verb.options.empty()) text += " [options]";
  return text;
}

std::string option_head(const Option& option) {
  std::string text = option.short_flag().empty() ? std::string("    ") : fmt::format("{}, ", option.short_flag());
  text += option.long_flag();
  if (!option.metavar.empty()) text += fmt::format(" {}", option.metavar);
  return text;
}

std::string general_help(const Style& style) {
  std::string text =
      "dualbank updates a board's firmware in two slots (app partitions) that no power cut can brick.\n\n";
  text += style.paint("1", "Usage") + "\n  dualbank VERB [TARGET] [IMAGE] [options]\n";
  for (const Group group : kGroups) {
    text += "\n" + style.paint("1", group_title(group)) + "\n";
    for (const Verb* verb : all_verbs()) {
      if (verb->group == group) text += row(verb->name, verb->summary, style);
    }
  }
  text += options_block("Options of every verb, before or after it", global_options(), style) + "\n";
  for (const std::string_view paragraph : kGeneral) text += paragraphs(paragraph, style) + "\n";
  text += style.paint("1", "Exit codes") + "\n";
  for (const auto& [code, meaning] : kExitCodes) text += row(fmt::format("{}", code), meaning, style);
  return text + "\ndualbank VERB --help says more about one verb.\n";
}

std::string verb_help(const Verb& verb, const Style& style) {
  std::string text = fmt::format("{}: {}\n\n", style.paint("1", fmt::format("dualbank {}", verb.name)), verb.summary);
  text += style.paint("1", "Usage") + fmt::format("\n  {}\n", synopsis(verb));
  if (!verb.about.empty()) text += "\n" + paragraphs(verb.about, style);
  if (!verb.operands.empty()) {
    text += "\n" + style.paint("1", "Operands") + "\n";
    for (const Operand& operand : verb.operands) text += row(operand.name, operand.help, style);
  }
  text += options_block("Options", verb.options, style);
  text += options_block("Options of every verb", global_options(), style);
  if (!verb.examples.empty()) {
    text += "\n" + style.paint("1", "Examples") + "\n";
    for (const std::string_view example : verb.examples) text += fmt::format("  {}\n", example);
  }
  return text;
}

}  // namespace dualbank::cli
