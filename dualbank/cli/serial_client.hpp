// The host's side of dualbank's serial protocol: asks, waits, asks again, and says what is wrong with a line.
// One request is under way at a time: nothing arrives while the device's flash is busy. docs/SERIAL.md has what it
// costs.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/serial_line.hpp"
#include "dualbank/formats/serial_message.hpp"

namespace dualbank::cli {

class SerialClient {
 public:
  /// Opens the line that TARGET names, and greets the device. Throws Refused: those of the line; line_quiet,
  /// line_echoes, line_not_dualbank, line_unreliable, serial_version; interrupted (exit code 130).
  explicit SerialClient(Context& context);

  [[nodiscard]] const SerialDevice& device() const { return device_; }
  /// The last reply's.
  [[nodiscard]] const SerialState& state() const { return state_; }

  /// What came of a request, which may be an error of the device; what only concerns the line is thrown.
  Event ask(SerialRequest request);
  /// The same, with errors of the device thrown too.
  Event require(SerialRequest request);
  /// Waits for the device to come back from a reset. False: it did not within `patience`.
  [[nodiscard]] bool greet_again(std::chrono::milliseconds patience);

  [[nodiscard]] unsigned repeats() const { return repeats_; }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool ask_within(const SerialRequest& request, std::chrono::milliseconds patience, Event& event);
  [[nodiscard]] bool wait_for_reply(const SerialRequest& request, Clock::time_point until, Event& event);
  [[nodiscard]] bool take(std::byte from_line, const SerialRequest& request, Event& event);
  [[nodiscard]] bool take_frame(Bytes body, const SerialRequest& request, Event& event);
  void say_text();
  [[noreturn]] void throw_silence(const SerialRequest& request, std::chrono::milliseconds patience);

  Context& context_;
  LineAddress address_;
  SerialLine line_;
  SerialDevice device_{};
  SerialState state_{};
  bool known_ = false;  // it has answered once
  std::uint32_t sequence_;
  std::chrono::milliseconds slowest_{250};  // of the last answers to data
  unsigned repeats_ = 0;
  // Since the last reply, to say what is wrong.
  std::size_t heard_ = 0;
  bool echo_ = false;
  std::string text_;
  std::vector<std::byte> between_;
};

}  // namespace dualbank::cli
