// Stand-in, see ../README.md.
#pragma once

#include <py/obj.h>

typedef struct _mp_obj_array_t {
  mp_obj_base_t base;
  size_t typecode : 8;
  size_t free : (8 * sizeof(size_t) - 8);
  size_t len;
  void* items;
} mp_obj_array_t;
