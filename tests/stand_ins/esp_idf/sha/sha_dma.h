// Stand-in, see README.md. Of chips that have the accelerator's DMA, up to 5.4.
#pragma once

#include <hal/sha_types.h>

extern "C" {
void esp_sha_read_digest_state(esp_sha_type sha_type, void* digest_state);
void esp_sha_write_digest_state(esp_sha_type sha_type, void* digest_state);
void esp_sha_acquire_hardware(void);
void esp_sha_release_hardware(void);
}
