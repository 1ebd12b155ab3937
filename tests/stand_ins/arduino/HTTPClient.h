// Stand-in, see README.md.
#pragma once

#include <NetworkClientSecure.h>

class HTTPClient {
 public:
  bool begin(NetworkClient& client, String url);
  void addHeader(const String& name, const String& value, bool first = false, bool replace = true);
  int GET();
  NetworkClient& getStream();
};
