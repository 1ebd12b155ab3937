// The board: sifive_u of QEMU with 32 MiB of SPI NOR. What bootloader and application share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dualbank/engine/boot_handover.hpp"
#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/layout.hpp"

namespace board {

/// Where things lie on the flash: what partitions.csv says. The bootloader needs no table so.
inline constexpr dualbank::Layout kLayout{
    .slot_count = 2, .slots = {{{0x10000, 0x80000}, {0x90000, 0x80000}}}, .otadata = {0xE000, 0x2000}};

/// RAM that applications are loaded to, and what the bootloader tells them.
#ifdef __arm__  // examples/arm_board has 768 KiB from 0 on
inline constexpr std::uint32_t kApplicationAddress = 0x4'0000;
inline constexpr std::uint32_t kApplicationBytes = 0x7'0000;
inline constexpr std::uint32_t kHandoverAddress = 0xB'F000;
#else
inline constexpr std::uint32_t kApplicationAddress = 0x8040'0000;
inline constexpr std::uint32_t kApplicationBytes = 0x40'0000;
inline constexpr std::uint32_t kHandoverAddress = 0x8020'0000;
#endif

inline std::span<std::byte> ram(std::uint32_t address, std::uint32_t size_bytes) {
  return {reinterpret_cast<std::byte*>(address), size_bytes};
}

/// The SPI NOR, identified at the first call.
dualbank::Flash& flash();
dualbank::Flash& flash_for_boot();  ///< not identified

void uart_write(std::string_view text);
int uart_read();        ///< -1: nothing has come
std::byte uart_wait();  ///< sleeps until a byte comes
void say_number(std::uint32_t number);
/// "ota_1, trial_boot, trial boot 1"
void say_boot(dualbank::SlotIndex slot, dualbank::BootReason reason, std::uint8_t trial_boot);

[[noreturn]] void reset();
[[noreturn]] void start(std::uint32_t entry);

}  // namespace board
