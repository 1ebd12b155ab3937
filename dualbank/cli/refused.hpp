// How a verb ends early: with a code, a sentence that names the values, and what to do.
#pragma once

#include <exception>
#include <string>

#include "dualbank/cli/json.hpp"
#include "dualbank/cli/verb.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank::cli {

class Refused : public std::exception {
 public:
  /// What the engine or a parser refused. Its sentence and cure, in words of the command where the engine speaks of
  /// calls.
  explicit Refused(const Event& event);
  /// What only the command knows of. `code` is a word as in JSON: "file_exists".
  Refused(std::string code, std::string message, std::string cure = {}, Json values = Json::object());
  /// The same for a wrong command line: exit code 2.
  [[nodiscard]] static Refused usage(std::string code, std::string message, std::string cure = {},
                                     Json values = Json::object());

  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
  [[nodiscard]] const std::string& code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& cure() const { return cure_; }
  [[nodiscard]] const Json& values() const { return values_; }
  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] int exit_code() const { return exit_code_; }
  void set_exit_code(int code) { exit_code_ = code; }
  /// Cures are written with FLASH for the flash file; this puts what the user calls it. `word`: empty, or a blank and
  /// it.
  void name_target(const std::string& word);

  /// {"code", "message", "cure", "values"}.
  [[nodiscard]] Json json() const;

 private:
  std::string code_;
  std::string message_;
  std::string cure_;
  Json values_;
  Status status_ = Status::ok;
  int exit_code_ = kFailed;
};

/// Throws Refused when the event is an error.
void require(const Event& event);

/// The sentence of an event.
[[nodiscard]] std::string what_text(const Event& event);
/// What to do about it, with the command's verbs for calls; empty when there is nothing to do.
[[nodiscard]] std::string cure_text(const Event& event);
/// {"code", "message", "cure", "values"}: chips, slots and states as names, all else as numbers.
[[nodiscard]] Json event_json(const Event& event);

}  // namespace dualbank::cli
