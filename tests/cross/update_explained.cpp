// The same application, which also says in a sentence what went wrong.
#include "dualbank/engine/explain.hpp"

#define entry update_entry
#include "tests/cross/update.cpp"
#undef entry

extern "C" {
void print(const char* text);
std::uint32_t entry();
}

extern "C" std::uint32_t entry() {
  const std::uint32_t status = update_entry();
  std::array<char, 160> text;
  print(dualbank::explain(updater.last_event(), text));
  return status;
}
