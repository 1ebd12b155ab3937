// Stand-in, see README.md.
#pragma once

#include <Arduino.h>

enum wl_status_t { WL_CONNECTED = 3 };

class WiFiClass {
 public:
  wl_status_t begin(const char* network, const char* password);
  std::uint8_t waitForConnectResult(unsigned long timeout_ms = 60000);
};
extern WiFiClass WiFi;
