// Stand-in, see ../README.md.
#pragma once

#include <py/obj.h>

int mp_obj_int_sign(mp_obj_t self_in);
