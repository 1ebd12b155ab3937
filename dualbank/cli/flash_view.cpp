#include "dualbank/cli/flash_view.hpp"

#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

}  // namespace

FlashView::FlashView(Flash& flash, std::uint32_t table_offset, Policy policy)
    : flash_(flash),
      table_offset_(table_offset),
      policy_(policy),
      layout_(dualbank::read_layout(flash, table_offset)),
      buffer_(kBufferBytes) {
  if (layout_) chip_id_ = infer_chip(flash_, *layout_);
}

const Layout& FlashView::layout() const {
  if (!layout_) throw Refused(layout_.error());
  return *layout_;
}

BootDecision FlashView::predict() {
  const auto decision = predict_boot(flash_, layout(), {.policy = policy_, .chip_id = chip_id_}, buffer_);
  if (!decision) throw Refused(decision.error());
  return *decision;
}

BootOutcome FlashView::run_bootloader() {
  const auto outcome = dualbank::run_bootloader(flash_, layout(), {.chip_id = chip_id_}, buffer_);
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
  if (chip == nullptr || chip_id_ == kNoVendorChip || chip->bootloader_offset >= size_bytes()) return false;
  return load_u8(read(chip->bootloader_offset, 1), 0) == kImageMagic;
}

}  // namespace dualbank::cli
