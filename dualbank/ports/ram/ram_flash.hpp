// A flash in memory that the caller owns: for first tries, and for tests that need no strictness.
#pragma once

#include <cstdint>

#include "dualbank/engine/flash.hpp"

namespace dualbank::ports {

/// Keeps what the memory holds; `erase_all` makes a new chip of it. Programming behaves as NOR flash does: bits only
/// fall. It does not complain where they would have to rise; dualbank::sim::NorFlash does.
///
/// Errors: flash_out_of_range, flash_misaligned.
class RamFlash final : public Flash {
 public:
  /// A chip of memory.size() bytes, sectors of 4 KiB, blocks of 64 KiB. The memory must outlive it.
  explicit constexpr RamFlash(MutableBytes memory) : RamFlash(memory, Geometry{.erase_units = 0x1'1000}) {}
  /// Of any other geometry; its size is that of the memory.
  constexpr RamFlash(MutableBytes memory, const Geometry& geometry) : Flash(geometry), memory_(memory) {
    geometry_.size_bytes = static_cast<std::uint32_t>(memory.size());
  }

  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override;
  Status sync() override { return Status::ok; }

  void erase_all();
  [[nodiscard]] Bytes contents() const { return memory_; }

 private:
  MutableBytes memory_;
};

}  // namespace dualbank::ports
