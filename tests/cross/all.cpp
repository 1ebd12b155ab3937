// All of it in one program, without sentences: a bootloader with its recovery, every call of an updater, and updates
// over a serial line. But for native boot records: what calls what through their table is more than
// tools/worst_stack.py can tell.
#include "dualbank/engine/board_boot.hpp"
#include "dualbank/engine/serial_server.hpp"
#include "dualbank/engine/updater.hpp"
#include "tests/cross/chip.hpp"

extern "C" {
int line_read();
void line_write(const void* bytes, std::uint32_t size);
std::uint32_t entry();
}

namespace {

class Board final : public dualbank::BootBoard {
 public:
  void starting(const dualbank::BootHandover&) override {}
  void recovering() override {}
  std::byte read() override { return static_cast<std::byte>(line_read()); }
  void write(dualbank::Bytes bytes) override { line_write(bytes.data(), static_cast<std::uint32_t>(bytes.size())); }
};

constinit cross::Chip chip;
constinit Board board;
constinit std::array<std::byte, dualbank::kRecoveryBytes> buffer{};
constinit std::array<std::byte, dualbank::kBootHandoverBytes> handover{};
constinit std::array<std::byte, 4096> memory{};  // a machine's would be a linker's symbol
constinit const std::array kMemory{dualbank::LoadRegion{0x2000'0000, memory}};
constinit dualbank::Updater updater{chip, {}};
constinit std::array<std::byte, dualbank::kSerialInBytes> in{};
constinit std::array<std::byte, dualbank::kSerialOutBytes> out{};
constinit dualbank::SerialServer server{updater, {}, in, out};

std::uint32_t boot() {
  const auto layout = dualbank::read_layout(chip);
  if (!layout) return 0;
  const dualbank::BootParts parts{*layout, {.memory = kMemory}, buffer, handover};
  const auto start = dualbank::boot(board, chip, parts);
  return start ? *start : 0;
}

std::uint32_t run() {
  if (updater.open() != dualbank::Status::ok) return 0;
  while (!server.reset_asked()) {
    const dualbank::Bytes reply = server.take(static_cast<std::byte>(line_read()));
    line_write(reply.data(), static_cast<std::uint32_t>(reply.size()));
    if (updater.boot_guard() != dualbank::Status::ok) break;
  }
  return 1;
}

}  // namespace

extern "C" std::uint32_t entry() { return line_read() == 0 ? boot() : run(); }
