// Stand-in, see README.md.
#pragma once

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL -1
#define ESP_ERR_INVALID_ARG 0x102
#define ESP_ERR_TIMEOUT 0x107
#define ESP_ERR_FLASH_BASE 0x6000
#define ESP_ERR_FLASH_PROTECTED (ESP_ERR_FLASH_BASE + 6)
