#include "dualbank/cli/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace dualbank::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos || value.find("UTF8") != value.npos;
  }
  return false;
}

unsigned columns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  const unsigned long named = std::strtoul(std::string(environment("COLUMNS")).c_str(), nullptr, 10);
  return named >= 20 && named <= 1000 ? static_cast<unsigned>(named) : 80;
}

}  // namespace

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

std::string Style::paint(std::string_view sgr, std::string_view text) const {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", sgr, text) : std::string(text);
}

Style style_of(int descriptor, ColorChoice choice) {
  const bool wanted = is_terminal(descriptor) && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  return {.color = choice == ColorChoice::always || (choice == ColorChoice::automatic && wanted),
          .unicode = locale_is_utf8(),
          .width = columns(descriptor)};
}

std::string for_terminal(std::string text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == 0x1B && text.compare(at, 2, "\x1b[") == 0) {
      const std::size_t end = text.find_first_not_of("0123456789;", at + 2);
      if (end != std::string::npos && text[end] == 'm') {
        at = end;
        continue;
      }
    }
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F) text[at] = '?';
  }
  return text;
}

void Output::line(const std::string& text) const {
  if (!json) std::printf("%s\n", for_terminal(text).c_str());
}

void Output::aside(const std::string& text) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", for_terminal(text).c_str());
}

void Output::print_result() const {
  Json object{{"schema", 1}};
  object.update(result_);
  std::printf("%s\n", object.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}

}  // namespace dualbank::cli
