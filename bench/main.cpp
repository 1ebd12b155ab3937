// bench: what updates cost a flash, by dualbank, by others, and at least.
#include <cstdio>
#include <exception>

#include "bench/report.hpp"

int main() {
  try {
    std::fputs(dualbank::bench::as_text(dualbank::bench::measure()).c_str(), stdout);
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench: %s\n", problem.what());
    return 1;
  }
}
