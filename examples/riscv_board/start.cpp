// The first instructions of bootloader and application, and the few functions that a compiler takes for granted.
#include <cstddef>

#include "examples/riscv_board/board.hpp"

extern "C" {

int main();

// Anything that traps resets: a crash is one boot on trial less.
[[gnu::aligned(4), gnu::used]] void trapped() { board::reset(); }

[[gnu::naked, gnu::used, gnu::section(".text.start")]] void _start() {
  asm volatile(R"(
    csrr t0, mhartid
1:  beqz t0, 2f
    wfi
    j 1b
2:  la sp, stack_top
    la t0, trapped
    csrw mtvec, t0
    la t0, bss_start
    la t1, bss_end
3:  bgeu t0, t1, 4f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 3b
4:  jal main
    j trapped
  )");
}

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t size) {
  auto* t = static_cast<char*>(to);
  for (const auto* f = static_cast<const char*>(from); size != 0; --size) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, std::size_t size) {
  auto* t = static_cast<char*>(to);
  const auto* f = static_cast<const char*>(from);
  if (t <= f) return memcpy(to, from, size);
  while (size-- != 0) t[size] = f[size];
  return to;
}

void* memset(void* to, int value, std::size_t size) {
  for (auto* t = static_cast<char*>(to); size != 0; --size) *t++ = static_cast<char>(value);
  return to;
}

std::size_t strlen(const char* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

int memcmp(const void* a, const void* b, std::size_t size) {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (; size != 0; --size, ++x, ++y) {
    if (*x != *y) return *x < *y ? -1 : 1;
  }
  return 0;
}
}
