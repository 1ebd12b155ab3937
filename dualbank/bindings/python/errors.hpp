// dualbank.Error, made from the engine's events.
#pragma once

#include "dualbank/bindings/python/python.hpp"
#include "dualbank/formats/slot_index.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank::python {

/// Makes the type and adds it to the module. False: the Python error is set.
[[nodiscard]] bool add_error_type(PyObject* module);

/// A dualbank.Error for the event: `code`, `values`, `cure`, and the whole text as its message.
[[nodiscard]] PyObject* make_error(const Event& event);

/// Raises it. Always nullptr, to be returned.
PyObject* raise(const Event& event);
PyObject* raise(Status code);

/// True for what befalls a file; Python has its own exceptions for that.
[[nodiscard]] bool is_file_error(Status code);
/// Raises OSError's own for it: FileNotFoundError, PermissionError, IsADirectoryError, BlockingIOError, OSError.
PyObject* raise_file_error(const Event& event, const char* path);

/// Raises one that is no status of the engine's.
PyObject* raise(const char* code, const char* message, const char* cure);

/// "ota_0" ..., "factory", "test"; None for no slot.
[[nodiscard]] PyObject* slot_name(SlotIndex slot);

/// Reads a slot's name (None: `kUnknownSlot`). False, with ValueError or TypeError set, for anything else.
[[nodiscard]] bool parse_slot(PyObject* name, SlotIndex& slot);

}  // namespace dualbank::python
