// States of boot records and slots for tests of the boot decision, and what is expected of one.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "dualbank/engine/boot_decision.hpp"

namespace dualbank::tests {

inline constexpr BootRecord kBlank{};

inline BootRecord good(std::uint32_t seq, RecordState state = RecordState::undefined) {
  return BootRecord::make(seq, state);
}

inline BootRecord bad_crc(std::uint32_t seq, RecordState state = RecordState::undefined) {
  BootRecord record = BootRecord::make(seq, state);
  record.crc ^= 0x0001'0000;
  return record;
}

/// A board with two slots that both verify, no factory app, blank records.
inline BootInputs two_slots(const BootRecord& r0 = kBlank, const BootRecord& r1 = kBlank) {
  return {.records = {r0, r1}, .slot_count = 2, .good_slots = 0b11};
}

inline BootInputs with_factory(BootInputs inputs) {
  inputs.has_factory = true;
  inputs.good_factory = true;
  return inputs;
}

inline BootInputs after(BootInputs inputs, const BootDecision& decision) {
  inputs.records = decision.records_after(inputs.records);
  inputs.lowest_secure_version = decision.raised_secure_version;
  return inputs;
}

inline std::vector<RecordWrite> writes_of(const BootDecision& d) {
  return {d.writes.begin(), d.writes.begin() + d.write_count};
}

inline testing::AssertionResult writes(const BootDecision& decision, const std::vector<RecordWrite>& expected) {
  const auto found = writes_of(decision);
  if (found.size() != expected.size()) {
    return testing::AssertionFailure() << found.size() << " writes instead of " << expected.size();
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].sector != expected[i].sector || found[i].record != expected[i].record) {
      return testing::AssertionFailure() << "write " << i << ": sector " << int{found[i].sector} << ", seq "
                                         << found[i].record.seq << ", " << state_name(found[i].record.state);
    }
  }
  return testing::AssertionSuccess();
}

inline void expect_boots(const BootDecision& d, SlotIndex slot, BootReason reason) {
  EXPECT_EQ(int{d.slot}, int{slot});
  EXPECT_STREQ(boot_reason_name(d.reason), boot_reason_name(reason));
}

inline BootInputs many_slots(std::uint8_t count, std::uint32_t seq, std::uint16_t good_slots) {
  return {.records = {good(seq), kBlank}, .slot_count = count, .good_slots = good_slots};
}

/// Boots, spoils what booted, boots again, until nothing does.
inline std::vector<int> fallback_order(BootInputs inputs, Policy policy) {
  std::vector<int> order;
  for (;;) {
    const auto d = decide_boot(inputs, policy);
    if (d.slot == kNoSlot) return order;
    order.push_back(d.slot);
    if (d.slot == kFactorySlot) inputs.good_factory = false;
    if (d.slot == kTestSlot) inputs.good_test = false;
    if (d.slot >= 0) inputs.good_slots = static_cast<std::uint16_t>(inputs.good_slots & ~(1 << d.slot));
  }
}

}  // namespace dualbank::tests
