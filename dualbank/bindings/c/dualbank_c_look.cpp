#include <algorithm>
#include <array>
#include <iterator>

#include "dualbank/bindings/c/dualbank_c_board.hpp"
#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/drive.hpp"

namespace {

using dualbank::BootRecord;
using dualbank::BootRecords;
using dualbank::Event;
using dualbank::Extent;
using dualbank::ImageInfo;
using dualbank::ImageRules;
using dualbank::kAnyChip;
using dualbank::Layout;
using dualbank::MutableBytes;
using dualbank::Result;
using dualbank::Status;
using dualbank::c::Board;
using dualbank::c::board_of;
using dualbank::c::event_of;

MutableBytes buffer_of(void* buffer, std::size_t size) {
  return buffer == nullptr ? MutableBytes{} : MutableBytes{static_cast<std::byte*>(buffer), size};
}

dualbank_extent extent_of(const Extent& extent) { return {extent.offset, extent.size_bytes}; }

template <class Text>
void copy_text(const Text& text, char* into) {
  std::copy(text.begin(), text.end(), into);
}

dualbank_image image_of(const ImageInfo& info, bool valid) {
  const dualbank::AppDescriptor& app = info.descriptor;
  dualbank_image image{};
  image.found = true;
  image.has_descriptor = info.has_descriptor;
  image.has_hash = valid && info.header.has_hash;
  image.segment_count = info.header.segment_count;
  image.chip_id = info.header.chip_id;
  image.entry_address = info.header.entry_address;
  image.length_bytes = info.length_bytes;
  image.secure_version = app.secure_version;
  copy_text(app.version, image.version);
  copy_text(app.project_name, image.project_name);
  copy_text(app.date, image.date);
  copy_text(app.time, image.time);
  copy_text(app.idf_version, image.idf_version);
  std::transform(info.hash.begin(), info.hash.end(), std::begin(image.sha256),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
  return image;
}

}  // namespace

extern "C" {

uint8_t dualbank_slot_count(const dualbank_updater* updater) {
  const Board* board = board_of(updater);
  return board == nullptr ? std::uint8_t{0} : board->updater.layout().slot_count;
}

dualbank_extent dualbank_extent_of(const dualbank_updater* updater, dualbank_slot slot) {
  const Board* board = board_of(updater);
  return board == nullptr ? dualbank_extent{0, 0} : extent_of(board->updater.layout().extent_of(slot));
}

dualbank_event dualbank_look_at_image(dualbank_updater* updater, dualbank_slot slot, void* buffer, size_t buffer_bytes,
                                      dualbank_image* image) {
  *image = {};
  Board* board = board_of(updater);
  if (board == nullptr) return event_of({Status::not_open});
  const Layout& layout = board->updater.layout();
  const Extent extent = layout.extent_of(slot);
  const std::uint16_t chip = dualbank::infer_chip(board->flash, layout);
  const Result<ImageInfo> whole =
      dualbank::verify_slot(board->flash, extent, ImageRules::vendor(chip, extent.size_bytes, extent.offset),
                            buffer_of(buffer, buffer_bytes));
  if (whole) {
    *image = image_of(*whole, true);
    return event_of({});
  }
  if (whole.error().code == Status::image_empty_slot) return event_of(whole.error());
  std::array<std::byte, dualbank::kImageStartBytes> start{};
  const Status read = board->flash.read(extent.offset, start);
  const Result<ImageInfo> look =
      dualbank::check_image_start(start, ImageRules::vendor(kAnyChip, dualbank::kUnknownLength));
  if (read == Status::ok && look) *image = image_of(*look, false);
  return event_of(dualbank::name_slots(whole.error(), layout));
}

dualbank_record dualbank_record_of(dualbank_updater* updater, dualbank_slot slot) {
  Board* board = board_of(updater);
  dualbank_record newest{0, 0};
  if (board == nullptr || !dualbank::is_ota_slot(slot)) return newest;
  const Layout& layout = board->updater.layout();
  if (slot >= layout.slot_count || layout.otadata.size_bytes < dualbank::kOtadataBytes) return newest;
  const Result<BootRecords> records = dualbank::read_boot_records(board->flash, layout, board->native);
  if (!records) return newest;
  for (const BootRecord& record : *records) {
    if (record.seq == dualbank::kBlankSeq || !record.crc_good() || record.seq <= newest.seq ||
        dualbank::slot_of_seq(record.seq, layout.slot_count) != slot) {
      continue;
    }
    newest = {record.seq, static_cast<std::uint32_t>(record.state)};
  }
  return newest;
}

dualbank_next_boot dualbank_predict_boot(dualbank_updater* updater, void* buffer, size_t buffer_bytes) {
  Board* board = board_of(updater);
  if (board == nullptr) return {DUALBANK_SLOT_NONE, nullptr};
  const Layout& layout = board->updater.layout();
  dualbank::BootSettings settings{.policy = board->policy, .chip_id = dualbank::infer_chip(board->flash, layout)};
  settings.native = board->native;
  const Result<dualbank::BootDecision> next =
      dualbank::predict_boot(board->flash, layout, settings, buffer_of(buffer, buffer_bytes));
  if (!next) return {DUALBANK_SLOT_NONE, nullptr};
  return {next->slot, dualbank::boot_reason_name(next->reason)};
}

dualbank_event dualbank_look_at_drive(dualbank_updater* updater, dualbank_drive* drive) {
  if (drive != nullptr) *drive = {DUALBANK_DRIVE_NONE, {0, 0}, DUALBANK_SLOT_NONE};
  Board* board = board_of(updater);
  if (board == nullptr) return event_of({Status::not_open});
  const Layout& layout = board->updater.layout();
  const dualbank::SlotIndex running = board->updater.status().running_slot;
  const Result<dualbank::DriveState> state = dualbank::look_at_drive(board->flash, layout);
  if (!state) return event_of(state.error());
  if (drive != nullptr && *state != dualbank::DriveState::none) {
    const bool extended = *state == dualbank::DriveState::extended;
    *drive = {static_cast<dualbank_drive_state>(*state), extent_of(layout.fat),
              extended ? dualbank::slot_for_drive(layout, running) : dualbank::kNoSlot};
  }
  return event_of(dualbank::check_drive(board->flash, layout, running));
}

}  // extern "C"

static_assert(DUALBANK_DRIVE_EXTENDED == static_cast<int>(dualbank::DriveState::extended) &&
              DUALBANK_DRIVE_NONE == static_cast<int>(dualbank::DriveState::none));
static_assert(DUALBANK_IMAGE_EMPTY_SLOT == static_cast<unsigned>(Status::image_empty_slot) &&
              DUALBANK_STORAGE_EXTENDED == static_cast<unsigned>(Status::storage_extended) &&
              DUALBANK_TRIAL_FAILED == static_cast<unsigned>(Status::trial_failed));
static_assert(DUALBANK_LAYOUT_NO_OTADATA == static_cast<unsigned>(Status::layout_no_otadata) &&
              DUALBANK_LAYOUT_OTADATA_TOO_SMALL == static_cast<unsigned>(Status::layout_otadata_too_small) &&
              DUALBANK_LAYOUT_NO_SLOTS == static_cast<unsigned>(Status::layout_no_slots) &&
              DUALBANK_LAYOUT_ONE_SLOT == static_cast<unsigned>(Status::layout_one_slot));
