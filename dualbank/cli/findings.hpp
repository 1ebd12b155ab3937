// What is wrong with a flash, in words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/json.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank::cli {

enum class Severity : std::uint8_t { note, warning, error };

struct Finding {
  Severity severity = Severity::error;
  std::string where;  ///< "ota_1", "table", "record 0"
  std::string code;
  std::string message;
  std::string cure;
};

[[nodiscard]] std::string_view severity_name(Severity severity);
[[nodiscard]] Json finding_json(const Finding& finding);
[[nodiscard]] Finding finding_of(Severity severity, std::string where, const Event& event);

/// Everything about table, boot records, slots and what boots. Precondition: the table reads.
[[nodiscard]] std::vector<Finding> find_faults(FlashView& view, const std::vector<SlotReport>& slots,
                                               SlotIndex slot_being_updated);

}  // namespace dualbank::cli
