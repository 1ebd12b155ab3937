# clang-19 with libc++'s headers on newlib's: packages clang-19, libc++-19-dev, libnewlib-dev. So the second device core is
# also a second compiler and a second standard library.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET riscv32-unknown-elf)
# libc++'s <cwchar> wants FILE to be known before it.
string(JOIN " " CMAKE_CXX_FLAGS_INIT -march=rv32imac -mabi=ilp32 -ffreestanding -nostdinc++
       -isystem /usr/lib/llvm-19/include/c++/v1 -isystem /usr/include/newlib -include stdio.h
       -D_LIBCPP_HAS_NO_THREADS -D_LIBCPP_HAS_NO_LOCALIZATION)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
