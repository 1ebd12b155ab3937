/* Prints all that is known of a flash file as JSON: what dualbank_report() is for. usage: report FLASH [OVERWRITE_DRIVE] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualbank/bindings/c/dualbank_report.h"

typedef struct json {
  char closers[8];
  unsigned depth;
  bool follows; /* another member of the same */
} json;

static void print_text(const char* text) {
  putchar('"');
  for (; *text != '\0'; ++text) {
    if (*text == '"' || *text == '\\') putchar('\\');
    putchar(*text);
  }
  putchar('"');
}

static void begin(json* out, const char* brackets) {
  putchar(brackets[0]);
  out->closers[out->depth++] = brackets[1];
  out->follows = false;
}

static void print_item(void* context, const dualbank_item* item) {
  json* out = context;
  char sentence[320];
  if (item->kind == DUALBANK_ITEM_END) {
    putchar(out->closers[--out->depth]);
    out->follows = true;
    return;
  }
  if (out->follows) putchar(',');
  out->follows = true;
  if (item->name != NULL) {
    print_text(item->name);
    putchar(':');
  }
  switch (item->kind) {
    case DUALBANK_ITEM_BOOL:
      fputs(item->number != 0 ? "true" : "false", stdout);
      break;
    case DUALBANK_ITEM_NUMBER:
      printf("%lu", (unsigned long)item->number);
      break;
    case DUALBANK_ITEM_TEXT:
      print_text(item->text);
      break;
    case DUALBANK_ITEM_EVENT:
      print_text(dualbank_explain_what(item->event, sentence, sizeof sentence));
      break;
    case DUALBANK_ITEM_OBJECT:
      begin(out, "{}");
      break;
    case DUALBANK_ITEM_LIST:
      begin(out, "[]");
      break;
    default:
      fputs("null", stdout);
      break;
  }
}

static uint8_t* bytes;
static uint32_t size_bytes;

static dualbank_status read_bytes(void* context, uint32_t address, void* into, uint32_t size) {
  (void)context;
  if (address > size_bytes || size > size_bytes - address) return DUALBANK_FLASH_READ_FAILED;
  memcpy(into, bytes + address, size);
  return DUALBANK_OK;
}
static dualbank_status no_program(void* context, uint32_t address, const void* from, uint32_t size) {
  (void)context, (void)address, (void)from, (void)size;
  return DUALBANK_FLASH_PROGRAM_FAILED;
}
static dualbank_status no_erase(void* context, uint32_t address, uint32_t size) {
  (void)context, (void)address, (void)size;
  return DUALBANK_FLASH_ERASE_FAILED;
}

int main(int count, char** words) {
  static dualbank_updater updater;
  static uint8_t buffer[4096];
  dualbank_flash flash = {.read = read_bytes, .program = no_program, .erase = no_erase};
  dualbank_options options = dualbank_default_options();
  dualbank_report_terms terms = {.overwrite_drive = count > 2};
  json out = {.follows = false};
  dualbank_event event;
  FILE* file = count > 1 ? fopen(words[1], "rb") : NULL;
  if (file == NULL) return 2;
  fseek(file, 0, SEEK_END);
  size_bytes = (uint32_t)ftell(file);
  bytes = malloc(size_bytes);
  rewind(file);
  if (bytes == NULL || fread(bytes, 1, size_bytes, file) != size_bytes) return 2;
  fclose(file);
  flash.size_bytes = size_bytes;
  options.read_only = true;
  (void)dualbank_open(&updater, &flash, &options);
  event = dualbank_last_event(&updater);
  if (event.code != DUALBANK_OK && event.code < 200) terms.refusal = &event;
  dualbank_report(&updater, &terms, buffer, sizeof buffer, print_item, &out);
  free(bytes);
  return out.depth == 0 ? 0 : 1;
}
