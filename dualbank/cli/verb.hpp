// What a verb of the command is: its words, its operands and options, and the function that does it. The help, the man
// page and the completions are all made from this.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace dualbank::cli {

class Context;

/// The command's answers to the shell.
enum ExitCode : int {
  kDone = 0,
  kFailed = 1,        ///< refused or failed
  kUsage = 2,         ///< the command line is wrong
  kNo = 3,            ///< the question was answered, and the answer is no (inspect found faults, nothing boots)
  kInterrupted = 130  ///< Ctrl-C; the same command goes on
};

/// What an option or operand takes: decides what a completion offers.
enum class Takes : std::uint8_t {
  nothing,
  text,
  number,
  size,
  file,
  new_file,
  slot,
  board,
  layout,
  chip,
  policy,
  color,
  shell,
  status,
  cuts,
  scheme,
};

struct Option {
  std::string_view flags;    ///< "-o,--output" or "--board"
  std::string_view metavar;  ///< empty with Takes::nothing
  Takes takes = Takes::nothing;
  std::string_view help;
  bool many = false;  ///< may be given more than once, and each counts; else the last one does

  [[nodiscard]] constexpr std::string_view long_flag() const {
    const auto comma = flags.find(',');
    return comma == std::string_view::npos ? flags : flags.substr(comma + 1);
  }
  [[nodiscard]] constexpr std::string_view short_flag() const {
    const auto comma = flags.find(',');
    return comma == std::string_view::npos ? std::string_view{} : flags.substr(0, comma);
  }
};

struct Operand {
  std::string_view name;
  Takes takes = Takes::file;
  std::string_view help;
  bool required = true;
  bool many = false;  ///< takes all that follow
};

/// Headings of the help, in this order.
enum class Group : std::uint8_t { look, write, files, rehearse, command };
inline constexpr std::array kGroups{Group::look, Group::write, Group::files, Group::rehearse, Group::command};

struct Verb {
  std::string_view name;
  Group group;
  std::string_view summary;  ///< one line, lower case, no full stop
  std::string_view about;    ///< paragraphs, parted by empty lines
  std::span<const Operand> operands;
  std::span<const Option> options;
  std::span<const std::string_view> examples;  ///< whole command lines
  int (*run)(Context&);
};

/// The operand of most verbs; it may be left out when DUALBANK_FLASH names the file.
inline constexpr Operand kTarget{"TARGET", Takes::file, "the flash file (or DUALBANK_FLASH)"};
/// Of verbs that speak over a serial line too.
inline constexpr Operand kTargetOrLine{"TARGET", Takes::file, "the flash file, or serial:PATH (or DUALBANK_FLASH)"};
inline constexpr Operand kImage{"IMAGE", Takes::file, "app image, joined file or UF2 file; - reads standard input"};

inline constexpr Option kDryRun{"-n,--dry-run", "", Takes::nothing, "say what would be done, write nothing"};
inline constexpr Option kForce{"--force", "", Takes::nothing, "do it although it would be refused"};
inline constexpr Option kOverwriteDrive{"--overwrite-drive", "", Takes::nothing,
                                        "also where the CIRCUITPY drive is extended into the slot: its files are lost"};
inline constexpr Option kTable{"--table", "ADDRESS", Takes::number, "where the partition table is (default 0x8000)"};
inline constexpr Option kAllowForeign{"--allow-foreign", "", Takes::nothing,
                                      "take images without app descriptor or SHA-256 (other platforms)"};

/// Every verb, in the order of the help.
[[nodiscard]] std::span<const Verb* const> all_verbs();
/// nullptr when there is none of that name.
[[nodiscard]] const Verb* find_verb(std::string_view name);
[[nodiscard]] std::string_view group_title(Group group);
/// Options that every verb takes, before or after its name.
[[nodiscard]] std::span<const Option> global_options();
/// Words that an option or operand may take, where they are few: policies, colours, shells, slots. Else empty.
[[nodiscard]] std::span<const std::string_view> words_of(Takes takes);

}  // namespace dualbank::cli
