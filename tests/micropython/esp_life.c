// An ESP board under CircuitPython: its module's two functions over the SDK's flash, on the stand-ins of both.
// esp_life FLASH IMAGE WRONG: the flash file is changed.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <common-hal/dualbank/__init__.h>
#include <esp_board.h>
#include <shared-bindings/dualbank/__init__.h>

#include "dualbank/bindings/micropython/dualbank/own_flash.h"

#define CHECK(truth)                                              \
  do {                                                            \
    if (!(truth)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth); \
      exit(1);                                                    \
    }                                                             \
  } while (0)

static const esp_partition_t partitions[] = {
    {ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_OTA, 0xD000, 0x2000, false},
    {ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_APP_OTA_0, 0x10000, 0x10000, false},
    {ESP_PARTITION_TYPE_APP, (esp_partition_subtype_t)(ESP_PARTITION_SUBTYPE_APP_OTA_0 + 1), 0x20000, 0x10000, false},
};

const mp_obj_type_t mp_type_RuntimeError;
static jmp_buf caller;
static char raised[400];

void mp_raise_msg_varg(const mp_obj_type_t* exc_type, const char* fmt, ...) {
  va_list arguments;
  CHECK(exc_type == &mp_type_RuntimeError);
  va_start(arguments, fmt);
  vsnprintf(raised, sizeof raised, fmt, arguments);
  va_end(arguments);
  longjmp(caller, 1);
}

// What a call raises; "" when it does not.
static const char* flash_raises(const void* bytes, size_t size, size_t offset) {
  raised[0] = '\0';
  if (setjmp(caller) == 0) common_hal_dualbank_flash(bytes, size, offset);
  return raised;
}
static const char* switch_raises(void) {
  raised[0] = '\0';
  if (setjmp(caller) == 0) common_hal_dualbank_switch();
  return raised;
}

static uint8_t* load(const char* path, uint32_t* size) {
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
  *size = (uint32_t)ftell(file);
  rewind(file);
  uint8_t* bytes = malloc(*size);
  CHECK(bytes != NULL && fread(bytes, 1, *size, file) == *size);
  fclose(file);
  return bytes;
}

int main(int count, char** words) {
  uint32_t size;
  uint32_t wrong_size;
  CHECK(count == 4);
  esp_board.bytes = load(words[1], &esp_board.size);
  const uint8_t* image = load(words[2], &size);
  const uint8_t* wrong = load(words[3], &wrong_size);
  esp_board.partitions = partitions;
  esp_board.partition_count = 3;
  esp_board.running = &partitions[1];

  esp_board.encrypted = true;
  CHECK(strstr(flash_raises(image, 1000, 0), "geometry is not supported") != NULL);
  esp_board.encrypted = false;

  CHECK(strstr(flash_raises(wrong, 1000, 0), "the image is for esp32s3") != NULL);
  CHECK(switch_raises()[0] != '\0');

  // As the scripts for the module send it, with and without an offset; a reload of the program between.
  uint32_t at = 0;
  for (; at < 6000; at += 1000) CHECK(flash_raises(image + at, 1000, 0)[0] == '\0');
  CHECK(strstr(switch_raises(), "not complete") != NULL);
  dualbank_reset();
  for (; at < 9000; at += 1000) CHECK(flash_raises(image + at, 1000, at)[0] == '\0');

  // An error of the flash costs what was only in memory, which switching tells; the same image once more is all it
  // takes.
  esp_board.worn = true;
  CHECK(strstr(flash_raises(image + at, 1000, at), "programming") != NULL);
  esp_board.worn = false;
  for (; at < size; at += 1000) CHECK(flash_raises(image + at, size - at < 1000 ? size - at : 1000, at)[0] == '\0');
  CHECK(strstr(switch_raises(), "not complete: from 8192") != NULL);
  CHECK(flash_raises(image, size, 0)[0] == '\0');
  CHECK(memcmp(esp_board.bytes + 0x20000, image, size) == 0);
  CHECK(switch_raises()[0] == '\0');

  // Where the table has a partition that the SDK does not give: nothing is written past it.
  dualbank_flash flash;
  dualbank_options options = dualbank_default_options();
  dualbank_own_flash(&flash, &options);
  CHECK(options.running_slot == 0 && options.chip_id == 5 && options.policy == DUALBANK_STOCK);
  CHECK(flash.program(flash.context, 0x8000, "", 1) == DUALBANK_FLASH_PROGRAM_FAILED);
  CHECK(flash.erase(flash.context, 0x9000, 0x1000) == DUALBANK_FLASH_ERASE_FAILED);
  CHECK(flash.program(flash.context, 0x10000, "", 1) == DUALBANK_FLASH_PROGRAM_FAILED);
  CHECK(flash.erase(flash.context, 0x2F000, 0x2000) == DUALBANK_FLASH_ERASE_FAILED);

  FILE* file = fopen(words[1], "wb");
  CHECK(file != NULL && fwrite(esp_board.bytes, 1, esp_board.size, file) == esp_board.size && fclose(file) == 0);
  return 0;
}
