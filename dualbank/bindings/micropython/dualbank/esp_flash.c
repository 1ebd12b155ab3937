// An ESP board's own flash, over the SDK: reads go past the partitions, as the table lies outside of them; writes go
// through them, so that a partition that is read-only stays so.
#include "dualbank/bindings/micropython/dualbank/own_flash.h"

#if DUALBANK_HAS_OWN_FLASH

#include <esp_flash.h>
#include <esp_flash_encrypt.h>
#include <esp_ota_ops.h>
#include <esp_partition.h>
#include <sdkconfig.h>

#if CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
#include <esp_efuse.h>
#endif

// 4 KiB and 64 KiB: dualbank writes whole slots, and a large erase is several times as fast.
#define ERASE_UNITS 0x11000u

static bool holds(const esp_partition_t* partition, uint32_t address, uint32_t size) {
  return partition != NULL && address >= partition->address && address - partition->address <= partition->size &&
         size <= partition->size - (address - partition->address);
}

// Of those that dualbank writes: the OTA slots and otadata.
static const esp_partition_t* partition_at(uint32_t address, uint32_t size) {
  static const esp_partition_t* last;
  if (holds(last, address, size)) return last;
  last = esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_OTA, NULL);
  for (int slot = 0; slot < 16 && !holds(last, address, size); ++slot) {
    const esp_partition_subtype_t subtype = (esp_partition_subtype_t)(ESP_PARTITION_SUBTYPE_APP_OTA_0 + slot);
    last = esp_partition_find_first(ESP_PARTITION_TYPE_APP, subtype, NULL);
  }
  return holds(last, address, size) ? last : NULL;
}

static dualbank_status flash_read(void* context, uint32_t address, void* into, uint32_t size) {
  (void)context;
  return esp_flash_read(NULL, into, address, size) == ESP_OK ? DUALBANK_OK : DUALBANK_FLASH_READ_FAILED;
}

static dualbank_status flash_program(void* context, uint32_t address, const void* bytes, uint32_t size) {
  (void)context;
  const esp_partition_t* partition = partition_at(address, size);
  if (partition == NULL || esp_partition_write(partition, address - partition->address, bytes, size) != ESP_OK) {
    return DUALBANK_FLASH_PROGRAM_FAILED;
  }
  return DUALBANK_OK;
}

static dualbank_status flash_erase(void* context, uint32_t address, uint32_t size) {
  (void)context;
  const esp_partition_t* partition = partition_at(address, size);
  if (partition == NULL || esp_partition_erase_range(partition, address - partition->address, size) != ESP_OK) {
    return DUALBANK_FLASH_ERASE_FAILED;
  }
  return DUALBANK_OK;
}

static dualbank_slot running_slot(void) {
  const esp_partition_t* running = esp_ota_get_running_partition();
  if (running == NULL) return DUALBANK_SLOT_UNKNOWN;
  if (running->subtype == ESP_PARTITION_SUBTYPE_APP_FACTORY) return DUALBANK_SLOT_FACTORY;
  if (running->subtype == ESP_PARTITION_SUBTYPE_APP_TEST) return DUALBANK_SLOT_TEST;
  return (dualbank_slot)(running->subtype - ESP_PARTITION_SUBTYPE_APP_OTA_0);
}

void dualbank_own_flash(dualbank_flash* flash, dualbank_options* options) {
  uint32_t size_bytes = 0;
  // Of size 0 it is refused: bad_argument 2.
  if (esp_flash_get_size(NULL, &size_bytes) != ESP_OK) size_bytes = 0;
  *flash = (dualbank_flash){
      .read = flash_read,
      .program = flash_program,
      .erase = flash_erase,
      .size_bytes = size_bytes,
      .erase_units = ERASE_UNITS,
  };
  // An encrypted flash keeps no record that can be changed bit by bit: refused as flash_geometry.
  if (esp_flash_encryption_enabled()) {
    flash->write_unit_bytes = 16;
    flash->programs_once = 1;
  }
  options->running_slot = running_slot();
  options->table_offset = CONFIG_PARTITION_TABLE_OFFSET;
#ifdef CONFIG_IDF_FIRMWARE_CHIP_ID
  options->chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID;
#endif
#if CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
  options->policy = DUALBANK_STOCK_ROLLBACK;
#endif
#if CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK
  options->anti_rollback = true;
  options->lowest_secure_version = esp_efuse_read_secure_version();
#endif
}

#else
typedef int dualbank_no_own_flash;  // C wants a declaration in each file
#endif
