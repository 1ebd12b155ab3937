#include "dualbank/cli/interrupt.hpp"

#include <csignal>

namespace dualbank::cli {
namespace {

volatile std::sig_atomic_t seen = 0;
bool counts = true;

extern "C" void note_interrupt(int) { seen = 1; }

}  // namespace

void catch_interrupt() {
  struct sigaction action{};
  action.sa_handler = note_interrupt;  // without SA_RESTART, so that a read that waits comes back
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() { return counts && seen != 0; }

void ignore_interrupt() { counts = false; }

}  // namespace dualbank::cli
