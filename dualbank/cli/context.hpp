// What a verb is given: its arguments, where its words go, and the settings that hold for every verb.
#pragma once

#include <string>

#include "dualbank/cli/arguments.hpp"
#include "dualbank/cli/output.hpp"
#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/formats/slot_index.hpp"

namespace dualbank::cli {

class Context {
 public:
  Context(const Arguments& arguments, Output& output);

  const Arguments& args;
  Output& out;
  Policy policy = Policy::stock;
  SlotIndex running = kUnknownSlot;

  /// TARGET, with a clear refusal of serial lines: only a few verbs speak over them, and ask for `on_line()` first.
  [[nodiscard]] std::string target() const;
  /// Whether TARGET is serial:...; and that.
  [[nodiscard]] bool on_line() const;
  [[nodiscard]] std::string line_target() const;
  /// TARGET as the user would type it in the next command: empty with a blank before it when DUALBANK_FLASH names it.
  [[nodiscard]] std::string target_word() const;
  [[nodiscard]] bool dry_run() const { return args.has("--dry-run"); }
  [[nodiscard]] bool force() const { return args.has("--force"); }
  /// Throws Refused (usage) for a word that is no number or size.
  [[nodiscard]] std::uint32_t number(std::string_view flag, std::uint32_t otherwise) const;
  [[nodiscard]] std::uint32_t size(std::string_view flag, std::uint32_t otherwise) const;
  /// The slot that an operand names. Throws Refused (usage) for a word that is none.
  [[nodiscard]] SlotIndex slot(std::string_view operand, SlotIndex otherwise) const;
};

[[nodiscard]] std::string_view policy_name(Policy policy);

/// `text` as one word of a shell command.
[[nodiscard]] std::string shell_word(const std::string& text);

}  // namespace dualbank::cli
