// What the firmware does in the exploration of states: calls in one power session of the real Updater, and what they
// may answer.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/scenario.hpp"

namespace dualbank::sim {

enum class Verb : std::uint8_t {
  none,
  flash_a,
  flash_b,
  flash_plain,
  flash_part,
  finish_a,
  switch_slot,
  confirm,
  rollback,
  abandon,
  pause,
  boot_guard
};

inline constexpr std::size_t kMostVerbs = 3;

/// Calls one after the other with one Updater. Cuts strike in the last one only: those before it are scripts, too.
struct Script {
  std::string_view name;
  std::array<Verb, kMostVerbs> verbs{};
};

/// The first one only opens.
[[nodiscard]] std::span<const Script> scripts();
/// Has it the calls of `before`, and one more?
[[nodiscard]] bool goes_on(const Script& script, const Script& before);

/// The call by which contract.hpp knows it.
[[nodiscard]] Call call_of(Verb verb);
[[nodiscard]] std::string_view verb_name(Verb verb);
/// The image that the call sends; `swapped`: B in the place of A.
[[nodiscard]] Bytes image_of(Verb verb, bool swapped);
/// Makes the call.
[[nodiscard]] Status perform(Verb verb, bool swapped, Updater& updater);
/// Refusals that say something about the device, not about the caller: nothing else may be answered but ok.
[[nodiscard]] bool may_answer(Verb verb, Status status);

}  // namespace dualbank::sim
