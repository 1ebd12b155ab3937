// The module `dualbank` for MicroPython and CircuitPython: the functions of the CPython package's module, on the
// board's own flash where its port has one, else on a block device.
#include <py/objint.h>
#include <py/runtime.h>

#include "dualbank/bindings/micropython/dualbank/board.h"
#include "dualbank/bindings/micropython/dualbank/own_flash.h"

// ---- arguments

static mp_buffer_info_t buffer_of(mp_obj_t object) {
  if (mp_obj_is_str(object)) {  // a buffer to this interpreter, not to CPython
    mp_raise_msg_varg(&mp_type_TypeError, MP_ERROR_TEXT("%s"), "a bytes-like object is required, not 'str'");
  }
  mp_buffer_info_t info;
  mp_get_buffer_raise(object, &info, MP_BUFFER_READ);
  return info;
}

static uint32_t parse_u32(mp_obj_t object, const char* name) {
  // Where small integers have 31 bits, those above are still to be taken.
  const bool large = mp_obj_is_int(object) && !mp_obj_is_small_int(object);
  const mp_int_t value = large ? mp_obj_int_sign(object) : mp_obj_get_int(object);
  if (value < 0) mp_raise_msg_varg(&mp_type_ValueError, MP_ERROR_TEXT("%s must be >= 0"), name);
  const bool fits = large
                        ? mp_binary_op(MP_BINARY_OP_LESS, object, mp_obj_new_int_from_ull(1ull << 32)) == mp_const_true
                        : (unsigned long long)value <= UINT32_MAX;
  if (!fits) mp_raise_msg_varg(&mp_type_OverflowError, MP_ERROR_TEXT("%s must be below 2**32"), name);
  return large ? (uint32_t)mp_obj_get_int_truncated(object) : (uint32_t)value;
}

// ---- verbs

static mp_obj_t dualbank_flash_verb(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  static const mp_arg_t allowed[] = {
      {MP_QSTR_buffer, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
      {MP_QSTR_offset, MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
  };
  mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
  mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
  const mp_buffer_info_t bytes = buffer_of(arguments[0].u_obj);
  const bool appends = arguments[1].u_obj == MP_OBJ_NULL;
  const uint32_t offset = appends ? 0 : parse_u32(arguments[1].u_obj, "offset");
  dualbank_board_t* board = dualbank_begin_on_slot();
  return dualbank_answer(board, appends ? dualbank_flash_next(&board->updater, bytes.buf, bytes.len)
                                        : dualbank_flash_at(&board->updater, bytes.buf, bytes.len, offset));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(flash_obj, 0, dualbank_flash_verb);

static mp_obj_t dualbank_begin_verb(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  static const mp_arg_t allowed[] = {
      {MP_QSTR_identity, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_bytes_obj)}},
      {MP_QSTR_length, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
      {MP_QSTR_header, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_PTR(&mp_const_empty_bytes_obj)}},
  };
  mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
  mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
  const mp_buffer_info_t identity = buffer_of(arguments[0].u_obj);
  const mp_buffer_info_t header = buffer_of(arguments[2].u_obj);
  const mp_obj_t length = arguments[1].u_obj;
  const uint32_t length_bytes = length == mp_const_none ? DUALBANK_UNKNOWN_LENGTH : parse_u32(length, "length");
  dualbank_board_t* board = dualbank_begin_on_slot();
  return dualbank_answer(
      board, dualbank_begin(&board->updater, identity.buf, identity.len, length_bytes, header.buf, header.len));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(begin_obj, 0, dualbank_begin_verb);

static dualbank_slot parse_only_slot(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  static const mp_arg_t allowed[] = {{MP_QSTR_slot, MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}}};
  mp_arg_val_t argument;
  mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, &argument);
  return dualbank_parse_slot(argument.u_obj);
}

