// A scenario: one line that says on which board, under which bootloader, which calls are made.
//
//   two-slots stock: flash switch reset confirm
//   factory/fresh stock: flash switch reset
//
// The name before the colon is a board, "+1k" behind it for images of 1 KiB instead of the board's, after a slash how
// it starts (see starts()), then the policy.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/engine/flash.hpp"

namespace dualbank::sim {

/// What an application, or somebody else, does.
enum class Call : std::uint8_t {
  flash,           ///< an update from its header on, in order, in pieces of 1000 bytes
  flash_plain,     ///< the same without begin(), in pieces of 600 bytes
  flash_shuffled,  ///< pieces of 512 bytes in a fixed random order, every third of them twice; the length is said first
  flash_part,      ///< in order, up to the middle
  flash_same,      ///< in order: the image that the slot holds already
  pause,
  abandon,
  switch_slot,
  confirm,
  rollback,
  boot_guard,
  reset,
  vendor_switch,    ///< the vendor's app names the other slot in the other record, uncut
  vendor_rewrite,   ///< a vendor's tool writes another whole image into the next-update slot, uncut
  vendor_scribble,  ///< a tool rewrites one sector of the next-update slot, uncut
  erase_otadata,    ///< a tool erases both boot records, uncut
};
inline constexpr std::size_t kCalls = 16;

[[nodiscard]] std::string_view call_name(Call call);
[[nodiscard]] bool sends_an_image(Call call);

/// Where the parts of a simulated board are. The partition table is at address 0.
struct BoardKind {
  std::string_view name;
  std::string_view says;  ///< for people
  Geometry geometry;      ///< size_bytes 0: as large as needed
  std::uint8_t slots = 2;
  bool factory = false;
  std::uint32_t slot_bytes = 0x2000;
  std::uint32_t image_bytes = 4352;  ///< of the images that are sent
  bool small = true;                 ///< else it is left out of nested cuts
  bool native = false;               ///< boot records and journal in the native form
  bool trusts_blank = false;         ///< Options::trust_blank
  bool guarded = false;              ///< signed images only, and a version counter in two sectors behind the slots
};

struct StartKind {
  std::string_view name;
  std::string_view says;
};

[[nodiscard]] std::span<const BoardKind> boards();
[[nodiscard]] std::span<const StartKind> starts();

struct Scenario {
  const BoardKind* board = nullptr;
  std::string_view start;  ///< of starts()
  Policy policy = Policy::stock;
  std::vector<Call> calls;
  bool short_images = false;  ///< of 1 KiB: one sector, and quick to send

  [[nodiscard]] std::string line() const;
};

/// Reads a scenario's line. On failure `problem` says what is wrong and what would be right.
[[nodiscard]] bool parse_scenario(std::string_view line, Scenario& scenario, std::string& problem);

/// The built-in scenarios, each one line.
[[nodiscard]] std::span<const std::string_view> built_in_scenarios();

[[nodiscard]] std::string_view policy_name(Policy policy);  ///< "stock", "stock-rollback", "dualbank"

}  // namespace dualbank::sim
