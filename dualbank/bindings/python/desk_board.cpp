#include "dualbank/bindings/python/desk_board.hpp"

#include <unistd.h>

#include <algorithm>

namespace dualbank::python {
namespace {

/// Errors after which a flash can still be looked at, and a reset still does something.
bool is_about_updating(Status code) {
  switch (code) {
    case Status::layout_no_otadata:
    case Status::layout_otadata_too_small:
    case Status::layout_no_slots:
    case Status::layout_one_slot:
    case Status::running_unknown:
      return true;
    default:
      return false;
  }
}

}  // namespace

Event DeskBoard::open(const char* path) {
  path_ = path;
  if (const Status status = file_.open(path, options_.read_only); status != Status::ok) return file_.last_event();
  const Result<Layout> layout = read_layout(file_);
  if (!layout) return layout.error();
  layout_ = *layout;
  owner_process_ = ::getpid();
  return start_updater(options_.running_slot);
}

Event DeskBoard::start_updater(SlotIndex running_slot) {
  chip_id_ = infer_chip(file_, layout_);
  updater_.emplace(file_, Options{.workspace = workspace_,
                                  .gaps = gaps_,
                                  .between_units = options_.between_units,
                                  .running_slot = running_slot,
                                  .policy = options_.policy,
                                  .allow_foreign = options_.allow_foreign,
                                  .allow_unconfirmed = options_.force,
                                  .read_only = options_.read_only});
  unavailable_ = {};
  if (updater_->open() == Status::ok) return {};
  const Event error = updater_->last_event();
  if (!is_about_updating(error.code)) return error;
  unavailable_ = error;
  return {};
}

Event DeskBoard::close() {
  if (!updater_) return {};
  // A forked child shares the file but not the right to write it.
  const bool ours = owner_process_ == ::getpid();
  const bool may_pause = ours && !options_.read_only && unavailable_.code == Status::ok;
  const bool failed = may_pause && updater_->pause() != Status::ok;
  const Event error = failed ? updater_->last_event() : Event{};
  updater_.reset();
  file_.close();
  return error;
}

BootSettings DeskBoard::boot_settings() const { return {.policy = options_.policy, .chip_id = chip_id_}; }

Result<BootDecision> DeskBoard::predict() { return predict_boot(file_, layout_, boot_settings(), verify_buffer_); }

Event DeskBoard::reset() {
  if (unavailable_.code == Status::ok && updater_->pause() != Status::ok) return updater_->last_event();
  SlotIndex slot = kNoSlot;
  if (const Event e = run_bootloader(slot); e.failed()) return e;
  if (slot == kNoSlot) {
    unavailable_ = {Status::running_unknown, {}};
    return unavailable_;
  }
  return start_updater(slot);
}

Event DeskBoard::run_bootloader(SlotIndex& slot) {
  if (options_.policy == Policy::dualbank) {
    const Result<BootOutcome> outcome = dualbank::run_bootloader(file_, layout_, boot_settings(), verify_buffer_);
    if (!outcome) return outcome.error();
    slot = outcome->decision.slot;  // as a device does, whatever could not be noted
    return {};
  }
  const Result<BootDecision> decision = predict();
  if (!decision) return decision.error();
  slot = decision->slot;
  return {perform_boot_writes(file_, layout_, *decision), {}};
}

Result<ImageInfo> DeskBoard::verify(const Extent& slot) {
  return verify_slot(file_, slot, ImageRules::vendor(chip_id_, slot.size_bytes, slot.offset), verify_buffer_);
}

Event DeskBoard::drive_in_the_way() {
  if (options_.overwrite_drive) return {};
  return check_drive(file_, layout_, updater_->status().running_slot);
}

Event DeskBoard::erase_filesystem(bool extended) {
  const UpdaterState& state = updater_->status();
  if (extended && !options_.force) {
    if (const Event e = check_slot_for_drive(layout_, state); e.failed()) return e;
  }
  return make_drive(file_, layout_, state.running_slot, extended);
}

bool DeskBoard::boots(Bytes image) {
  const Result<BootDecision> next = predict();
  if (!next) return false;
  const Extent slot = layout_.extent_of(next->slot);
  if (image.empty() || image.size() > slot.size_bytes) return false;
  for (std::size_t at = 0; at < image.size(); at += verify_buffer_.size()) {
    const Bytes piece = image.subspan(at, std::min(verify_buffer_.size(), image.size() - at));
    const MutableBytes held = MutableBytes{verify_buffer_}.first(piece.size());
    if (file_.read(slot.offset + static_cast<std::uint32_t>(at), held) != Status::ok) return false;
    if (!std::equal(piece.begin(), piece.end(), held.begin())) return false;
  }
  return true;
}

}  // namespace dualbank::python
