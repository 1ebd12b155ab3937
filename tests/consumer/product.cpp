// A product's own code: all that it includes must be there and link, without any package but the compiler's.
#include <array>
#include <cstddef>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/ram/ram_flash.hpp"

namespace {
std::array<std::byte, 0x10000> memory;
std::array<char, 160> text;
}  // namespace

/// What the updater says of a chip that nobody has written yet.
const char* first_words() {
  dualbank::ports::RamFlash chip{memory};
  chip.erase_all();
  dualbank::Updater updater{chip, {}};
  if (updater.open() == dualbank::Status::ok) return "opened";
  return dualbank::explain(updater.last_event(), text);
}
