// Stand-in, see README.md. 100 ticks a second, as ESP-IDF has it unless told otherwise.
#pragma once

#include <stdint.h>

typedef uint32_t TickType_t;

#define pdMS_TO_TICKS(ms) static_cast<TickType_t>((ms) / 10)
