#include "dualbank/ports/spi_nor/spi_nor_flash.hpp"

#include "dualbank/engine/flash_checks.hpp"

namespace dualbank::ports {
namespace {

enum Opcode : std::uint8_t {
  kWriteStatus = 0x01,
  kProgram = 0x02,
  kRead = 0x03,
  kWriteDisable = 0x04,
  kReadStatus = 0x05,
  kWriteEnable = 0x06,
  kProgram4Bytes = 0x12,
  kRead4Bytes = 0x13,
  kEnableReset = 0x66,
  kReset = 0x99,
  kReadId = 0x9F,
  kWakeUp = 0xAB,
  kEnter4ByteMode = 0xB7,
  kLeave4ByteMode = 0xE9,
};
constexpr std::uint8_t kBusy = 0x01;
constexpr std::uint8_t kWriteEnabled = 0x02;

constexpr std::uint32_t kMost3Bytes = 0x100'0000;

}  // namespace

void SpiNorFlash::send(std::uint8_t opcode, Bytes out, MutableBytes in) {
  const std::byte first{opcode};
  bus_->select(true);
  bus_->transfer({&first, 1}, {});
  bus_->transfer(out, in);
  bus_->select(false);
}

void SpiNorFlash::command(std::uint8_t opcode) { send(opcode, {}, {}); }

// Some vendors want the latch for these, none minds it.
void SpiNorFlash::command_enabled(std::uint8_t opcode) {
  command(kWriteEnable);
  command(opcode);
  command(kWriteDisable);
}

void SpiNorFlash::send_at(std::uint8_t opcode, std::uint32_t address, Bytes out, MutableBytes in) {
  std::array<std::byte, 5> head{std::byte{opcode}};
  std::size_t size = 1;
  for (unsigned byte = address_bytes_; byte > 0; --byte)
    head[size++] = static_cast<std::byte>(address >> (8 * byte - 8));
  bus_->select(true);
  bus_->transfer(Bytes{head}.first(size), {});
  bus_->transfer(out, in);
  bus_->select(false);
}

// A quarter of a millisecond. After waking up and after a reset data sheets ask for 3 to 100 microseconds.
void SpiNorFlash::pause() {
  std::byte dropped[2];
  for (std::uint32_t i = 0; i < polls_per_ms_; i += 4) bus_->transfer({}, dropped);
}

std::uint8_t SpiNorFlash::read_status() {
  std::byte status{};
  send(kReadStatus, {}, {&status, 1});
  return std::to_integer<std::uint8_t>(status);
}

Status SpiNorFlash::wait() {
  for (std::uint32_t ms = 0; ms < busy_limit_ms_; ++ms) {
    for (std::uint32_t poll = 0; poll < polls_per_ms_; ++poll) {
      status_ = read_status();
      if ((status_ & kBusy) == 0) {
        busy_limit_ms_ = 0;
        return Status::ok;
      }
    }
  }
  return busy_limit_ms_ == 0 ? Status::ok : Status::flash_timeout;
}

Status SpiNorFlash::enable_write() {
  if (const Status s = wait(); s != Status::ok) return s;
  command(kWriteEnable);
  const std::uint8_t status = read_status();
  if ((status & kBusy) != 0) return Status::flash_timeout;
  return (status & kWriteEnabled) != 0 ? Status::ok : Status::flash_write_protected;
}

Status SpiNorFlash::wake() {
  bus_->select(false);
  command(kWakeUp);
  pause();
  busy_limit_ms_ = options_.erase_limit_ms;
  // An open line reads as ones.
  if (const Status s = wait(); s != Status::ok) return status_ == 0xFF ? Status::flash_no_chip : s;
  command(kEnableReset);
  command(kReset);
  pause();
  command_enabled(kLeave4ByteMode);
  std::byte id[3];
  send(kReadId, {}, id);
  jedec_id_ = load_u8(id, 0) * 0x1'0000U + load_u8(id, 1) * 0x100U + load_u8(id, 2);
  return Status::ok;
}

Status SpiNorFlash::open_known() {
  if (const Status s = wake(); s != Status::ok) return s;
  return jedec_id_ == 0 ? Status::flash_no_chip : Status::ok;
}

Status SpiNorFlash::open() {
  geometry_ = {};
  jedec_id_ = 0;
  address_bytes_ = 3;
  if (const Status s = wake(); s != Status::ok) return s;
  Geometry found{.erase_units = 0};
  if (!read_sfdp(found)) {
    const std::uint32_t capacity = jedec_id_ & 0xFF;
    if (capacity < 0x10 || capacity > 0x1F) return Status::flash_no_chip;
    found.size_bytes = 1U << capacity;
    const std::uint32_t limit = options_.erase_limit_ms;
    erases_ = {{{0x1000, limit, 0x20, 0x21}, {0x8000, limit, 0x52, 0}, {0x1'0000, limit, 0xD8, 0xDC}, {}}};
    has_4_byte_commands_ = true;
    program_limit_ms_ = options_.program_limit_ms;
  }
  read_opcode_ = kRead;
  program_opcode_ = kProgram;
  if (found.size_bytes > kMost3Bytes) {
    if (const Status s = use_4_bytes(); s != Status::ok) return s;
  }
  for (const EraseType& erase : erases_) found.erase_units |= erase.size_bytes;
  if (!found.is_sound()) return Status::flash_geometry;
  if (options_.clear_protection) {
    if (const Status s = clear_protection(); s != Status::ok) return s;
  }
  geometry_ = found;
  return Status::ok;
}

Status SpiNorFlash::use_4_bytes() {
  if (has_4_byte_commands_) {
    read_opcode_ = kRead4Bytes;
    program_opcode_ = kProgram4Bytes;
    for (EraseType& erase : erases_) {
      erase.opcode = erase.opcode_4_bytes;
      if (erase.opcode == 0) erase.size_bytes = 0;
    }
  } else if (has_4_byte_mode_) {
    command_enabled(kEnter4ByteMode);
  } else {
    return Status::flash_geometry;
  }
  address_bytes_ = 4;
  return Status::ok;
}

std::uint8_t SpiNorFlash::protection_bits() const {
  // The fourth bit of Macronix and ISSI: with others it says which end the three protect.
  const std::uint32_t maker = jedec_id_ >> 16;
  return maker == 0xC2 || maker == 0x9D ? 0x3C : 0x1C;
}

Status SpiNorFlash::clear_protection() {
  const std::uint8_t before = read_status();
  if ((before & protection_bits()) == 0) return Status::ok;
  if (const Status s = enable_write(); s != Status::ok) return s;
  const auto after = static_cast<std::byte>(before & ~(protection_bits() | kBusy | kWriteEnabled));
  send(kWriteStatus, {&after, 1}, {});
  busy_limit_ms_ = options_.erase_limit_ms;
  if (const Status s = wait(); s != Status::ok) return s;
  return (status_ & protection_bits()) == 0 ? Status::ok : Status::flash_write_protected;
}

bool SpiNorFlash::was_done(std::uint32_t address, Bytes programmed, std::uint32_t size_bytes) {
  // A chip ignores in silence what it protects.
  if ((status_ & protection_bits()) == 0) return true;
  std::byte piece[32];
  for (std::uint32_t at = 0; at < size_bytes; at += sizeof(piece)) {
    const std::uint32_t left = size_bytes - at;
    const MutableBytes now = MutableBytes{piece}.first(left < sizeof(piece) ? left : sizeof(piece));
    send_at(read_opcode_, address + at, {}, now);
    for (std::size_t i = 0; i < now.size(); ++i) {
      const bool done = programmed.empty() ? now[i] == std::byte{0xFF} : (now[i] & ~programmed[at + i]) == std::byte{0};
      if (!done) return false;
    }
  }
  return true;
}

Status SpiNorFlash::read(std::uint32_t address, MutableBytes out) {
  if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok || out.empty()) return s;
  if (const Status s = wait(); s != Status::ok) return s;
  send_at(read_opcode_, address, {}, out);
  return Status::ok;
}

Status SpiNorFlash::change(std::uint8_t opcode, std::uint32_t address, Bytes bytes, std::uint32_t size_bytes,
                           std::uint32_t limit_ms) {
  if (const Status s = enable_write(); s != Status::ok) return s;
  send_at(opcode, address, bytes, {});
  busy_limit_ms_ = limit_ms;
  if (const Status s = wait(); s != Status::ok) return s;
  return was_done(address, bytes, size_bytes) ? Status::ok : Status::flash_write_protected;
}

Status SpiNorFlash::program(std::uint32_t address, Bytes bytes) {
  if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok || bytes.empty()) return s;
  return change(program_opcode_, address, bytes, static_cast<std::uint32_t>(bytes.size()), program_limit_ms_);
}

Status SpiNorFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok) return s;
  const EraseType* type = erases_.data();
  while (type->size_bytes != size_bytes) ++type;
  return change(type->opcode, address, {}, size_bytes, type->limit_ms);
}

}  // namespace dualbank::ports
