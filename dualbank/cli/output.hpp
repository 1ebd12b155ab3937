// Where words go: the answer to standard output, everything else to standard error; with --json one object and nothing
// else on standard output.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "dualbank/cli/json.hpp"

namespace dualbank::cli {

/// What a terminal can show.
struct Style {
  bool color = false;
  bool unicode = false;
  unsigned width = 80;

  /// `text` in an SGR style ("1", "32", "38;5;75"), or as it is without colour.
  [[nodiscard]] std::string paint(std::string_view sgr, std::string_view text) const;
};

enum class ColorChoice : std::uint8_t { automatic, always, never };

/// The style of a file descriptor: 1 or 2. NO_COLOR and TERM=dumb mean no colour unless `always`.
[[nodiscard]] Style style_of(int descriptor, ColorChoice choice);
[[nodiscard]] bool is_terminal(int descriptor);

/// What names of files and flashes may bring: control characters become '?'. Colours stay.
[[nodiscard]] std::string for_terminal(std::string text);

class Output {
 public:
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  Style style{};        ///< of standard output
  Style error_style{};  ///< of standard error

  /// A line of the answer.
  template <class... A>
  void say(fmt::format_string<A...> format, A&&... args) {
    line(fmt::format(format, std::forward<A>(args)...));
  }
  /// A line beside the answer; gone with -q.
  template <class... A>
  void note(fmt::format_string<A...> format, A&&... args) {
    if (!quiet) aside(fmt::format(format, std::forward<A>(args)...));
  }
  /// Only with -v.
  template <class... A>
  void detail(fmt::format_string<A...> format, A&&... args) {
    if (verbose) aside(fmt::format(format, std::forward<A>(args)...));
  }
  /// A line of the answer of a verb that changes something: gone with -q, as the exit code says it all.
  template <class... A>
  void done(fmt::format_string<A...> format, A&&... args) {
    if (!quiet) line(fmt::format(format, std::forward<A>(args)...));
  }

  /// The answer as JSON; printed once, at the end.
  [[nodiscard]] Json& result() { return result_; }
  void print_result() const;

 private:
  void line(const std::string& text) const;
  static void aside(const std::string& text);

  Json result_ = Json::object();
};

}  // namespace dualbank::cli
