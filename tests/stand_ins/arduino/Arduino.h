// Stand-in, see README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

class String {
 public:
  String(const char* text);
  explicit String(unsigned int number);
  explicit String(unsigned long number);
};
String operator+(const String& a, const String& b);

class Stream {
 public:
  std::size_t readBytes(char* buffer, std::size_t length);
};

class HardwareSerial : public Stream {
 public:
  void begin(unsigned long baud);
  std::size_t println(const char* text);
};
extern HardwareSerial Serial;

class EspClass {
 public:
  void restart();
};
extern EspClass ESP;

void delay(std::uint32_t ms);
void setup();
void loop();
