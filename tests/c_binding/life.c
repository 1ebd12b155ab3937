/* A device's life in C, on a flash file in memory: update in any order, pause, cuts, switch, confirm, rollback. Uses
 * dualbank.h and nothing else of dualbank. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualbank/bindings/c/dualbank.h"

#define CHECK(truth)                                                    \
  do {                                                                  \
    if (!(truth)) {                                                     \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth);       \
      exit(1);                                                          \
    }                                                                   \
  } while (0)

typedef struct ram {
  uint8_t* bytes;
  uint32_t size;
  long operations_left; /* then the power goes; below 0: it stays */
  uint32_t operations;
  uint32_t largest_erase;
} ram;

static bool goes_on(ram* chip) {
  if (chip->operations_left == 0) return false;
  if (chip->operations_left > 0) --chip->operations_left;
  ++chip->operations;
  return true;
}
static dualbank_status ram_read(void* context, uint32_t address, void* into, uint32_t size) {
  const ram* chip = (const ram*)context;
  memcpy(into, chip->bytes + address, size);
  return DUALBANK_OK;
}
static dualbank_status ram_program(void* context, uint32_t address, const void* bytes, uint32_t size) {
  ram* chip = (ram*)context;
  uint32_t i;
  if (!goes_on(chip)) return DUALBANK_POWER_LOST;
  for (i = 0; i < size; ++i) chip->bytes[address + i] &= ((const uint8_t*)bytes)[i];
  return DUALBANK_OK;
}
static dualbank_status ram_erase(void* context, uint32_t address, uint32_t size) {
  ram* chip = (ram*)context;
  if (!goes_on(chip)) return DUALBANK_POWER_LOST;
  memset(chip->bytes + address, 0xFF, size);
  if (size > chip->largest_erase) chip->largest_erase = size;
  return DUALBANK_OK;
}

static uint8_t* load(const char* path, uint32_t* size) {
  FILE* file = fopen(path, "rb");
  uint8_t* bytes;
  CHECK(file != NULL);
  CHECK(fseek(file, 0, SEEK_END) == 0);
  *size = (uint32_t)ftell(file);
  rewind(file);
  bytes = (uint8_t*)malloc(*size);
  CHECK(bytes != NULL && fread(bytes, 1, *size, file) == *size);
  fclose(file);
  return bytes;
}

static void say(const dualbank_updater* updater) {
  char text[200];
  const dualbank_event event = dualbank_last_event(updater);
  puts(dualbank_explain(&event, text, sizeof text));
}

static dualbank_status send(dualbank_updater* updater, const uint8_t* image, uint32_t size) {
  dualbank_status status = dualbank_begin(updater, "2.0", 3, size, image, size < 512 ? size : 512);
  dualbank_range gap = dualbank_next_missing(updater, 0);
  while (status == DUALBANK_OK && gap.from != gap.to) {
    const uint32_t piece = gap.to - gap.from < 1000 ? gap.to - gap.from : 1000;
    status = dualbank_flash_at(updater, image + gap.from, piece, gap.from);
    gap = dualbank_next_missing(updater, 0);
  }
  return status;
}

/* Prints what the command's status --json says too. */
static void look(dualbank_updater* updater) {
  static uint8_t buffer[4096];
  static dualbank_image image;
  dualbank_drive drive;
  dualbank_slot slot;
  char name[5];
  const dualbank_next_boot next = dualbank_predict_boot(updater, buffer, sizeof buffer);
  CHECK(dualbank_slot_count(updater) == 2 && dualbank_extent_of(updater, 2).size_bytes == 0);
  for (slot = 0; slot < 2; ++slot) {
    const dualbank_extent at = dualbank_extent_of(updater, slot);
    const dualbank_record record = dualbank_record_of(updater, slot);
    CHECK(dualbank_look_at_image(updater, slot, buffer, sizeof buffer, &image).code == DUALBANK_OK && image.found);
    CHECK(image.has_descriptor && image.has_hash);
    printf("slot %lu %lu %s %s %lu %u %lu %02x %lu %s\n", (unsigned long)at.offset, (unsigned long)at.size_bytes,
           image.version, dualbank_chip_name(image.chip_id), (unsigned long)image.length_bytes, image.segment_count,
           (unsigned long)image.entry_address, image.sha256[31], (unsigned long)record.seq,
           dualbank_state_name(record.state));
  }
  printf("next %d %s\n", next.slot, next.reason);
  CHECK(dualbank_look_at_drive(updater, &drive).code == DUALBANK_OK && drive.state == DUALBANK_DRIVE_NOT_EXTENDED);
  CHECK(drive.partition.size_bytes != 0 && drive.slot == DUALBANK_SLOT_NONE);
  CHECK(dualbank_look_at_drive(updater, NULL).code == DUALBANK_OK);
  CHECK(dualbank_value_count(81) == 2 && dualbank_value_name(81, 0, name, sizeof name) == DUALBANK_VALUE_CHIP);
  CHECK(strcmp(name, "imag") == 0 && dualbank_chip_name(0x10005) == NULL);
}

