// A product that tests its own updater on the simulated flash.
#include <array>
#include <cstdio>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/nor_flash.hpp"

int main() {
  dualbank::sim::NorFlash chip{dualbank::Geometry{.size_bytes = 0x10000}};
  dualbank::Updater updater{chip, {}};
  std::array<char, 160> text;
  if (updater.open() == dualbank::Status::ok) return 1;
  std::puts(dualbank::explain(updater.last_event(), text));
}
