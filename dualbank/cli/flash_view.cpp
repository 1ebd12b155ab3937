#include "dualbank/cli/flash_view.hpp"

#include <fmt/format.h>

#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

}  // namespace

FlashView::FlashView(Flash& flash, std::uint32_t table_offset, Policy policy, Range known)
    : flash_(flash),
      table_offset_(table_offset),
      policy_(policy),
      known_(known),
      layout_(dualbank::read_layout(flash, table_offset)),
      buffer_(kBufferBytes) {
  if (layout_) chip_id_ = infer_chip(flash_, *layout_);
}

const Layout& FlashView::layout() const {
  if (!layout_) throw Refused(layout_.error());
  return *layout_;
}

bool FlashView::knows(const Extent& extent) const {
  return extent.offset >= known_.from && std::uint64_t{extent.offset} + extent.size_bytes <= known_.to;
}

Result<BootDecision> FlashView::prediction(Policy policy) {
  BootSettings settings{.policy = policy, .chip_id = chip_id_};
  if (policy == Policy::dualbank) {
    settings.guard = guard_;
    settings.versions = versions_;
  }
  return predict_boot(flash_, layout(), settings, buffer_);
}

BootDecision FlashView::predict() {
  const auto decision = prediction(policy_);
  if (decision) return *decision;
  const Event& event = decision.error();
  if (event.code != Status::flash_read_failed || knows({event.values[1], event.values[0]})) throw Refused(event);
  throw Refused("not_in_dump",
                fmt::format("what boots depends on the bytes at {:#x}, and the file holds {:#x} to {:#x}",
                            event.values[1], known_.from, known_.to),
                "read the whole flash: esptool read-flash 0 ALL dump.bin",
                {{"address", event.values[1]}, {"from", known_.from}, {"to", known_.to}});
}

BootOutcome FlashView::run_bootloader() {
  const auto outcome = dualbank::run_bootloader(flash_, layout(),
                                                {.chip_id = chip_id_, .guard = guard_, .versions = versions_}, buffer_);
  if (!outcome) throw Refused(outcome.error());
  return *outcome;
}

BootRecords FlashView::records() {
  if (layout().otadata.size_bytes < kOtadataBytes) return {};
  const auto records = read_boot_records(flash_, layout());
  if (!records) throw Refused(records.error());
  return *records;
}

Result<ImageInfo> FlashView::verify(SlotIndex slot) {
  const Extent extent = layout().extent_of(slot);
  return verify_slot(flash_, extent, ImageRules::vendor(chip_id_, extent.size_bytes, extent.offset), buffer_);
}

std::vector<Partition> FlashView::partitions() {
  std::vector<Partition> partitions;
  PartitionTableParser parser(table_offset_, size_bytes());
  for (std::uint32_t row = 0; row < kPartitionTableRows; ++row) {
    const TableRow kind = parser.feed(read(table_offset_ + row * kPartitionRowBytes, kPartitionRowBytes));
    if (kind == TableRow::end || kind == TableRow::failed) break;
    if (kind == TableRow::partition) partitions.push_back(parser.partition());
  }
  return partitions;
}

std::vector<std::byte> FlashView::read(std::uint32_t address, std::uint32_t size_bytes) {
  if (std::uint64_t{address} + size_bytes > this->size_bytes()) {
    throw Refused(Event{Status::flash_out_of_range, {size_bytes, address, this->size_bytes()}});
  }
  std::vector<std::byte> bytes(size_bytes);
  if (const Status status = flash_.read(address, bytes); status != Status::ok) {
    throw Refused(Event{status, {size_bytes, address, 0}});
  }
  return bytes;
}

bool FlashView::has_bootloader() {
  const Chip* chip = find_chip(chip_id_);
  if (chip == nullptr || !is_vendor_chip(chip_id_) || chip->bootloader_offset >= size_bytes()) return false;
  if (!knows({chip->bootloader_offset, 1})) return false;
  return load_u8(read(chip->bootloader_offset, 1), 0) == kImageMagic;
}

}  // namespace dualbank::cli
