#include "dualbank/bindings/c/dualbank.h"
#include "dualbank/engine/native_records.hpp"

extern "C" const void* dualbank_native_records(void) {
  return static_cast<const dualbank::NativeForm*>(&dualbank::kNativeRecords);
}
