// What a reset may boot before, during and after each call: the promise that the sweep holds the engine to, and that
// docs/POWER-CUTS.md prints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/sim/scenario.hpp"

namespace dualbank::sim {

/// A slot by the part that it plays in a call. A set of them is a sum.
enum Role : std::uint8_t {
  chosen = 1,   ///< what would have booted when the call began
  running = 2,  ///< the slot whose firmware makes the call
  target = 4,   ///< the slot that the call is to make boot
  fallback = 8  ///< what boots when the image on trial is dropped
};

inline constexpr std::uint8_t kAnyPolicy = 7;

struct Promise {
  Call call;
  std::uint8_t policies;  ///< bit n: under Policy n; kAnyPolicy: all
  std::string_view when;  ///< empty: always, or whenever no other row says more
  std::uint8_t before;
  std::uint8_t during;
  std::uint8_t after;
};

/// What the situation is when a call begins.
struct Situation {
  bool on_trial = false;      ///< the running image is on trial
  bool begins_trial = false;  ///< a reset would boot an image on trial
};

[[nodiscard]] std::span<const Promise> promises();
[[nodiscard]] const Promise& promise_of(Call call, Policy policy, const Situation& situation);
[[nodiscard]] std::string role_words(std::uint8_t roles);  ///< "chosen or target"

}  // namespace dualbank::sim
