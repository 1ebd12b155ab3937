// The bootloader: all that is not this board's is dualbank's engine.
#include "dualbank/engine/board_boot.hpp"
#include "examples/riscv_board/board.hpp"

namespace {

using namespace dualbank;

class Board final : public BootBoard {
 public:
  void starting(const BootOutcome& outcome) override {
    board::uart_write("bootloader: starts ");
    board::say_boot(outcome.decision.slot, outcome.decision.reason, outcome.decision.trial_boot);
  }
  void recovering() override { board::uart_write("bootloader: nothing boots: recovery over the serial line\r\n"); }
  std::byte read() override { return board::uart_wait(); }
  void write(Bytes bytes) override { board::uart_write({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }
};

constinit Board board_;
constinit std::array<std::byte, 4096> buffer{};

extern "C" std::byte application_ram[board::kApplicationBytes];  // where these lie: bootloader.ld
extern "C" std::byte handover_ram[kBootHandoverBytes];
constexpr LoadRegion kMemory{board::kApplicationAddress, application_ram};
constexpr BootParts kParts{.layout = board::kLayout,
                           .settings = {.policy = Policy::dualbank, .chip_id = kNoVendorChip, .memory = {&kMemory, 1}},
                           .buffer = buffer,
                           .handover = handover_ram};

}  // namespace

extern "C" int main() {
  const Result<std::uint32_t> entry = boot(board_, board::flash(), kParts);
  if (entry) board::start(*entry);
  board::reset();
}
