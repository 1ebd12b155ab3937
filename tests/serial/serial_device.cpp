// A device for tests of the serial line: flash file, bootloader, updater and SerialServer behind a pseudo terminal.
//
//   serial_device FLASH [--damage SEED] [--kbps N]
//
// Its first line on standard output is the terminal's path. Then one line for each piece of data that it has answered
// as written ("data OFFSET SIZE"), and for each boot ("boot SLOT"). --damage: 5 % of the frames in either direction are
// dropped, doubled or damaged. --kbps: replies wait as long as a line of so many KiB/s takes for the request.
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/serial_server.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace {

using dualbank::Bytes;
using Buffer = std::vector<std::byte>;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// Loses, doubles and damages frames, the same ones for the same seed.
class Damage {
 public:
  explicit Damage(unsigned seed) : seed_(seed), draw_(seed) {}

  template <class Deliver>
  void pass(Buffer frame, const Deliver& deliver) {
    const unsigned dice = seed_ == 0 ? 100 : static_cast<unsigned>(draw_() % 60);  // three of sixty
    if (dice == 0) return;
    if (dice == 1) deliver(frame);
    if (dice == 2 && !frame.empty()) frame[draw_() % frame.size()] ^= static_cast<std::byte>(1 + draw_() % 255);
    deliver(frame);
  }

 private:
  unsigned seed_;
  std::mt19937 draw_;
};

class Terminal {
 public:
  Terminal() : descriptor_(posix_openpt(O_RDWR | O_NOCTTY)) {
    if (descriptor_ < 0 || grantpt(descriptor_) != 0 || unlockpt(descriptor_) != 0) die("pty");
    // Kept open, so that hosts may come and go.
    const int other_side = open(ptsname(descriptor_), O_RDWR | O_NOCTTY);
    termios settings{};
    if (other_side < 0 || tcgetattr(other_side, &settings) != 0) die("pty");
    cfmakeraw(&settings);
    tcsetattr(other_side, TCSANOW, &settings);
    std::printf("%s\n", ptsname(descriptor_));
    std::fflush(stdout);
  }
  [[nodiscard]] Buffer read() const {
    Buffer bytes(4096);
    const ssize_t got = ::read(descriptor_, bytes.data(), bytes.size());
    if (got <= 0) die("read");
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }
  void write(Bytes bytes) const {
    while (!bytes.empty()) {
      const ssize_t done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done <= 0) die("write");
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }

 private:
  int descriptor_;
};

struct Settings {
  const char* flash = nullptr;
  unsigned seed = 0;
  unsigned kbps = 0;
};

class Device {
 public:
  explicit Device(const Settings& settings)
      : settings_(settings), inbound_(settings.seed), outbound_(settings.seed == 0 ? 0 : settings.seed + 1) {
    if (flash_.open(settings.flash) != dualbank::Status::ok) die(settings.flash);
  }

  /// Until a reset is asked for.
  void boot() {
    const auto layout = dualbank::read_layout(flash_);
    std::array<std::byte, 4096> buffer{};
    if (!layout) die("layout");
    const auto booted = dualbank::run_bootloader(flash_, *layout, {}, buffer);
    if (!booted || booted->decision.slot == dualbank::kNoSlot) die("nothing boots");
    const dualbank::BootDecision& decision = booted->decision;
    std::printf("boot %d\n", decision.slot);
    std::fflush(stdout);
    dualbank::Updater updater(
        flash_, {.workspace = workspace_, .running_slot = decision.slot, .policy = dualbank::Policy::dualbank});
    if (updater.open() != dualbank::Status::ok) die("updater");
    dualbank::SerialServer server(updater,
                                  {.name = {"serial_device"},
                                   .version = {"1.0"},
                                   .boot_reason = static_cast<std::uint8_t>(decision.reason),
                                   .trial_boot = decision.trial_boot},
                                  in_, out_);
    say("serial_device is up\r\n");
    while (!server.reset_asked()) serve(server);
  }

 private:
  void say(std::string_view text) const { terminal_.write(std::as_bytes(std::span{text})); }

  void serve(dualbank::SerialServer& server) {
    for (const std::byte b : terminal_.read()) {
      frame_.push_back(b);
      if (b != std::byte{0}) continue;
      inbound_.pass(std::move(frame_), [&](const Buffer& frame) { deliver(server, frame); });
      frame_ = {};
    }
  }

  void deliver(dualbank::SerialServer& server, const Buffer& frame) {
    for (const std::byte b : frame) {
      const Bytes request = watch_.take(b);
      const Buffer kept(request.begin(), request.end());
      const Bytes reply = server.take(b);
      if (reply.empty()) continue;
      if (settings_.kbps != 0) {
        std::this_thread::sleep_for(std::chrono::microseconds{1'000'000ULL * frame.size() / settings_.kbps / 1024});
      }
      note(kept, reply);
      outbound_.pass({reply.begin(), reply.end()}, [&](const Buffer& out) { terminal_.write(out); });
    }
  }

  /// Before the reply is on the line: whatever the host has seen acknowledged is noted.
  static void note(const Buffer& body, Bytes reply) {
    dualbank::SerialRequest request;
    if (read_serial_request(body, request).failed() || request.verb != dualbank::SerialVerb::data) return;
    Buffer between(reply.begin() + 1, reply.end() - 1);
    dualbank::SerialReply answer;
    dualbank::SerialDevice device;
    if (read_serial_reply(dualbank::open_serial_frame(between), answer, device).failed()) return;
    if (answer.event.code != dualbank::Status::bytes_written) return;
    std::printf("data %u %zu\n", request.offset, request.bytes.size());
    std::fflush(stdout);
  }

  Settings settings_;
  Terminal terminal_;
  dualbank::ports::FileFlash flash_;
  std::array<std::byte, 4096> workspace_{};
  std::array<std::byte, dualbank::kSerialInBytes> in_{};
  std::array<std::byte, dualbank::kSerialOutBytes> out_{};
  Damage inbound_;
  Damage outbound_;
  Buffer frame_;
  std::array<std::byte, dualbank::kSerialInBytes> watch_room_{};
  dualbank::SerialFrameReader watch_{watch_room_};
};

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool has_value = i + 1 < argc;
    if (word == "--damage" && has_value) {
      settings.seed = static_cast<unsigned>(std::atoi(argv[++i]));
    } else if (word == "--kbps" && has_value) {
      settings.kbps = static_cast<unsigned>(std::atoi(argv[++i]));
    } else {
      settings.flash = argv[i];
    }
  }
  if (settings.flash == nullptr) {
    std::fprintf(stderr, "usage: serial_device FLASH [--damage SEED] [--kbps N]\n");
    return 2;
  }
  Device device(settings);
  for (;;) device.boot();
}
