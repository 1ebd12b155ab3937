// ESP-IDF's example, compiled for a device; the vendor's headers are stand-ins.
#include "examples/esp_idf_ota/main/main.cpp"
