#include "dualbank/ports/ram/ram_flash.hpp"

#include <cstring>

#include "dualbank/engine/flash_checks.hpp"

namespace dualbank::ports {

Status RamFlash::read(std::uint32_t address, MutableBytes out) {
  if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok) return s;
  if (!out.empty()) std::memcpy(out.data(), memory_.data() + address, out.size());
  return Status::ok;
}

Status RamFlash::program(std::uint32_t address, Bytes bytes) {
  if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok) return s;
  for (const std::byte b : bytes) {
    memory_[address] = programmed(geometry_, memory_[address], b);
    ++address;
  }
  return Status::ok;
}

Status RamFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok) return s;
  std::memset(memory_.data() + address, std::to_integer<int>(geometry_.erased), size_bytes);
  return Status::ok;
}

void RamFlash::erase_all() {
  for (std::byte& b : memory_) b = geometry_.erased;
}

}  // namespace dualbank::ports
