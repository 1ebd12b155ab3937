// The bootloader: all that is not this board's is dualbank's engine.
#include "dualbank/engine/board_boot.hpp"
#include "examples/riscv_board/board.hpp"

namespace {

using namespace dualbank;

class Board final : public BootBoard {
 public:
  void starting(const BootHandover& boot) override {
    char text[] = "bootloader: starts ota_0, trial boot 0\r\n";  // why is for the application to say
    text[23] = static_cast<char>('0' + boot.slot);
    text[37] = static_cast<char>('0' + boot.trial_boot);
    board::uart_write({text, sizeof text - 1});
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
constexpr CompactBootParts kParts{
    .layout = board::kLayout, .memory = {&kMemory, 1}, .buffer = buffer, .handover = handover_ram};

}  // namespace

extern "C" int main() {
  if (const auto entry = boot_compact(board_, board::flash_for_boot(), kParts)) board::start(*entry);
  board::reset();
}
