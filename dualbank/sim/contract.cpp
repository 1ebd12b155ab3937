#include "dualbank/sim/contract.hpp"

#include <array>

namespace dualbank::sim {
namespace {

constexpr std::uint8_t kStock = 1U << static_cast<unsigned>(Policy::stock);
constexpr std::uint8_t kRollback = 1U << static_cast<unsigned>(Policy::stock_rollback);
constexpr std::uint8_t kOwn = 1U << static_cast<unsigned>(Policy::dualbank);
static_assert((kStock | kRollback | kOwn) == kAnyPolicy);
constexpr std::string_view kOnTrial = "the running image is on trial";
constexpr std::string_view kIntoTrial = "the next boot is a trial's";

// Rows with a `when` come before those without.
constexpr auto kPromises = std::to_array<Promise>({
    {Call::flash, kAnyPolicy, "", chosen, chosen | running, running},
    {Call::flash_plain, kAnyPolicy, "", chosen, chosen | running, running},
    {Call::flash_shuffled, kAnyPolicy, "", chosen, chosen | running, running},
    {Call::flash_part, kAnyPolicy, "", chosen, chosen | running, running},
    {Call::flash_same, kAnyPolicy, "", chosen, chosen | running, running},
    {Call::pause, kAnyPolicy, "", chosen, chosen, chosen},
    {Call::abandon, kAnyPolicy, "", chosen, chosen, chosen},
    {Call::switch_slot, kAnyPolicy, "", chosen, chosen | running | target, target},
    {Call::confirm, kRollback, kOnTrial, fallback, fallback | running, running},
    {Call::confirm, kOwn, kOnTrial, running | fallback, running | fallback, running},
    {Call::confirm, kAnyPolicy, "", chosen, chosen, chosen},
    {Call::rollback, kRollback, kOnTrial, fallback, fallback, fallback},
    {Call::rollback, kAnyPolicy, "", chosen, chosen | target, target},
    {Call::boot_guard, kStock, kOnTrial, chosen, chosen | fallback, chosen | fallback},
    {Call::boot_guard, kAnyPolicy, "", chosen, chosen, chosen},
    {Call::reset, kRollback, kIntoTrial, chosen, chosen | fallback, fallback},
    {Call::reset, kRollback, kOnTrial, fallback, fallback | running, fallback},
    {Call::reset, kOwn, kIntoTrial, chosen, chosen | fallback, chosen | fallback},
    {Call::reset, kOwn, kOnTrial, running | fallback, running | fallback, running | fallback},
    {Call::reset, kAnyPolicy, "", chosen, chosen, chosen},
});

}  // namespace

std::span<const Promise> promises() { return kPromises; }

const Promise& promise_of(Call call, Policy policy, const Situation& situation) {
  for (const Promise& row : kPromises) {
    if (row.call != call || (row.policies >> static_cast<unsigned>(policy) & 1U) == 0) continue;
    if (row.when == kOnTrial && !situation.on_trial) continue;
    if (row.when == kIntoTrial && !situation.begins_trial) continue;
    return row;
  }
  return promise_of(Call::pause, policy, situation);  // what others do changes nothing that is ours
}

std::string role_words(std::uint8_t roles) {
  constexpr std::array<std::string_view, 4> kWords{"chosen", "running", "target", "fallback"};
  std::string words;
  for (unsigned i = 0; i < kWords.size(); ++i) {
    if ((roles >> i & 1U) == 0) continue;
    if (!words.empty()) words += " or ";
    words += kWords[i];
  }
  return words;
}

}  // namespace dualbank::sim
