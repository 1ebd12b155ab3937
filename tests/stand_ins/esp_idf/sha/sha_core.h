// Stand-in, see README.md. Of all chips but the first ESP32, from 5.5 on.
#pragma once

#include <sha/sha_dma.h>

extern "C" void esp_sha_set_mode(esp_sha_type sha_type);
