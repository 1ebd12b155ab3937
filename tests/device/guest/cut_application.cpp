// The application of the cut tests: it lives one update after another, as the host's line says, from images that the
// host has put into RAM. What it says: tests/device/cuts.py.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/updater.hpp"
#include "examples/riscv_board/application.hpp"
#include "examples/riscv_board/board.hpp"
#include "tests/device/guest/cut_board.hpp"

namespace {

using dualbank::Status;

/// Something in every version that no other one has, in front of the code, so that all of it moves.
constexpr auto noise(std::uint32_t seed) {
  std::array<std::uint32_t, 768 + 64 * CUT_APPLICATION> words{};
  for (auto& word : words) word = seed = seed * 1664525 + 1013904223;
  return words;
}
[[gnu::section(".rodata.first"), gnu::used]] constexpr auto filler = noise(CUT_APPLICATION);

constexpr std::uint32_t kPieceBytes = 1024;
constinit std::array<std::byte, 4096> workspace{};

void say(std::string_view text) { board::uart_write(text); }
char next_character() { return static_cast<char>(board::uart_wait()); }

/// A number, and the one character behind it.
std::uint32_t next_number() {
  std::uint32_t number = 0;
  for (char c = next_character(); c >= '0' && c <= '9'; c = next_character()) {
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number;
}

/// "go OPERATION SEED ADDRESS LENGTH" or "on ADDRESS LENGTH": the image of the next update.
dualbank::Bytes take_order() {
  const char first = next_character();
  (void)next_character();
  (void)next_character();
  if (first == 'g') {
    const std::uint32_t operation = next_number();
    cut_order = {device::CutOrder::kOrdered, operation, 0, next_number()};
  }
  const auto* start = reinterpret_cast<const std::byte*>(next_number());
  return {start, next_number()};
}

[[noreturn]] void failed(const dualbank::Updater& updater, const char* where) {
  say("life: failed, ");
  say(where);
  say(": status ");
  board::say_number(static_cast<std::uint32_t>(updater.last_event().code));
  say("\n");
  for (;;) (void)next_character();
}

void update(dualbank::Updater& updater, dualbank::Bytes image) {
  say("life: updates\n");
  if (updater.begin({.identity = image.last(32), .header = image.first(288)}) != Status::ok) failed(updater, "begin");
  for (;;) {
    const auto missing = updater.next_missing();
    const auto end = std::min({missing.to, missing.from + kPieceBytes, static_cast<std::uint32_t>(image.size())});
    if (end <= missing.from) break;
    const auto piece = image.subspan(missing.from, end - missing.from);
    if (updater.flash(piece, missing.from) != Status::ok) failed(updater, "flash");
  }
  say("life: switches\n");
  if (updater.switch_slot() != Status::ok) failed(updater, "switch");
}

}  // namespace

extern "C" int main() {
  dualbank::Updater updater{board::flash(),
                            {.workspace = workspace,
                             .running_slot = board::handover().slot,
                             .policy = dualbank::Policy::dualbank,
                             .chip_id = dualbank::kNoVendorChip}};
  if (updater.open() != Status::ok) failed(updater, "open");
  if (updater.last_event().code == Status::finished_switch) say("life: finished a switch that was cut\n");
  board::say_application();
  const auto image = take_order();
  if (updater.status().on_trial) {
    say("life: confirms\n");
    if (updater.confirm() != Status::ok) failed(updater, "confirm");
  }
  update(updater, image);
  say("life: switched after ");
  board::say_number(cut_order.operations_done);
  say(" operations\n");
  board::reset();
}
