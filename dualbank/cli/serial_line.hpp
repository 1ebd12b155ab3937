// A serial line as bytes: a terminal device, a pseudo terminal or a unix socket.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::cli {

inline constexpr unsigned kDefaultBaud = 115200;

struct LineAddress {
  std::string path;
  unsigned baud = kDefaultBaud;
};

/// Whether TARGET begins with "serial:".
[[nodiscard]] bool names_a_line(std::string_view target);
/// Whether TARGET is a terminal's name without "serial:" before it: /dev/ttyUSB0, /dev/cu.usbmodem1, COM4.
[[nodiscard]] bool names_a_bare_line(std::string_view target);

/// Takes serial:PATH[?baud=N] apart. Throws Refused (usage) for an empty path, an unknown setting, an odd baud rate.
[[nodiscard]] LineAddress parse_line_address(const std::string& target);

/// An open line, raw, and ours alone. Throws Refused: line_not_found, line_no_permission, line_in_use, not_a_line,
/// line_failed; when the other side goes away, line_gone.
class SerialLine {
 public:
  explicit SerialLine(const LineAddress& address);
  SerialLine(const SerialLine&) = delete;
  SerialLine& operator=(const SerialLine&) = delete;
  ~SerialLine();

  /// Returns early, with less written, once Ctrl-C was pressed or the line takes nothing for 3 seconds.
  void write(Bytes bytes) const;
  /// What is there, after at most `wait`; 0: nothing came. Ctrl-C ends the wait.
  [[nodiscard]] std::size_t read(MutableBytes room, std::chrono::milliseconds wait) const;

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace dualbank::cli
