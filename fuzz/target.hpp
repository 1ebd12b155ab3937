// What every fuzz target has: a name, a function that takes any bytes, and a way to say what must not be.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::fuzz {

// One for each file of this folder that has the name.
void partition_table(Bytes input);
void partition_csv(Bytes input);
void boot_records(Bytes input);
void journal(Bytes input);
void compact_bootloader(Bytes input);
void app_image(Bytes input);
void app_descriptor(Bytes input);
void signature_block(Bytes input);
void firmware_file(Bytes input);
void uf2(Bytes input);
void fat_volume(Bytes input);
void elf(Bytes input);
void serial_line(Bytes input);
void engine_calls(Bytes input);

struct Target {
  std::string_view name;
  void (*run)(Bytes input);
};

/// All of them.
[[nodiscard]] std::span<const Target> targets();

/// Ends the program where a promise is broken; a fuzzer and a test that replays both see that.
inline void require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", promise);
  std::abort();
}

/// Takes numbers off the front of an input; zeros when it is at its end.
class Draw {
 public:
  explicit Draw(Bytes input) : rest_(input) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] Bytes rest() const { return rest_; }
  [[nodiscard]] std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  [[nodiscard]] std::uint32_t word() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }
  [[nodiscard]] Bytes bytes(std::size_t count) {
    const Bytes taken = rest_.first(count < rest_.size() ? count : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes rest_;
};

}  // namespace dualbank::fuzz
