// The SHA accelerator that the stand-ins of tests/stand_ins/esp_idf declare, computing with the portable SHA-256. A
// program includes this in one file.
#pragma once

#include <gtest/gtest.h>
#include <hal/sha_hal.h>
#include <sha/sha_core.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "dualbank/formats/sha256.hpp"

namespace dualbank::tests {

/// What its registers hold are the bytes that the calls copy: of a state, those of a digest.
struct EspIdfShaEngine {
  bool taken = false;
  bool has_mode = false;
  bool has_state = false;
  bool busy = false;
  std::array<unsigned char, 32> state{};
  std::uint32_t times_taken = 0;
  std::uint32_t blocks = 0;

  void expect_taken(esp_sha_type type) const {
    EXPECT_TRUE(taken);
    EXPECT_EQ(type, SHA2_256);
  }
  void expect_ready(esp_sha_type type) const {
    expect_taken(type);
    EXPECT_TRUE(has_mode);
    EXPECT_FALSE(busy);
  }
};

inline EspIdfShaEngine esp_idf_sha;

}  // namespace dualbank::tests

extern "C" {
inline void esp_sha_acquire_hardware(void) {
  auto& engine = dualbank::tests::esp_idf_sha;
  ASSERT_FALSE(engine.taken) << "the chip's lock is not recursive";
  const std::uint32_t times = engine.times_taken + 1;
  engine = {.taken = true, .times_taken = times, .blocks = engine.blocks};
}

inline void esp_sha_release_hardware(void) {
  auto& engine = dualbank::tests::esp_idf_sha;
  ASSERT_TRUE(engine.taken);
  EXPECT_FALSE(engine.busy);
  engine.taken = false;
}

inline void esp_sha_set_mode(esp_sha_type sha_type) {
  auto& engine = dualbank::tests::esp_idf_sha;
  engine.expect_taken(sha_type);
  engine.has_mode = true;
}

inline void esp_sha_write_digest_state(esp_sha_type sha_type, void* digest_state) {
  auto& engine = dualbank::tests::esp_idf_sha;
  engine.expect_ready(sha_type);
  std::memcpy(engine.state.data(), digest_state, engine.state.size());
  engine.has_state = true;
}

inline void esp_sha_read_digest_state(esp_sha_type sha_type, void* digest_state) {
  auto& engine = dualbank::tests::esp_idf_sha;
  engine.expect_taken(sha_type);
  engine.busy = false;  // it waits
  std::memcpy(digest_state, engine.state.data(), engine.state.size());
}

inline void sha_hal_wait_idle(void) { dualbank::tests::esp_idf_sha.busy = false; }

inline void sha_hal_hash_block(esp_sha_type sha_type, const void* data_block, size_t block_word_len, bool first_block) {
  auto& engine = dualbank::tests::esp_idf_sha;
  engine.expect_ready(sha_type);
  EXPECT_TRUE(engine.has_state);
  EXPECT_FALSE(first_block);
  EXPECT_EQ(std::bit_cast<std::uintptr_t>(data_block) % 4, 0U);
  ASSERT_EQ(block_word_len, 16U);
  dualbank::Sha256State words{};
  for (std::size_t i = 0; i < engine.state.size(); ++i) words[i / 4] = words[i / 4] << 8 | engine.state[i];
  dualbank::sha256_blocks(words, static_cast<const std::byte*>(data_block), 1);
  for (std::size_t i = 0; i < engine.state.size(); ++i) {
    engine.state[i] = static_cast<unsigned char>(words[i / 4] >> (24 - 8 * (i % 4)));
  }
  engine.busy = true;
  ++engine.blocks;
}
}
