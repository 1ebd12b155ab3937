// Stand-in, see README.md.
#pragma once

#define ESP_IDF_VERSION_VAL(major, minor, patch) ((major << 16) | (minor << 8) | (patch))
#ifdef STAND_IN_BEFORE_5_5
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(5, 0, 0)
#else
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(5, 5, 0)
#endif
