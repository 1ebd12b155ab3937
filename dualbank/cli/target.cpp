#include "dualbank/cli/target.hpp"

#include <csignal>

#include "dualbank/cli/refused.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

extern "C" void note_interrupt(int) { interrupt_seen = 1; }

bool go_on(void*, std::uint32_t, std::uint32_t) { return interrupt_seen == 0; }

/// Errors after which a flash can still be looked at.
bool is_about_updating(Status code) {
  switch (code) {
    case Status::layout_no_otadata:
    case Status::layout_otadata_too_small:
    case Status::layout_no_slots:
    case Status::layout_one_slot:
    case Status::running_unknown: return true;
    default: return false;
  }
}

}  // namespace

bool interrupted() { return interrupt_seen != 0; }

void catch_interrupt() { std::signal(SIGINT, note_interrupt); }

Target::Target(const Context& context, Access access)
    : path_(context.target()),
      table_offset_(context.number("--table", kDefaultTableOffset)),
      policy_(context.policy),
      access_(access),
      workspace_(kWorkspaceBytes),
      gaps_(kGaps),
      buffer_(kWorkspaceBytes) {
  const bool writes = access == Access::write && !context.dry_run();
  if (file_.open(path_.c_str(), !writes) != Status::ok) throw Refused(file_.last_event());
  watched_.emplace(file_, writes || access == Access::look ? WatchedFlash::Mode::write_through : WatchedFlash::Mode::keep);
  layout_ = read_layout(*watched_, table_offset_);
  if (layout_) chip_id_ = infer_chip(*watched_, *layout_);
  options_ = {.workspace = workspace_,
              .gaps = gaps_,
              .between_units = go_on,
              .running_slot = context.running,
              .policy = policy_,
              .table_offset = table_offset_,
              .allow_foreign = context.args.has("--allow-foreign"),
              .allow_unconfirmed = context.force(),
              .read_only = access == Access::look};
}

Target::~Target() {
  if (updater_ && access_ == Access::write && !unavailable_.failed()) static_cast<void>(updater_->pause());
  file_.close();
}

const Layout& Target::layout() const {
  if (!layout_) throw Refused(layout_.error());
  return *layout_;
}

const Event& Target::open_updater() {
  static_cast<void>(layout());
  if (updater_) return unavailable_;
  updater_.emplace(*watched_, options_);
  if (updater_->open() == Status::ok) return unavailable_;
  unavailable_ = updater_->last_event();
  if (!is_about_updating(unavailable_.code)) throw Refused(unavailable_);
  return unavailable_;
}

Updater& Target::updater() {
  require(open_updater());
  return *updater_;
}

BootDecision Target::predict() {
  const auto decision = predict_boot(*watched_, layout(), boot_settings(), buffer_);
  if (!decision) throw Refused(decision.error());
  return *decision;
}

BootRecords Target::records() {
  if (layout().otadata.size_bytes < kOtadataBytes) return {};
  const auto records = read_boot_records(*watched_, layout());
  if (!records) throw Refused(records.error());
  return *records;
}

Result<ImageInfo> Target::verify(SlotIndex slot) {
  const Extent extent = layout().extent_of(slot);
  return verify_slot(*watched_, extent, ImageRules::vendor(chip_id_, extent.size_bytes, extent.offset), buffer_);
}

std::vector<Partition> Target::partitions() {
  std::vector<Partition> partitions;
  PartitionTableParser parser(table_offset_, watched_->geometry().size_bytes);
  for (std::uint32_t row = 0; row < kPartitionTableRows; ++row) {
    const auto bytes = read(table_offset_ + row * kPartitionRowBytes, kPartitionRowBytes);
    const TableRow kind = parser.feed(bytes);
    if (kind == TableRow::end || kind == TableRow::failed) break;
    if (kind == TableRow::partition) partitions.push_back(parser.partition());
  }
  return partitions;
}

std::vector<std::byte> Target::read(std::uint32_t address, std::uint32_t size_bytes) {
  std::vector<std::byte> bytes(size_bytes);
  if (const Status status = watched_->read(address, bytes); status != Status::ok) {
    throw Refused(Event{status, {size_bytes, address, watched_->geometry().size_bytes}});
  }
  return bytes;
}

bool Target::has_bootloader() {
  const Chip* chip = find_chip(chip_id_);
  if (chip == nullptr || chip_id_ == kNoVendorChip) return false;
  return load_u8(read(chip->bootloader_offset, 1), 0) == kImageMagic;
}

}  // namespace dualbank::cli
