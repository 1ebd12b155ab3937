// Stand-in, see README.md.
#pragma once

#include <Arduino.h>

class NetworkClient : public Stream {};

class NetworkClientSecure : public NetworkClient {
 public:
  void setCACert(const char* root_certificate);
};
