// What Python gets to see of images and boards: dicts and tuples, in the shape of the command's --json.
#pragma once

#include "dualbank/bindings/python/desk_board.hpp"
#include "dualbank/bindings/python/python.hpp"

namespace dualbank::python {

/// {"valid", "version", "project", "chip", "length" ...}
[[nodiscard]] PyObject* image_report(const ImageInfo& info, bool valid);

/// {"available", "reason", "policy", "running_slot", "boot_slot", "next_update_slot", "trial", "update", "slots" ...}
/// Precondition: the board is open.
[[nodiscard]] PyObject* status_report(DeskBoard& board);

/// [(from, to), ...] of the update under way. Precondition: the board is open.
[[nodiscard]] PyObject* missing_report(DeskBoard& board);

[[nodiscard]] const char* policy_name(Policy policy);
/// False, with ValueError set, for an unknown one.
[[nodiscard]] bool parse_policy(const char* name, Policy& policy);

}  // namespace dualbank::python
