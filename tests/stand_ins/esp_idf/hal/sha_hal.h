// Stand-in, see README.md.
#pragma once

#include <stddef.h>

#include <hal/sha_types.h>

extern "C" {
void sha_hal_hash_block(esp_sha_type sha_type, const void* data_block, size_t block_word_len, bool first_block);
void sha_hal_wait_idle(void);
}
