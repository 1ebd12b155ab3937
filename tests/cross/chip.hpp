// A flash as a device has it: four functions of the vendor's, which stay undefined here.
#pragma once

#include "dualbank/engine/flash.hpp"

extern "C" {
int vendor_read(std::uint32_t address, void* out, std::uint32_t size);
int vendor_program(std::uint32_t address, const void* bytes, std::uint32_t size);
int vendor_erase(std::uint32_t address);
}

namespace cross {

class Chip final : public dualbank::Flash {
 public:
  constexpr Chip() : Flash({.size_bytes = 0x400000, .erase_units = 4096, .page_bytes = 256}) {}

  dualbank::Status read(std::uint32_t address, dualbank::MutableBytes out) override {
    return vendor_read(address, out.data(), static_cast<std::uint32_t>(out.size())) == 0
               ? dualbank::Status::ok
               : dualbank::Status::flash_read_failed;
  }
  dualbank::Status program(std::uint32_t address, dualbank::Bytes bytes) override {
    return vendor_program(address, bytes.data(), static_cast<std::uint32_t>(bytes.size())) == 0
               ? dualbank::Status::ok
               : dualbank::Status::flash_program_failed;
  }
  dualbank::Status erase(std::uint32_t address, std::uint32_t) override {
    return vendor_erase(address) == 0 ? dualbank::Status::ok : dualbank::Status::flash_erase_failed;
  }
  dualbank::Status sync() override { return dualbank::Status::ok; }
};

}  // namespace cross
