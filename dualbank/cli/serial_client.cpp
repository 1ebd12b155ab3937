#include "dualbank/cli/serial_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <random>

#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/serial_frame.hpp"

namespace dualbank::cli {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{3000};
// Of requests for which the device reads a whole slot, or erases before it answers.
constexpr milliseconds kLongPatience{20000};
constexpr milliseconds kShortestWait{50};
constexpr milliseconds kLongestWait{1000};
constexpr milliseconds kLook{50};
constexpr std::size_t kMostText = 4096;

bool takes_long(SerialVerb verb) {
  switch (verb) {
    case SerialVerb::begin:
    case SerialVerb::switch_slot:
    case SerialVerb::confirm:
    case SerialVerb::fail:
    case SerialVerb::rollback:
    case SerialVerb::abandon:
      return true;
    default:
      return false;
  }
}

std::string name_of(const SerialRequest& request) {
  switch (request.verb) {
    case SerialVerb::hello:
      return "asking who is there";
    case SerialVerb::begin:
      return "beginning the update";
    case SerialVerb::data:
      return fmt::format("sending {} bytes at {}", request.bytes.size(), request.offset);
    case SerialVerb::missing:
      return "asking what is missing";
    case SerialVerb::switch_slot:
      return "asking for the switch";
    case SerialVerb::confirm:
      return "asking to confirm";
    case SerialVerb::fail:
    case SerialVerb::rollback:
      return "asking to roll back";
    case SerialVerb::status:
      return "asking for the status";
    case SerialVerb::reset:
      return "asking for a reset";
    case SerialVerb::abandon:
      break;
  }
  return "asking to abandon the update";
}

std::string printable_text(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c == '\r') continue;
    const bool plain = c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
    clean += plain ? c : '?';
  }
  return clean;
}

}  // namespace

SerialClient::SerialClient(Context& context)
    : context_(context),
      address_(parse_line_address(context.line_target())),
      line_(address_),
      sequence_(std::random_device{}()) {
  catch_interrupt();
  require({.verb = SerialVerb::hello});
}

Event SerialClient::require(SerialRequest request) {
  const Event event = ask(request);
  if (event.failed()) throw Refused(event);
  return event;
}

Event SerialClient::ask(SerialRequest request) {
  request.sequence = ++sequence_;
  const milliseconds patience = takes_long(request.verb) ? kLongPatience : kPatience;
  Event event;
  if (!ask_within(request, patience, event)) throw_silence(request, patience);
  return event;
}

bool SerialClient::greet_again(milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  const std::uint32_t before = state_.answered;
  while (Clock::now() < end) {
    Event event;
    SerialRequest hello{.verb = SerialVerb::hello, .sequence = ++sequence_};
    if (ask_within(hello, duration_cast<milliseconds>(end - Clock::now()), event) && state_.answered <= before) {
      return !event.failed();
    }
  }
  return false;
}

