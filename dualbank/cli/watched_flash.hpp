// A flash between the engine and the file: notes which sectors change, and for a dry run keeps the changes to itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "dualbank/engine/flash.hpp"

namespace dualbank::cli {

class WatchedFlash final : public Flash {
 public:
  enum class Mode : std::uint8_t { write_through, keep };

  WatchedFlash(Flash& below, Mode mode) : Flash(below.geometry()), below_(below), mode_(mode) {}

  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override;
  Status sync() override { return mode_ == Mode::keep ? Status::ok : below_.sync(); }

  /// What changed, as ranges of whole sectors in order. Writing what was there already is no change.
  [[nodiscard]] std::vector<Range> changed() const;

 private:
  [[nodiscard]] std::uint32_t sector_of(std::uint32_t address) const;
  Status keep_sector(std::uint32_t address);
  Status note_program(std::uint32_t address, Bytes bytes);
  Status note_erase(std::uint32_t address, std::uint32_t size_bytes);

  Flash& below_;
  Mode mode_;
  std::set<std::uint32_t> changed_;
  std::map<std::uint32_t, std::vector<std::byte>> kept_;
};

}  // namespace dualbank::cli
