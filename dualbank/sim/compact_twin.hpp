// The compact bootloader beside the other one: it runs on a copy of the boot records, and must then have done the same.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/compact_bootloader.hpp"

namespace dualbank::sim {

class CompactTwin final : private Flash, private ImageCheck {
 public:
  /// Copies what the records' two sectors read as now. `boots`: whether the image in a slot does. Precondition: the
  /// flash keeps ESP records, and the layout has them.
  CompactTwin(Flash& flash, const Layout& layout, std::function<bool(SlotIndex)> boots);

  void run(std::uint8_t most_tries);
  /// What is not the same after run_bootloader on the flash itself, power not cut; empty: all is.
  [[nodiscard]] std::string difference(Flash& flash, const BootOutcome& outcome) const;

  using Program = std::pair<std::uint32_t, std::uint32_t>;  ///< address and size
  [[nodiscard]] const std::vector<Program>& programs() const { return programs_; }

 private:
  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t, std::uint32_t) override { return Status::flash_erase_failed; }
  Status sync() override { return Status::ok; }
  Status check(const Extent& slot, MutableBytes) override;

  const Layout& layout_;
  std::function<bool(SlotIndex)> boots_;
  std::vector<std::byte> sectors_;
  std::vector<Program> programs_;
  Status status_ = Status::ok;
  CompactOutcome outcome_{};
};

}  // namespace dualbank::sim