static mp_obj_t dualbank_switch_verb(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  const dualbank_slot slot = parse_only_slot(count, positional, keywords);
  dualbank_board_t* board = dualbank_begin_on_slot();
  return dualbank_answer(board, slot == DUALBANK_SLOT_UNKNOWN ? dualbank_switch(&board->updater)
                                                              : dualbank_switch_to(&board->updater, slot));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(switch_obj, 0, dualbank_switch_verb);

static mp_obj_t dualbank_rollback_verb(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  const dualbank_slot slot = parse_only_slot(count, positional, keywords);
  dualbank_board_t* board = dualbank_begin_on_slot();
  return dualbank_answer(board, slot == DUALBANK_SLOT_UNKNOWN ? dualbank_rollback(&board->updater)
                                                              : dualbank_rollback_to(&board->updater, slot));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(rollback_obj, 0, dualbank_rollback_verb);

static mp_obj_t dualbank_confirm_verb(void) {
  dualbank_board_t* board = dualbank_begin_on_board();
  return dualbank_answer(board, dualbank_confirm(&board->updater));
}
static MP_DEFINE_CONST_FUN_OBJ_0(confirm_obj, dualbank_confirm_verb);

static mp_obj_t dualbank_boot_guard_verb(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  static const mp_arg_t allowed[] = {{MP_QSTR_most_boots, MP_ARG_INT, {.u_int = 3}}};
  mp_arg_val_t most_boots;
  mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, &most_boots);
  if (most_boots.u_int < 0 || most_boots.u_int > 255) {
    mp_raise_msg_varg(&mp_type_OverflowError, MP_ERROR_TEXT("%s"), "most_boots must be from 0 to 255");
  }
  dualbank_board_t* board = dualbank_begin_on_board();
  return dualbank_answer(board, dualbank_boot_guard(&board->updater, (uint8_t)most_boots.u_int));
}
static MP_DEFINE_CONST_FUN_OBJ_KW(boot_guard_obj, 0, dualbank_boot_guard_verb);

static mp_obj_t dualbank_abandon_verb(void) {
  dualbank_board_t* board = dualbank_begin_on_slot();
  return dualbank_answer(board, dualbank_abandon(&board->updater));
}
static MP_DEFINE_CONST_FUN_OBJ_0(abandon_obj, dualbank_abandon_verb);

// ---- looking

static mp_obj_t dualbank_status_verb(void) { return dualbank_status_report(dualbank_board_open()); }
static MP_DEFINE_CONST_FUN_OBJ_0(status_obj, dualbank_status_verb);

static mp_obj_t dualbank_missing_verb(void) { return dualbank_missing_report(dualbank_board_to_update()); }
static MP_DEFINE_CONST_FUN_OBJ_0(missing_obj, dualbank_missing_verb);

// ---- which flash

// Keeps what was partly received; the board is given up also when that fails.
static void close_board(void) {
  dualbank_board_t* board = dualbank_board_now();
  if (board == NULL) return;
  if (board->busy) dualbank_board_open();
  dualbank_board_keep(NULL);
  if (!board->open || board->refusal.code != DUALBANK_OK) return;
  dualbank_engine_begins(board);
  dualbank_answer(board, dualbank_pause(&board->updater));
}

static dualbank_board_t* own_board(void) {
#if DUALBANK_HAS_OWN_FLASH
  dualbank_board_t* board = dualbank_board_new();
  dualbank_own_flash(&board->flash, &board->options);
  return board;
#else
  return NULL;
#endif
}

static mp_obj_t dualbank_use(size_t count, const mp_obj_t* positional, mp_map_t* keywords) {
  enum { kDevice, kTableOffset, kPolicy, kRunning, kForce, kAllowForeign, kOverwriteDrive };
  static const mp_arg_t allowed[] = {
      {MP_QSTR_device, MP_ARG_REQUIRED | MP_ARG_OBJ, {.u_obj = MP_OBJ_NULL}},
      {MP_QSTR_table_offset, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
      {MP_QSTR_policy, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
      {MP_QSTR_running, MP_ARG_KW_ONLY | MP_ARG_OBJ, {.u_rom_obj = MP_ROM_NONE}},
      {MP_QSTR_force, MP_ARG_KW_ONLY | MP_ARG_BOOL, {.u_bool = false}},
      {MP_QSTR_allow_foreign, MP_ARG_KW_ONLY | MP_ARG_BOOL, {.u_bool = false}},
      {MP_QSTR_overwrite_drive, MP_ARG_KW_ONLY | MP_ARG_BOOL, {.u_bool = false}},
  };
  mp_arg_val_t arguments[MP_ARRAY_SIZE(allowed)];
  mp_arg_parse_all(count, positional, keywords, MP_ARRAY_SIZE(allowed), allowed, arguments);
  const mp_obj_t device = arguments[kDevice].u_obj;
  const bool has_table = arguments[kTableOffset].u_obj != mp_const_none;
  const uint32_t table_offset = has_table ? parse_u32(arguments[kTableOffset].u_obj, "table_offset") : 0;
  const bool has_policy = arguments[kPolicy].u_obj != mp_const_none;
  const dualbank_policy policy = has_policy ? dualbank_parse_policy(arguments[kPolicy].u_obj) : DUALBANK_STOCK;
  const dualbank_slot running = dualbank_parse_slot(arguments[kRunning].u_obj);
  close_board();
  if (device == mp_const_none && !DUALBANK_HAS_OWN_FLASH) return mp_const_none;
  dualbank_board_t* board = device == mp_const_none ? own_board() : dualbank_board_new();
  if (device != mp_const_none) dualbank_use_block_device(board, device, has_table, table_offset);
  if (has_policy) board->options.policy = policy;
  if (running != DUALBANK_SLOT_UNKNOWN) board->options.running_slot = running;
  board->options.allow_unconfirmed = arguments[kForce].u_bool;
  board->options.allow_foreign = arguments[kAllowForeign].u_bool;
  board->overwrite_drive = arguments[kOverwriteDrive].u_bool;
  dualbank_board_start(board);
  dualbank_board_keep(board);
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_KW(use_obj, 0, dualbank_use);

// The first import in each interpreter: nothing of an earlier one's heap may be touched.
static mp_obj_t dualbank_init(void) {
  dualbank_board_keep(own_board());
  return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(init_obj, dualbank_init);

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_dualbank)},
    {MP_ROM_QSTR(MP_QSTR___init__), MP_ROM_PTR(&init_obj)},
    {MP_ROM_QSTR(MP_QSTR_Error), MP_ROM_PTR(&dualbank_error_type)},
    {MP_ROM_QSTR(MP_QSTR_abandon), MP_ROM_PTR(&abandon_obj)},
    {MP_ROM_QSTR(MP_QSTR_begin), MP_ROM_PTR(&begin_obj)},
    {MP_ROM_QSTR(MP_QSTR_boot_guard), MP_ROM_PTR(&boot_guard_obj)},
    {MP_ROM_QSTR(MP_QSTR_confirm), MP_ROM_PTR(&confirm_obj)},
    {MP_ROM_QSTR(MP_QSTR_flash), MP_ROM_PTR(&flash_obj)},
    {MP_ROM_QSTR(MP_QSTR_missing), MP_ROM_PTR(&missing_obj)},
    {MP_ROM_QSTR(MP_QSTR_rollback), MP_ROM_PTR(&rollback_obj)},
    {MP_ROM_QSTR(MP_QSTR_status), MP_ROM_PTR(&status_obj)},
    {MP_ROM_QSTR(MP_QSTR_switch), MP_ROM_PTR(&switch_obj)},
    {MP_ROM_QSTR(MP_QSTR_use), MP_ROM_PTR(&use_obj)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t dualbank_user_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t*)&globals,
};

MP_REGISTER_MODULE(MP_QSTR_dualbank, dualbank_user_module);
