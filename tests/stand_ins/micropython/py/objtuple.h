// Stand-in, see ../README.md.
#pragma once

#include <py/obj.h>

mp_obj_t mp_obj_new_attrtuple(const qstr* fields, size_t n, const mp_obj_t* items);
