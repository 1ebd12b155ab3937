// The vector table, and the first instructions of bootloader and application.
#include "examples/riscv_board/board.hpp"

extern "C" {

int main();

// Any exception resets: a crash is one boot on trial less.
[[gnu::used]] void trapped() { board::reset(); }

// Sets its own stack pointer and table, since a bootloader only jumps here.
[[gnu::naked, gnu::used]] void _start() {
  asm volatile(R"(
    cpsid i
    ldr r0, =vectors
    ldr r1, =0xE000ED08
    str r0, [r1]
    ldr r0, =stack_top
    mov sp, r0
    ldr r0, =bss_start
    ldr r1, =bss_end
    movs r2, #0
1:  cmp r0, r1
    bhs 2f
    str r2, [r0]
    adds r0, #4
    b 1b
2:  bl main
    b trapped
  )");
}

extern std::byte stack_top[];
}

namespace {

using Handler = void (*)();

struct Vectors {
  std::byte* stack;
  Handler handlers[15];
};

[[gnu::used, gnu::section(".vectors")]] const Vectors table{
    stack_top,
    {_start, trapped, trapped, trapped, trapped, trapped, trapped, trapped, trapped, trapped, trapped, trapped, trapped,
     trapped, trapped}};

}  // namespace
