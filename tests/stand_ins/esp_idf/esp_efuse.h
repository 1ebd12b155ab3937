// Stand-in, see README.md.
#pragma once

#include <stdint.h>

extern "C" uint32_t esp_efuse_read_secure_version(void);
