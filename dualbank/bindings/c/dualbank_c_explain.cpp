#include <algorithm>

#include "dualbank/bindings/c/dualbank.h"
#include "dualbank/engine/explain.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/otadata.hpp"

namespace {

const char* explained(const char* (*part)(const dualbank::Event&, std::span<char>), const dualbank_event* event,
                      char* text, size_t size) {
  if (size == 0) return "";
  return part({dualbank::Status{event->code}, {event->values[0], event->values[1], event->values[2]}}, {text, size});
}

}  // namespace

extern "C" {

const char* dualbank_status_name(dualbank_status code) { return dualbank::status_name(dualbank::Status{code}); }

const char* dualbank_explain(const dualbank_event* event, char* text, size_t size) {
  return explained(dualbank::explain, event, text, size);
}
const char* dualbank_explain_what(const dualbank_event* event, char* text, size_t size) {
  return explained(dualbank::explain_what, event, text, size);
}
const char* dualbank_explain_cure(const dualbank_event* event, char* text, size_t size) {
  return explained(dualbank::explain_cure, event, text, size);
}

uint32_t dualbank_value_count(dualbank_status code) { return dualbank::value_count(dualbank::Status{code}); }

dualbank_value_kind dualbank_value_name(dualbank_status code, uint32_t index, char* name, size_t size) {
  const dualbank::ValueName value = dualbank::value_name(dualbank::Status{code}, index);
  if (size != 0) {
    const std::size_t length = std::min(value.name.size(), size - 1);
    *std::copy_n(value.name.begin(), length, name) = '\0';
  }
  return static_cast<dualbank_value_kind>(value.kind);
}

const char* dualbank_chip_name(uint32_t chip_id) {
  const dualbank::Chip* chip = chip_id > 0xFFFF ? nullptr : dualbank::find_chip(static_cast<std::uint16_t>(chip_id));
  return chip == nullptr ? nullptr : chip->name;
}

const char* dualbank_state_name(uint32_t state) {
  return dualbank::state_name(static_cast<dualbank::RecordState>(state));
}

const char* dualbank_value_word(dualbank_value_kind kind, uint32_t value) {
  switch (kind) {
    case DUALBANK_VALUE_CHIP:
      return dualbank_chip_name(value & 0xFFFF);
    case DUALBANK_VALUE_SLOT:
      return dualbank_slot_name(static_cast<dualbank_slot>(value));
    case DUALBANK_VALUE_STATE:
      return dualbank_state_name(value);
    default:
      return nullptr;
  }
}

}  // extern "C"

static_assert(DUALBANK_VALUE_CHIP == static_cast<int>(dualbank::ValueKind::chip) &&
              DUALBANK_VALUE_SLOT == static_cast<int>(dualbank::ValueKind::slot) &&
              DUALBANK_VALUE_STATE == static_cast<int>(dualbank::ValueKind::state));
