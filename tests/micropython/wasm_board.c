/* One board in WebAssembly: the C interface on a flash that JavaScript reaches. */
#include "dualbank/bindings/c/dualbank.h"

__attribute__((import_module("flash"), import_name("read"))) dualbank_status flash_read(uint32_t, void*, uint32_t);
__attribute__((import_module("flash"), import_name("program"))) dualbank_status flash_program(uint32_t, const void*,
                                                                                              uint32_t);
__attribute__((import_module("flash"), import_name("erase"))) dualbank_status flash_erase(uint32_t, uint32_t);

dualbank_updater board_updater;
uint8_t board_buffer[256 * 1024];
static uint8_t workspace[4096];
static dualbank_range gaps[32];
static dualbank_flash flash;

static dualbank_status read_flash(void* context, uint32_t address, void* into, uint32_t size) {
  (void)context;
  return flash_read(address, into, size);
}
static dualbank_status program(void* context, uint32_t address, const void* bytes, uint32_t size) {
  (void)context;
  return flash_program(address, bytes, size);
}
static dualbank_status erase(void* context, uint32_t address, uint32_t size) {
  (void)context;
  return flash_erase(address, size);
}

/* table_offset 0: none, two slots for data. */
dualbank_status board_open(uint32_t size_bytes, uint32_t block_bytes, uint32_t table_offset, int policy, int running,
                           int force, int allow_foreign) {
  const dualbank_layout layout = dualbank_data_layout(size_bytes, block_bytes);
  dualbank_options options = dualbank_default_options();
  options.workspace = workspace;
  options.workspace_bytes = sizeof workspace;
  options.gaps = gaps;
  options.gap_count = sizeof gaps / sizeof gaps[0];
  options.policy = (dualbank_policy)policy;
  options.running_slot = (dualbank_slot)running;
  options.allow_unconfirmed = force != 0;
  options.allow_foreign = allow_foreign != 0;
  if (table_offset != 0) options.table_offset = table_offset;
  if (table_offset == 0) options.layout = &layout;
  flash = (dualbank_flash){
      .read = read_flash, .program = program, .erase = erase, .size_bytes = size_bytes, .erase_units = block_bytes};
  return dualbank_open(&board_updater, &flash, &options);
}
