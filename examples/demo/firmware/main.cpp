// A small firmware for the ESP32-C3: shines a wave on the LED of GPIO 8, and says its version in a place where a
// debugger finds it. Version 2 has a longer wave.
#include <stdint.h>

namespace {

constexpr uintptr_t kGpioOutSet = 0x6000'4008;
constexpr uintptr_t kGpioOutClear = 0x6000'400C;
constexpr uintptr_t kGpioEnableSet = 0x6000'4024;
constexpr uint32_t kLed = 1U << 8;

#if FIRMWARE_MAJOR == 1
constexpr uint32_t kWaveLength = 48 * 1024;
#else
constexpr uint32_t kWaveLength = 100 * 1024;
#endif

// One period of brightness, 0..255..0, as a parabola: made at compile time, so it lies in flash.
struct Wave {
  uint8_t brightness[kWaveLength] = {};

  constexpr Wave() {
    constexpr uint64_t kHalf = kWaveLength / 2;
    for (uint64_t i = 0; i < kWaveLength; ++i) {
      brightness[i] = static_cast<uint8_t>(255 * i * (kWaveLength - i) / (kHalf * kHalf));
    }
  }
};
constexpr Wave kWave;

void write_register(uintptr_t address, uint32_t value) { *reinterpret_cast<volatile uint32_t*>(address) = value; }

void wait(uint32_t rounds) {
  while (rounds-- > 0) asm volatile("");
}

void shine(uint8_t brightness) {
  write_register(kGpioOutSet, kLed);
  wait(brightness);
  write_register(kGpioOutClear, kLed);
  wait(255U - brightness);
}

}  // namespace

extern "C" {

// In RAM: the bootloader copies it there from the image's third segment.
volatile char running_version[32] = FIRMWARE_VERSION;
volatile uint32_t periods_shone;

[[noreturn]] void firmware_main() {
  write_register(kGpioEnableSet, kLed);
  for (;;) {
    for (const uint8_t brightness : kWave.brightness) shine(brightness);
    periods_shone = periods_shone + 1;
  }
}
}
