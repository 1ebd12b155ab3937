// Stand-in, see README.md. As ESP-IDF does: what is off is not defined.
#pragma once

#define CONFIG_IDF_FIRMWARE_CHIP_ID 0x0009
#define CONFIG_PARTITION_TABLE_OFFSET 0x8000
#ifndef STAND_IN_WITHOUT_ROLLBACK
#define CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE 1
#endif
#ifndef STAND_IN_WITHOUT_SHA_DMA
#define CONFIG_SOC_SHA_SUPPORT_DMA 1
#endif
#ifndef STAND_IN_FIRST_ESP32
#define CONFIG_SOC_SHA_SUPPORT_RESUME 1
#endif
#define CONFIG_EXAMPLE_FIRMWARE_URL "https://192.0.2.1/dualbank_ota.bin"
