// The header by which Arduino finds the library. It is in C++20: ESP32 core 3.0 and later.
#pragma once

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/esp_idf/esp_idf_flash.hpp"
#include "dualbank/ports/esp_idf/esp_idf_options.hpp"
