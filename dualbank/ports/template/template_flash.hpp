// A port to start from: copy this file and its test, rename, and go through the numbered places. docs/PORTING.md
// explains each.
#pragma once

#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/flash_checks.hpp"

// 1. Your vendor's functions: 0 is success. Most drivers look like this. They must return only when the chip is done.
extern "C" {
int vendor_flash_read(std::uint32_t address, void* out, std::uint32_t size_bytes);
int vendor_flash_program(std::uint32_t address, const void* bytes, std::uint32_t size_bytes);
int vendor_flash_erase(std::uint32_t address, std::uint32_t size_bytes);
}

namespace dualbank::ports {

class TemplateFlash final : public Flash {
 public:
  // 2. The geometry, from the chip's data sheet. Of what is left out the usual holds: pages of 256 bytes, single bytes
  //    can be programmed, and programmed again.
  constexpr TemplateFlash() : Flash({.size_bytes = 0x20'0000, .erase_units = 0x1000}) {}

  // 3. Four verbs. Each first refuses what the contract forbids, so that a mistake is seen and not done.
  Status read(std::uint32_t address, MutableBytes out) override {
    if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok || out.empty()) return s;
    const bool done = vendor_flash_read(address, out.data(), static_cast<std::uint32_t>(out.size())) == 0;
    return done ? Status::ok : Status::flash_read_failed;
  }

  Status program(std::uint32_t address, Bytes bytes) override {
    if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok || bytes.empty()) return s;
    // 4. Where code runs from this very chip: interrupts off and the other core parked, here and in erase().
    const bool done = vendor_flash_program(address, bytes.data(), static_cast<std::uint32_t>(bytes.size())) == 0;
    return done ? Status::ok : Status::flash_program_failed;
  }

  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok) return s;
    return vendor_flash_erase(address, size_bytes) == 0 ? Status::ok : Status::flash_erase_failed;
  }

  // 5. Where writes are only queued (a file, a block device): wait here until they would survive a power cut.
  Status sync() override { return Status::ok; }
};

}  // namespace dualbank::ports