bool SerialClient::ask_within(const SerialRequest& request, milliseconds patience, Event& event) {
  std::vector<std::byte> body(kSerialBeginBytes + request.bytes.size());
  std::vector<std::byte> framed(serial_framed_bytes(body.size()));
  const Bytes frame = write_serial_frame(write_serial_request(request, body), framed);
  const milliseconds on_line{frame.size() * 10'000 / address_.baud};
  const Clock::time_point end = Clock::now() + patience + 2 * on_line;
  const milliseconds wait =
      takes_long(request.verb) ? kLongestWait : std::clamp(4 * slowest_, kShortestWait, kLongestWait);
  heard_ = 0;
  echo_ = false;
  for (unsigned tries = 0; Clock::now() < end; ++tries) {
    const Clock::time_point sent = Clock::now();
    line_.write(frame);
    // Later tries wait longer: a line that is merely slow would else carry nothing but repeats.
    if (wait_for_reply(request, std::min(end, sent + on_line + wait * std::min(tries + 1, 8U)), event)) {
      repeats_ += tries;
      const auto took = duration_cast<milliseconds>(Clock::now() - sent);
      if (request.verb == SerialVerb::data) slowest_ = std::max(took, slowest_ * 7 / 8);
      return true;
    }
  }
  return false;
}

bool SerialClient::wait_for_reply(const SerialRequest& request, Clock::time_point until, Event& event) {
  std::array<std::byte, 4096> room;
  for (auto now = Clock::now(); now < until; now = Clock::now()) {
    const auto left = duration_cast<milliseconds>(until - now) + milliseconds{1};
    const std::size_t got = line_.read(room, std::min(left, kLook));
    if (interrupted()) {
      Refused refused("interrupted", fmt::format("interrupted while {}", name_of(request)), "run the command again");
      refused.set_exit_code(kInterrupted);
      throw refused;
    }
    heard_ += got;
    bool answered = false;
    for (const std::byte b : Bytes{room}.first(got)) answered = take(b, request, event) || answered;
    if (answered) return true;
  }
  return false;
}

bool SerialClient::take(std::byte from_line, const SerialRequest& request, Event& event) {
  if (from_line != std::byte{0}) {
    between_.push_back(from_line);
    if (between_.size() > kMostText) say_text();
    return false;
  }
  std::vector<std::byte> frame = between_;
  const Bytes body = open_serial_frame(frame);
  if (body.empty()) {
    say_text();
    return false;
  }
  between_.clear();
  return take_frame(body, request, event);
}

bool SerialClient::take_frame(Bytes body, const SerialRequest& request, Event& event) {
  if (is_serial_request(body)) echo_ = true;
  if (!is_serial_reply(body)) return false;
  SerialReply reply;
  const Event judged = read_serial_reply(body, reply, device_);
  if (judged.code == Status::serial_version) throw Refused(judged);
  if (reply.sequence != request.sequence || reply.verb != request.verb) return false;  // an old one, said twice
  if (judged.failed()) throw Refused(judged);
  event = reply.event;
  state_ = reply.state;
  known_ = true;
  return true;
}

void SerialClient::say_text() {
  std::string text;
  for (const std::byte b : between_) text += static_cast<char>(b);
  between_.clear();
  text = printable_text(text);
  while (text.ends_with('\n')) text.pop_back();
  if (text.empty()) return;
  if (!known_) text_ = (text_ + text).substr(0, 60);
  context_.out.detail("{}", text);
}

void SerialClient::throw_silence(const SerialRequest& request, milliseconds patience) {
  say_text();  // what has no zero byte behind it yet
  const Json values{{"path", address_.path}, {"baud", address_.baud}, {"bytes", heard_}};
  const auto seconds = duration_cast<std::chrono::seconds>(patience).count();
  if (heard_ == 0) {
    throw Refused("line_quiet",
                  fmt::format("nothing came back on {} for {} s after {}", address_.path, seconds, name_of(request)),
                  known_ ? "is the board still on? Once it answers, the same command goes on"
                         : fmt::format("is the board on, is {} the right line, is {} the right baud rate?",
                                       address_.path, address_.baud),
                  values);
  }
  if (echo_) {
    throw Refused("line_echoes", fmt::format("{} sends back what it is sent, and no replies", address_.path),
                  "transmit and receive are joined, or a shell or a modem is at the other end", values);
  }
  if (known_) {
    throw Refused("line_unreliable",
                  fmt::format("{} bytes came back on {} in {} s after {}, but no whole reply", heard_, address_.path,
                              seconds, name_of(request)),
                  "check cable and ground, or use a lower baud rate; the same command goes on", values);
  }
  throw Refused("line_not_dualbank",
                fmt::format("{} bytes came on {}, but no reply of dualbank's protocol{}", heard_, address_.path,
                            text_.empty() ? "" : fmt::format(": '{}'", text_)),
                "is the baud rate right, and does the firmware run a SerialServer? A stock ESP board is read into a "
                "file with esptool (esptool read-flash 0 ALL board.flash)",
                values);
}

}  // namespace dualbank::cli
