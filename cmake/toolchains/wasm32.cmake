# clang-19 with libc++ for WebAssembly: packages clang-19, lld-19, libc++-19-dev-wasm32, libclang-rt-19-dev-wasm32.
# CMake 3.25 knows no WASI, and its linker needs no name: clang finds wasm-ld.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
# memory.copy and memory.fill instead of a C library's.
set(CMAKE_CXX_FLAGS_INIT "-mbulk-memory")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
