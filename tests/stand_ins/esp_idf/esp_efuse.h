// Stand-in, see README.md.
#pragma once

#include <esp_err.h>
#include <stdint.h>

extern "C" uint32_t esp_efuse_read_secure_version(void);
extern "C" esp_err_t esp_efuse_update_secure_version(uint32_t secure_version);
