// Stand-in, see ../README.md.
#include <esp_board.h>

#include <string.h>

#include <esp_flash.h>
#include <esp_flash_encrypt.h>
#include <esp_ota_ops.h>

struct esp_board esp_board;

const esp_partition_t* esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char* label) {
  for (unsigned i = 0; i < esp_board.partition_count; ++i) {
    const esp_partition_t* partition = &esp_board.partitions[i];
    if (label == NULL && partition->type == type && partition->subtype == subtype) return partition;
  }
  return NULL;
}

static esp_err_t check(const esp_partition_t* partition, size_t offset, size_t size) {
  if (partition->readonly || partition == esp_board.running) return ESP_ERR_NOT_ALLOWED;
  if (offset > partition->size) return ESP_ERR_INVALID_ARG;
  return size > partition->size - offset ? ESP_ERR_INVALID_SIZE : ESP_OK;
}

esp_err_t esp_partition_write(const esp_partition_t* partition, size_t dst_offset, const void* src, size_t size) {
  const esp_err_t error = check(partition, dst_offset, size);
  if (error != ESP_OK || esp_board.worn) return error != ESP_OK ? error : ESP_ERR_INVALID_ARG;
  for (size_t i = 0; i < size; ++i) {
    esp_board.bytes[partition->address + dst_offset + i] &= ((const uint8_t*)src)[i];
  }
  return ESP_OK;
}

esp_err_t esp_partition_erase_range(const esp_partition_t* partition, size_t offset, size_t size) {
  const esp_err_t error = check(partition, offset, size);
  if (error != ESP_OK) return error;
  if (size % 4096 != 0) return ESP_ERR_INVALID_SIZE;
  if (offset % 4096 != 0) return ESP_ERR_INVALID_ARG;
  memset(esp_board.bytes + partition->address + offset, 0xFF, size);
  return ESP_OK;
}

const esp_partition_t* esp_ota_get_running_partition(void) { return esp_board.running; }

esp_err_t esp_flash_get_size(esp_flash_t* chip, uint32_t* out_size) {
  *out_size = esp_board.size;
  return chip == NULL ? ESP_OK : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_flash_read(esp_flash_t* chip, void* buffer, uint32_t address, uint32_t length) {
  if (chip != NULL || address > esp_board.size || length > esp_board.size - address) return ESP_ERR_INVALID_ARG;
  memcpy(buffer, esp_board.bytes + address, length);
  return ESP_OK;
}

bool esp_flash_encryption_enabled(void) { return esp_board.encrypted; }
