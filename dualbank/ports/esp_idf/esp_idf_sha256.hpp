// SHA-256 by an ESP chip's accelerator, block by block, between states that formats keeps. For the chips that take a
// state back, which is all but the first ESP32; ESP-IDF 5.0 and later.
#pragma once

#include <esp_idf_version.h>
#include <hal/sha_hal.h>
#include <sdkconfig.h>
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 5, 0)
#include <sha/sha_core.h>
#elif defined(CONFIG_SOC_SHA_SUPPORT_DMA)
#include <sha/sha_dma.h>
#else
#include <sha/sha_block.h>
#endif
#ifndef CONFIG_SOC_SHA_SUPPORT_RESUME
#error "dualbank: this chip's SHA accelerator takes no state back: turn off CONFIG_DUALBANK_SHA256_HARDWARE"
#endif

#include <algorithm>
#include <array>
#include <cstring>

#include "dualbank/formats/sha256.hpp"

namespace dualbank::ports {

/// The accelerator, which mbedTLS and the AES accelerator share: the task waits for it, and has it until the end of the
/// scope. Powered and reset when it is taken.
class EspIdfSha {
 public:
  EspIdfSha() {
    esp_sha_acquire_hardware();
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 5, 0)
    esp_sha_set_mode(SHA2_256);  // before, each block brought it
#endif
  }
  EspIdfSha(const EspIdfSha&) = delete;
  EspIdfSha& operator=(const EspIdfSha&) = delete;
  ~EspIdfSha() { esp_sha_release_hardware(); }
};

/// As dualbank::sha256_blocks(). From a task, not from an interrupt. Blocks go through the registers and not by DMA:
/// that takes no memory and cannot fail, and this function has no way to say so.
inline void esp_idf_sha256_blocks(Sha256State& state, const std::byte* blocks, std::size_t count) {
  // The registers hold the bytes of a digest, the most significant of each word first, as little-endian words.
  std::array<std::uint32_t, std::tuple_size_v<Sha256State>> registers;
  const auto swap = [](std::uint32_t word) { return __builtin_bswap32(word); };
  std::ranges::transform(state, registers.begin(), swap);
  {
    const EspIdfSha sha;
    esp_sha_write_digest_state(SHA2_256, registers.data());
    for (; count > 0; --count, blocks += kSha256BlockBytes) {
      std::array<std::uint32_t, kSha256BlockBytes / sizeof(std::uint32_t)> block;  // is read by words, aligned ones
      std::memcpy(block.data(), blocks, kSha256BlockBytes);
      sha_hal_wait_idle();  // since 5.5 the next call does not
      sha_hal_hash_block(SHA2_256, block.data(), block.size(), false);
    }
    esp_sha_read_digest_state(SHA2_256, registers.data());
  }
  std::ranges::transform(registers, state.begin(), swap);
}

}  // namespace dualbank::ports
