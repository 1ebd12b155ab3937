// The flash that an RP2040 boots from, over the Pico SDK (hardware_flash, pico_flash). All in this header, so that it
// is compiled where the SDK's include paths are.
#pragma once

#include <hardware/flash.h>
#include <hardware/regs/addressmap.h>
#include <pico/error.h>
#include <pico/flash.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/flash_checks.hpp"

namespace dualbank::ports {

/// Addresses count from the chip's start, not from XIP_BASE. While the chip works nothing can be read from it: the SDK
/// parks the other core and keeps interrupts off. A core 1 that runs must have called flash_safe_execute_core_init().
///
/// Only 4 KiB are erased at once: interrupts stay off meanwhile, typically 45 ms, and up to 2 s for 64 KiB.
///
/// On an RP2350 the window that is read here is translated where a partition table is loaded, but not the addresses
/// that are written: use it only where the two are the same.
///
/// Errors: flash_out_of_range, flash_misaligned; flash_timeout: the other core did not answer, and the operation may
/// have been done; flash_program_failed, flash_erase_failed: the SDK saw no safe way, and nothing was done.
class Rp2040Flash final : public Flash {
 public:
  /// `size_bytes`: PICO_FLASH_SIZE_BYTES of the board. `timeout_ms`: how long the other core may take to park.
  explicit constexpr Rp2040Flash(std::uint32_t size_bytes, std::uint32_t timeout_ms = 1000)
      : Flash({.size_bytes = size_bytes, .erase_units = FLASH_SECTOR_SIZE, .page_bytes = FLASH_PAGE_SIZE}),
        timeout_ms_(timeout_ms) {}

  Status read(std::uint32_t address, MutableBytes out) override {
    if (const Status s = check_range(geometry_, address, out.size()); s != Status::ok) return s;
    // Past the cache, which would otherwise be filled with an image that is read once.
    const std::uintptr_t from = XIP_NOCACHE_NOALLOC_BASE + std::uintptr_t{address};
    if (!out.empty()) std::memcpy(out.data(), reinterpret_cast<const void*>(from), out.size());
    return Status::ok;
  }

  Status program(std::uint32_t address, Bytes bytes) override {
    if (const Status s = check_program(geometry_, address, bytes.size()); s != Status::ok) return s;
    if (bytes.empty()) return Status::ok;
    // The SDK programs whole pages. FF changes no bit. On the stack: what lies in flash cannot be read now.
    std::array<std::uint8_t, FLASH_PAGE_SIZE> page;
    page.fill(0xFF);
    const std::uint32_t offset = address & (FLASH_PAGE_SIZE - 1);
    std::memcpy(page.data() + offset, bytes.data(), bytes.size());
    return safely(Status::flash_program_failed,
                  [&] { flash_range_program(address - offset, page.data(), page.size()); });
  }

  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    if (const Status s = check_erase(geometry_, address, size_bytes); s != Status::ok) return s;
    return safely(Status::flash_erase_failed, [&] { flash_range_erase(address, size_bytes); });
  }

  /// The SDK returns when the chip is idle.
  Status sync() override { return Status::ok; }

 private:
  template <class Operation>
  Status safely(Status refused, Operation operation) {
    const auto call = [](void* context) { (*static_cast<Operation*>(context))(); };
    const int answer = flash_safe_execute(call, &operation, timeout_ms_);
    if (answer == PICO_OK) return Status::ok;
    return answer == PICO_ERROR_TIMEOUT ? Status::flash_timeout : refused;
  }

  std::uint32_t timeout_ms_;
};

}  // namespace dualbank::ports
