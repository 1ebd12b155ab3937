// Stand-in, see ../README.md.
#pragma once

#include <stdbool.h>

bool esp_flash_encryption_enabled(void);
