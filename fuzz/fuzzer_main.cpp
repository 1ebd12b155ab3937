// The program of one target for libFuzzer; the build says which.
#include <cstddef>
#include <cstdint>

#include "fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dualbank::fuzz::DUALBANK_FUZZ_TARGET(std::as_bytes(std::span{data, size}));
  return 0;
}
