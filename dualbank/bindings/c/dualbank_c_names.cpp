#include <array>
#include <string_view>

#include "dualbank/bindings/c/dualbank.h"

namespace {

constexpr std::array kSlots{"ota_0", "ota_1",  "ota_2",  "ota_3",  "ota_4",  "ota_5",  "ota_6",  "ota_7",   "ota_8",
                            "ota_9", "ota_10", "ota_11", "ota_12", "ota_13", "ota_14", "ota_15", "factory", "test"};
constexpr std::size_t kFactory = 16;
static_assert(DUALBANK_SLOT_FACTORY == -1 && DUALBANK_SLOT_TEST == -2);

constexpr std::array kPolicies{"stock", "stock-rollback", "dualbank"};

}  // namespace

extern "C" {

const char* dualbank_slot_name(dualbank_slot slot) {
  const std::size_t place = slot >= 0 ? static_cast<std::size_t>(slot) : kFactory - 1 - static_cast<std::size_t>(slot);
  return place < (slot >= 0 ? kFactory : kSlots.size()) ? kSlots[place] : nullptr;
}

dualbank_slot dualbank_slot_named(const char* name) {
  for (std::size_t place = 0; place < kSlots.size(); ++place) {
    if (std::string_view{kSlots[place]} != name) continue;
    return static_cast<dualbank_slot>(place < kFactory ? place : kFactory - 1 - place);
  }
  return DUALBANK_SLOT_NONE;
}

const char* dualbank_policy_name(dualbank_policy policy) {
  return policy < kPolicies.size() ? kPolicies[policy] : nullptr;
}

int dualbank_policy_named(const char* name) {
  for (std::size_t policy = 0; policy < kPolicies.size(); ++policy) {
    if (std::string_view{kPolicies[policy]} == name) return static_cast<int>(policy);
  }
  return -1;
}

}  // extern "C"