static void names(void) {
  static const dualbank_slot no_slots[] = {16, 17, 127, -3, DUALBANK_SLOT_NONE, DUALBANK_SLOT_UNKNOWN, -128};
  static const char* const no_names[] = {"", "ota_", "ota_16", "ota_01", "OTA_0", "ota_0 ", "factor"};
  size_t i;
  int slot;
  for (slot = -2; slot < 16; ++slot) {
    const char* name = dualbank_slot_name((dualbank_slot)slot);
    CHECK(name != NULL && dualbank_slot_named(name) == slot);
  }
  CHECK(strcmp(dualbank_slot_name(12), "ota_12") == 0 && strcmp(dualbank_slot_name(-1), "factory") == 0);
  CHECK(strcmp(dualbank_slot_name(DUALBANK_SLOT_TEST), "test") == 0);
  for (i = 0; i < sizeof no_slots / sizeof no_slots[0]; ++i) CHECK(dualbank_slot_name(no_slots[i]) == NULL);
  for (i = 0; i < sizeof no_names / sizeof no_names[0]; ++i) CHECK(dualbank_slot_named(no_names[i]) == DUALBANK_SLOT_NONE);
  CHECK(strcmp(dualbank_policy_name(DUALBANK_STOCK), "stock") == 0);
  CHECK(strcmp(dualbank_policy_name(DUALBANK_STOCK_ROLLBACK), "stock-rollback") == 0);
  CHECK(strcmp(dualbank_policy_name(DUALBANK_OWN), "dualbank") == 0 && dualbank_policy_name((dualbank_policy)3) == NULL);
  CHECK(dualbank_policy_named("stock-rollback") == DUALBANK_STOCK_ROLLBACK && dualbank_policy_named("stoc") == -1);
  CHECK(dualbank_policy_named("dualbank") == DUALBANK_OWN && dualbank_policy_named("") == -1);
  CHECK(strcmp(dualbank_value_word(DUALBANK_VALUE_CHIP, 5), "esp32c3") == 0);
  CHECK(strcmp(dualbank_value_word(DUALBANK_VALUE_SLOT, (uint32_t)DUALBANK_SLOT_FACTORY), "factory") == 0);
  CHECK(strcmp(dualbank_value_word(DUALBANK_VALUE_STATE, 2), "valid") == 0);
  CHECK(dualbank_value_word(DUALBANK_VALUE_SLOT, (uint32_t)DUALBANK_SLOT_NONE) == NULL);
  CHECK(dualbank_value_word(DUALBANK_VALUE_SIZE, 5) == NULL);
}

static void data_layout(void) {
  static const uint32_t sizes[][4] = {/* of the flash, of a sector, where the slots begin, of each */
                                      {65536, 4096, 8192, 28672}, {65536, 256, 8192, 28672}, {200000, 4096, 8192, 94208},
                                      {131072, 16384, 32768, 49152}, {8192, 4096, 8192, 0}, {4096, 4096, 8192, 0}};
  size_t i;
  for (i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    const dualbank_layout layout = dualbank_data_layout(sizes[i][0], sizes[i][1]);
    CHECK(layout.slot_count == 2 && layout.otadata.offset == 0 && layout.otadata.size_bytes == sizes[i][2]);
    CHECK(layout.slots[0].offset == sizes[i][2] && layout.slots[0].size_bytes == sizes[i][3]);
    CHECK(layout.slots[1].offset == sizes[i][2] + sizes[i][3] && layout.slots[1].size_bytes == sizes[i][3]);
  }
}

