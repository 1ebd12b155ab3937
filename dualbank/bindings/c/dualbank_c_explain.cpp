#include "dualbank/bindings/c/dualbank.h"
#include "dualbank/engine/explain.hpp"

extern "C" {

const char* dualbank_status_name(dualbank_status code) { return dualbank::status_name(dualbank::Status{code}); }

const char* dualbank_explain(const dualbank_event* event, char* text, size_t size) {
  if (size == 0) return "";
  const dualbank::Event e{dualbank::Status{event->code}, {event->values[0], event->values[1], event->values[2]}};
  return dualbank::explain(e, {text, size});
}

}  // extern "C"
