// The Python type `_dualbank.VendorBoard`.
#pragma once

#include "dualbank/bindings/python/python.hpp"

namespace dualbank::python {

/// Makes the type and adds it to the module. False: the Python error is set.
[[nodiscard]] bool add_vendor_board_type(PyObject* module);

}  // namespace dualbank::python