/* A byte of an image that the power or the flash spoiled. */
static void look_at_damage(dualbank_updater* updater, ram* chip) {
  static uint8_t small[64];
  static dualbank_image image;
  dualbank_event event;
  char text[200];
  const dualbank_extent at = dualbank_extent_of(updater, 0);
  uint8_t* byte = chip->bytes + at.offset + 5000;
  *byte ^= 1;
  event = dualbank_look_at_image(updater, 0, small, sizeof small, &image);
  CHECK(strcmp(dualbank_status_name(event.code), "image_checksum_mismatch") == 0);
  CHECK(image.found && image.has_descriptor && !image.has_hash && image.length_bytes == DUALBANK_UNKNOWN_LENGTH);
  CHECK(strcmp(image.version, "1.0") == 0);
  CHECK(dualbank_explain_cure(&event, text, sizeof text)[0] != '\0');
  CHECK(strstr(dualbank_explain_what(&event, text, sizeof text), "checksum") != NULL && strchr(text, ':') == NULL);
  *byte ^= 1;
}

/* Blocks where they cost less, none that takes longer than is allowed, and none at all for what is blank or right. */
static void erase_what_is_needed(ram* chip, const uint8_t* image, uint32_t size) {
  static dualbank_updater updater;
  dualbank_flash flash = {0};
  dualbank_options options = dualbank_default_options();
  int manner;
  flash.context = chip;
  flash.read = ram_read;
  flash.program = ram_program;
  flash.erase = ram_erase;
  flash.size_bytes = chip->size;
  flash.erase_units = 0x11000;
  flash.erase_ms[0] = 45;
  flash.erase_ms[1] = 46;
  options.running_slot = 0;
  for (manner = 0; manner < 5; ++manner) {
    const uint32_t largest[] = {0x10000, 4096, 4096, 0x10000, 0};
    options.longest_erase_ms = manner == 1 ? 45 : 0;
    options.likeness = manner == 2 ? DUALBANK_SIMILAR : DUALBANK_DIFFERENT;
    options.trust_blank = manner == 4;
    CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK);
    memset(chip->bytes + dualbank_extent_of(&updater, 1).offset, manner == 4 ? 0xFF : 0x55, 0x10000);
    CHECK(dualbank_begin(&updater, "2.0", 3, size, image, 512) == DUALBANK_OK);
    chip->largest_erase = 0;
    CHECK(dualbank_flash_at(&updater, image, size, 0) == DUALBANK_OK && chip->largest_erase == largest[manner]);
    CHECK(dualbank_abandon(&updater) == DUALBANK_OK);
  }
  options.likeness = (dualbank_likeness)3;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_BAD_ARGUMENT);
  CHECK(dualbank_last_event(&updater).values[0] == 4);
}

static uint32_t calls_between;
static bool count_calls(void* context, uint32_t done, uint32_t total) {
  (void)context;
  ++calls_between;
  return done <= total;
}

