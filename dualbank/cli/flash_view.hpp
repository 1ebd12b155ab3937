// What is on a flash, wherever its bytes are.
#pragma once

#include <cstddef>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/partition_table.hpp"

namespace dualbank::cli {

/// Reads only, but for run_bootloader. Every member throws Refused where the flash does not read.
class FlashView {
 public:
  /// `known`: the addresses that the file holds; of a whole flash, all.
  FlashView(Flash& flash, std::uint32_t table_offset, Policy policy, Range known = {0, 0xFFFF'FFFF});

  /// What our own bootloader asks of an image beside being whole; a stock one does not look. May be nullptr.
  void ask(ImageGuard* guard, VersionRule* versions) {
    guard_ = guard;
    versions_ = versions;
  }
  [[nodiscard]] Flash& flash() const { return flash_; }
  [[nodiscard]] std::uint32_t size_bytes() const { return flash_.geometry().size_bytes; }
  [[nodiscard]] std::uint32_t table_offset() const { return table_offset_; }
  [[nodiscard]] Policy policy() const { return policy_; }
  [[nodiscard]] const Range& known() const { return known_; }
  /// True when every byte of it is in the file.
  [[nodiscard]] bool knows(const Extent& extent) const;
  [[nodiscard]] const Result<Layout>& read_table() const { return layout_; }
  /// Throws Refused when the table does not read.
  [[nodiscard]] const Layout& layout() const;
  /// The chip whose flash this is; kAnyChip when nothing tells.
  [[nodiscard]] std::uint16_t chip_id() const { return chip_id_; }

  /// Throws Refused (not_in_dump) where that takes bytes that are not known.
  [[nodiscard]] BootDecision predict();
  /// The same as an answer, under any policy.
  [[nodiscard]] Result<BootDecision> prediction(Policy policy);
  /// Our own bootloader, writes and all.
  [[nodiscard]] BootOutcome run_bootloader();
  /// Blank ones where the layout has no room for them.
  [[nodiscard]] BootRecords records();
  /// The image in a slot as the vendor's bootloader verifies it.
  [[nodiscard]] Result<ImageInfo> verify(SlotIndex slot);
  /// All rows of the partition table that read, in its order.
  [[nodiscard]] std::vector<Partition> partitions();
  [[nodiscard]] std::vector<std::byte> read(std::uint32_t address, std::uint32_t size_bytes);
  /// True when a bootloader's image stands where the chip has it: read from a board, or made to be written to one.
  [[nodiscard]] bool has_bootloader();

 private:
  Flash& flash_;
  std::uint32_t table_offset_;
  Policy policy_;
  Range known_;
  Result<Layout> layout_;
  std::uint16_t chip_id_ = kAnyChip;
  ImageGuard* guard_ = nullptr;
  VersionRule* versions_ = nullptr;
  std::vector<std::byte> buffer_;
};

}  // namespace dualbank::cli
