// Stand-in, see ../README.md.
#pragma once

#include <esp_partition.h>

// NULL: the chip that the firmware runs from.
typedef struct esp_flash_t esp_flash_t;
esp_err_t esp_flash_get_size(esp_flash_t* chip, uint32_t* out_size);
esp_err_t esp_flash_read(esp_flash_t* chip, void* buffer, uint32_t address, uint32_t length);