int main(int count, char** words) {
  static dualbank_updater updater;
  static uint8_t workspace[4096];
  static dualbank_range gaps[16];
  ram chip = {0};
  dualbank_flash flash = {0};
  dualbank_options options = dualbank_default_options();
  uint32_t image_size;
  uint8_t* image;
  uint8_t* start;
  uint32_t whole;
  long cut;
  FILE* out;

  CHECK(count == 3);
  chip.bytes = load(words[1], &chip.size);
  chip.operations_left = -1;
  image = load(words[2], &image_size);
  CHECK(image_size > 9000);
  CHECK(dualbank_c_version_fits());
  names();
  data_layout();

  /* Refused before anything else is looked at. */
  CHECK(dualbank_confirm(&updater) == DUALBANK_NOT_OPEN);
  CHECK(dualbank_status_of(&updater).running_slot == DUALBANK_SLOT_NONE);
  CHECK(dualbank_slot_count(&updater) == 0 && dualbank_extent_of(&updater, 0).size_bytes == 0);
  CHECK(dualbank_look_at_drive(&updater, NULL).code == DUALBANK_NOT_OPEN);
  CHECK(dualbank_predict_boot(&updater, NULL, 0).slot == DUALBANK_SLOT_NONE);
  CHECK(dualbank_record_of(&updater, 0).seq == 0);
  CHECK(dualbank_open(&updater, &flash, NULL) == DUALBANK_BAD_ARGUMENT && dualbank_last_event(&updater).values[0] == 1);
  flash.context = &chip;
  flash.read = ram_read;
  flash.program = ram_program;
  flash.erase = ram_erase;
  CHECK(dualbank_open(&updater, &flash, NULL) == DUALBANK_BAD_ARGUMENT && dualbank_last_event(&updater).values[0] == 2);
  flash.size_bytes = chip.size;
  CHECK(strcmp(dualbank_status_name(DUALBANK_BAD_ARGUMENT), "bad_argument") == 0);
  CHECK(dualbank_explain(NULL, NULL, 0)[0] == '\0');

  options.workspace = workspace;
  options.workspace_bytes = sizeof workspace;
  options.gaps = gaps;
  options.gap_count = sizeof gaps / sizeof gaps[0];
  options.between_units = count_calls;
  options.running_slot = 0;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK);
  say(&updater);
  CHECK(dualbank_status_of(&updater).next_update_slot == 1 && chip.operations == 0);
  CHECK(dualbank_can_rollback(&updater) == DUALBANK_CANNOT);

  /* A part, the later bytes first; a planned stop; the rest. */
  CHECK(dualbank_begin(&updater, NULL, 0, image_size, image, 512) == DUALBANK_OK);
  CHECK(dualbank_flash_at(&updater, image + 4096, 4096, 4096) == DUALBANK_OK);
  CHECK(dualbank_flash_at(&updater, image, 1000, 0) == DUALBANK_OK);
  CHECK(dualbank_flash_next(&updater, image + 1000, 500) == DUALBANK_OK);
  CHECK(dualbank_pause(&updater) == DUALBANK_OK && calls_between > 0);
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK);
  CHECK(dualbank_length_known(&updater) && dualbank_status_of(&updater).update_active);
  CHECK(dualbank_next_missing(&updater, 0).from == 1500 && dualbank_next_missing(&updater, 0).to == 4096);
  CHECK(dualbank_next_missing(&updater, 4096).from == 8192);
  CHECK(dualbank_switch(&updater) != DUALBANK_OK);
  say(&updater);
  CHECK(dualbank_abandon(&updater) == DUALBANK_OK && !dualbank_status_of(&updater).update_active);

  start = (uint8_t*)malloc(chip.size);
  CHECK(start != NULL);
  memcpy(start, chip.bytes, chip.size);
  erase_what_is_needed(&chip, image, image_size);
  memcpy(chip.bytes, start, chip.size);

  /* All of it, and the power goes after each operation once: what it was called for comes to its end after all. */
  chip.operations = 0;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK && send(&updater, image, image_size) == DUALBANK_OK);
  CHECK(dualbank_switch(&updater) == DUALBANK_OK);
  whole = chip.operations;
  for (cut = 0; cut < (long)whole; ++cut) {
    dualbank_status status;
    memcpy(chip.bytes, start, chip.size);
    chip.operations_left = cut;
    status = dualbank_open(&updater, &flash, &options);
    if (status == DUALBANK_OK) status = send(&updater, image, image_size);
    if (status == DUALBANK_OK) status = dualbank_switch(&updater);
    CHECK(status == DUALBANK_POWER_LOST && dualbank_last_event(&updater).code == DUALBANK_POWER_LOST);
    chip.operations_left = -1;
    CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK);
    if (dualbank_status_of(&updater).boot_slot == 1) continue; /* the switch was as good as made */
    CHECK(send(&updater, image, image_size) == DUALBANK_OK && dualbank_switch(&updater) == DUALBANK_OK);
  }
  printf("%lu cuts\n", (unsigned long)whole);
  say(&updater);

  /* It boots, on trial; goes back; comes again and stays. */
  options.running_slot = 1;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK && dualbank_status_of(&updater).on_trial);
  CHECK(dualbank_boot_guard(&updater, 3) == DUALBANK_OK && dualbank_status_of(&updater).trial_boots == 1);
  CHECK(dualbank_rollback(&updater) == DUALBANK_OK && dualbank_status_of(&updater).boot_slot == 0);
  options.running_slot = 0;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK && dualbank_switch_to(&updater, 1) == DUALBANK_OK);
  options.running_slot = 1;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK && dualbank_confirm(&updater) == DUALBANK_OK);
  say(&updater);
  CHECK(!dualbank_status_of(&updater).on_trial);

  look(&updater);
  look_at_damage(&updater, &chip);

  options.read_only = true;
  CHECK(dualbank_open(&updater, &flash, &options) == DUALBANK_OK && dualbank_rollback(&updater) == DUALBANK_READ_ONLY);

  out = fopen(words[1], "wb");
  CHECK(out != NULL && fwrite(chip.bytes, 1, chip.size, out) == chip.size && fclose(out) == 0);
  free(start);
  free(image);
  free(chip.bytes);
  return 0;
}
