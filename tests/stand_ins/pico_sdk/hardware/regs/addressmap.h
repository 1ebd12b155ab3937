// Stand-in, see README.md. On the chip this is 0x13000000.
#pragma once

#include <stdint.h>

extern "C" uintptr_t stand_in_flash_window(void);

#define XIP_NOCACHE_NOALLOC_BASE stand_in_flash_window()
