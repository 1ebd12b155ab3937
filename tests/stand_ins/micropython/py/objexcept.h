// Stand-in, see ../README.md.
#pragma once

#include <py/obj.h>

typedef struct _mp_obj_exception_t {
  mp_obj_base_t base;
  size_t* traceback_data;
  struct _mp_obj_tuple_t* args;
} mp_obj_exception_t;
mp_obj_t mp_obj_exception_make_new(const mp_obj_type_t* type, size_t n_args, size_t n_kw, const mp_obj_t* args);
void mp_obj_exception_print(const mp_print_t* print, mp_obj_t o_in, mp_print_kind_t kind);
void mp_obj_exception_attr(mp_obj_t self_in, qstr attr, mp_obj_t* dest);
