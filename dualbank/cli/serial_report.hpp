// What a device at the other end of a serial line said, in words and as JSON.
#pragma once

#include <string>
#include <vector>

#include "dualbank/cli/json.hpp"
#include "dualbank/cli/serial_client.hpp"

namespace dualbank::cli {

/// "riscv_board 1.0"
[[nodiscard]] std::string device_label(const SerialDevice& device);
/// {"name", "version", "chip", "largest_piece"}
[[nodiscard]] Json device_json(const SerialDevice& device);
/// Why it was booted, as in `reset --json`; empty: it does not know.
[[nodiscard]] std::string boot_reason_word(const SerialDevice& device);

/// Asks for every missing range. With no update under way it is the whole slot.
[[nodiscard]] std::vector<Range> missing_over_line(SerialClient& client);

/// The event in words and as "event".
void report_event(Context& context, const Event& event);

/// Throws Refused (usage) for an option that speaks of what a flash file does not tell, and a device knows.
void refuse_options_for_files(const Context& context);

}  // namespace dualbank::cli
