// Stand-in, see ../README.md.
#pragma once

#include <py/obj.h>

#define MP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MP_ERROR_TEXT(text) (text)

typedef union _mp_arg_val_t {
  bool u_bool;
  mp_int_t u_int;
  mp_obj_t u_obj;
  mp_rom_obj_t u_rom_obj;
} mp_arg_val_t;
typedef struct _mp_arg_t {
  uint16_t qst;
  uint16_t flags;
  mp_arg_val_t defval;
} mp_arg_t;
enum { MP_ARG_BOOL = 1, MP_ARG_INT = 2, MP_ARG_OBJ = 3, MP_ARG_REQUIRED = 0x100, MP_ARG_KW_ONLY = 0x200 };
void mp_arg_parse_all(size_t n_pos, const mp_obj_t* pos, mp_map_t* kws, size_t n_allowed, const mp_arg_t* allowed,
                      mp_arg_val_t* out_vals);

// Jumps, and skips what C++ would do on the way.
typedef struct _nlr_buf_t {
  void* ret_val;
  void* registers[16];
} nlr_buf_t;
unsigned int nlr_push(nlr_buf_t* nlr) __attribute__((returns_twice));
void nlr_pop(void);
__attribute__((noreturn)) void nlr_raise(mp_obj_t exc);
__attribute__((noreturn, format(printf, 2, 3))) void mp_raise_msg_varg(const mp_obj_type_t* exc_type, const char* fmt,
                                                                       ...);

typedef enum { MP_BINARY_OP_LESS } mp_binary_op_t;
mp_obj_t mp_binary_op(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs);
void mp_load_method(mp_obj_t base, qstr attr, mp_obj_t* dest);
mp_obj_t mp_call_method_n_kw(size_t n_args, size_t n_kw, const mp_obj_t* args);
void mp_handle_pending(bool raise_exc);

void* m_malloc(size_t num_bytes);
#define m_new(type, num) ((type*)m_malloc(sizeof(type) * (num)))
#define m_new_obj(type) (m_new(type, 1))

// The root pointer that board.c registers: a port's build puts it there.
struct _dualbank_board_t;
extern struct _mp_state_vm_t {
  struct _dualbank_board_t* dualbank_board;
} mp_state_vm;
#define MP_STATE_VM(x) (mp_state_vm.x)
