// As core_formats.cpp.
#include "dualbank/bindings/c/dualbank_c.cpp"
#include "dualbank/bindings/c/dualbank_c_explain.cpp"
#include "dualbank/bindings/c/dualbank_c_layout.cpp"
#include "dualbank/bindings/c/dualbank_c_look.cpp"
#include "dualbank/bindings/c/dualbank_c_names.cpp"
#include "dualbank/bindings/c/dualbank_c_report.cpp"
#include "dualbank/engine/session.cpp"
