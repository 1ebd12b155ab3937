// The application: says who it is, looks at itself, and takes updates over the serial line while it runs.
#include <array>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/serial_server.hpp"
#include "dualbank/engine/updater.hpp"
#include "examples/riscv_board/application.hpp"
#include "examples/riscv_board/board.hpp"

namespace {

using namespace dualbank;

#ifdef BOARD_CRASHES
constinit volatile bool crashes = true;
#else
constinit volatile bool crashes = false;
#endif
constinit std::array<std::byte, 4096> workspace{};
constinit std::array<std::byte, kSerialInBytes> in{};
constinit std::array<std::byte, kSerialOutBytes> out{};

/// Whether the flash holds what runs: every byte of the image, against its SHA-256.
bool self_test(const Layout& layout) {
  const Extent slot = layout.extent_of(board::handover().slot);
  return verify_slot(board::flash(), slot, ImageRules::strict(kNoVendorChip, slot.size_bytes), workspace).has_value();
}

}  // namespace

extern "C" int main() {
  if (crashes) __builtin_trap();
  Updater updater{board::flash(),
                  {.workspace = workspace,
                   .running_slot = board::handover().slot,
                   .policy = Policy::dualbank,
                   .chip_id = kNoVendorChip}};
  if (updater.open() != Status::ok) {
    board::uart_write("application: the updater does not open\r\n");
    board::reset();
  }
  SerialServer server{updater,
                      {.name = {BOARD_NAME},
                       .version = {BOARD_VERSION},
                       .boot_reason = static_cast<std::uint8_t>(board::handover().reason),
                       .trial_boot = board::handover().trial_boot},
                      in,
                      out};
  board::uart_write(self_test(updater.layout()) ? "application: self-test passed\r\n"
                                                : "application: self-test failed\r\n");
  board::say_application();
  bool on_trial = updater.status().on_trial;
  for (;;) {
    const Bytes reply = server.take(board::uart_wait());
    board::uart_write({reinterpret_cast<const char*>(reply.data()), reply.size()});
    if (on_trial && !updater.status().on_trial) board::uart_write("application: confirmed\r\n");
    on_trial = updater.status().on_trial;
    if (server.reset_asked()) board::reset();
  }
}
