// Stand-in, see ../README.md: an ESP32-C3, its bootloader without rollback.
#pragma once

#define CONFIG_PARTITION_TABLE_OFFSET 0x8000
#define CONFIG_IDF_FIRMWARE_CHIP_ID 0x0005
