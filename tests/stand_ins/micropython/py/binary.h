// Stand-in, see ../README.md.
#pragma once

#define BYTEARRAY_TYPECODE 1
