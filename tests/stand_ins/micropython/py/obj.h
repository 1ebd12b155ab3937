// Stand-in, see ../README.md.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <qstrs.h>

#define MICROPY_MODULE_BUILTIN_INIT (1)

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef size_t qstr;
#define MP_QSTRnull 0
qstr qstr_from_str(const char* str);
typedef void* mp_obj_t;
typedef const void* mp_const_obj_t;
typedef mp_const_obj_t mp_rom_obj_t;

typedef struct _mp_obj_type_t mp_obj_type_t;
typedef struct _mp_obj_base_t {
  const mp_obj_type_t* type;
} mp_obj_base_t;
typedef struct _mp_print_t mp_print_t;
typedef enum { PRINT_STR, PRINT_REPR } mp_print_kind_t;
typedef struct _mp_map_t mp_map_t;

typedef mp_obj_t (*mp_make_new_fun_t)(const mp_obj_type_t* type, size_t n_args, size_t n_kw, const mp_obj_t* args);
typedef void (*mp_print_fun_t)(const mp_print_t* print, mp_obj_t o, mp_print_kind_t kind);
typedef void (*mp_attr_fun_t)(mp_obj_t self_in, qstr attr, mp_obj_t* dest);
struct _mp_obj_type_t {
  mp_obj_base_t base;
  qstr name;
  mp_make_new_fun_t make_new;
  mp_print_fun_t print;
  mp_attr_fun_t attr;
  const mp_obj_type_t* parent;
};
#define MP_TYPE_FLAG_NONE (0)
#define MP_DEFINE_CONST_OBJ_TYPE(name_, qstr_, flags_, slot1_, value1_, slot2_, value2_, slot3_, value3_, slot4_, \
                                 value4_)                                                                         \
  const mp_obj_type_t name_ = {                                                                                   \
      .name = (qstr_) + (flags_), .slot1_ = value1_, .slot2_ = value2_, .slot3_ = value3_, .slot4_ = value4_}

#define MP_OBJ_NULL ((mp_obj_t)0)
#define MP_OBJ_NEW_SMALL_INT(n) ((mp_obj_t)((((mp_uint_t)(n)) << 1) | 1))
#define MP_OBJ_NEW_QSTR(q) ((mp_obj_t)((((mp_uint_t)(q)) << 3) | 2))
#define MP_OBJ_FROM_PTR(p) ((mp_obj_t)(p))
#define MP_OBJ_TO_PTR(o) ((void*)(o))
#define MP_ROM_QSTR(q) ((mp_rom_obj_t)((((mp_uint_t)(q)) << 3) | 2))
#define MP_ROM_PTR(p) (p)
#define MP_ROM_NONE (&mp_const_none_obj)

extern const struct _mp_obj_none_t mp_const_none_obj;
extern const struct _mp_obj_bool_t mp_const_true_obj;
extern const struct _mp_obj_str_t mp_const_empty_bytes_obj;
#define mp_const_none ((mp_obj_t)(uintptr_t)&mp_const_none_obj)
#define mp_const_true ((mp_obj_t)(uintptr_t)&mp_const_true_obj)

extern const mp_obj_type_t mp_type_bytearray;
extern const mp_obj_type_t mp_type_module;
extern const mp_obj_type_t mp_type_OverflowError;
extern const mp_obj_type_t mp_type_RuntimeError;
extern const mp_obj_type_t mp_type_TypeError;
extern const mp_obj_type_t mp_type_ValueError;

typedef struct _mp_buffer_info_t {
  void* buf;
  size_t len;
  int typecode;
} mp_buffer_info_t;
#define MP_BUFFER_READ (1)
void mp_get_buffer_raise(mp_obj_t obj, mp_buffer_info_t* bufinfo, mp_uint_t flags);

const mp_obj_type_t* mp_obj_get_type(mp_const_obj_t o_in);
bool mp_obj_is_str(mp_const_obj_t o);
bool mp_obj_is_int(mp_const_obj_t o);
bool mp_obj_is_small_int(mp_const_obj_t o);
mp_int_t mp_obj_get_int(mp_const_obj_t arg);
mp_int_t mp_obj_get_int_truncated(mp_const_obj_t arg);
const char* mp_obj_str_get_str(mp_obj_t self_in);
const char* mp_obj_str_get_data(mp_obj_t self_in, size_t* len);
mp_obj_t mp_obj_new_bool(mp_int_t value);
mp_obj_t mp_obj_new_int_from_uint(mp_uint_t value);
mp_obj_t mp_obj_new_int_from_ull(unsigned long long val);
mp_obj_t mp_obj_new_str(const char* data, size_t len);
mp_obj_t mp_obj_new_tuple(size_t n, const mp_obj_t* items);
mp_obj_t mp_obj_new_list(size_t n, mp_obj_t* items);
mp_obj_t mp_obj_list_append(mp_obj_t self_in, mp_obj_t arg);
void mp_obj_list_get(mp_obj_t self_in, size_t* len, mp_obj_t** items);
mp_obj_t mp_obj_new_dict(size_t n_args);
mp_obj_t mp_obj_dict_store(mp_obj_t self_in, mp_obj_t key, mp_obj_t value);

typedef struct _mp_rom_map_elem_t {
  mp_rom_obj_t key;
  mp_rom_obj_t value;
} mp_rom_map_elem_t;
typedef struct _mp_obj_dict_t {
  mp_obj_base_t base;
  size_t used;
  const mp_rom_map_elem_t* table;
} mp_obj_dict_t;
#define MP_DEFINE_CONST_DICT(name_, table_) \
  const mp_obj_dict_t name_ = {.used = sizeof(table_) / sizeof *(table_), .table = (table_)}
typedef struct _mp_obj_module_t {
  mp_obj_base_t base;
  mp_obj_dict_t* globals;
} mp_obj_module_t;

typedef struct _mp_obj_fun_t {
  mp_obj_base_t base;
  int most_positional;
  union {
    mp_obj_t (*none)(void);
    mp_obj_t (*kw)(size_t n_args, const mp_obj_t* pos_args, mp_map_t* kw_args);
  } fun;
} mp_obj_fun_t;
#define MP_DEFINE_CONST_FUN_OBJ_0(name_, function_) const mp_obj_fun_t name_ = {.fun.none = function_}
#define MP_DEFINE_CONST_FUN_OBJ_KW(name_, least_, function_) \
  const mp_obj_fun_t name_ = {.most_positional = (least_), .fun.kw = function_}

// Read by the build, nothing to the compiler.
#define MP_REGISTER_MODULE(module_name, obj_module)
#define MP_REGISTER_ROOT_POINTER(variable_declaration)
