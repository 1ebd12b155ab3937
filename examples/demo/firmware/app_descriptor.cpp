// The app descriptor: 256 bytes at the start of the first flash-mapped segment, where the bootloader, ESP-IDF and
// dualbank look for version and project. The linker script puts `.app_descriptor` first.
#include <stdint.h>

struct AppDescriptor {
  uint32_t magic = 0xABCD5432;
  uint32_t secure_version = 0;
  uint32_t reserved_1[2] = {};
  char version[32] = FIRMWARE_VERSION;
  char project[32] = "dualbank-demo";
  char time[16] = "12:00:00";
  char date[16] = "Jan  1 2024";
  char idf_version[32] = "none";
  uint8_t elf_sha256[32] = {};
  uint8_t reserved_2[80] = {};
};
static_assert(sizeof(AppDescriptor) == 256);

extern "C" __attribute__((section(".app_descriptor"), used)) const AppDescriptor app_descriptor{};
