#include "dualbank/cli/extended_drive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/slot_name.hpp"

namespace dualbank::cli {
namespace {

bool is_circuitpython_drive(const Partition& partition) {
  return partition.is(partition_type::kData, data_subtype::kFat) && printable(partition.label_text()) == "user_fs";
}

}  // namespace

DriveState drive_state(FlashView& view) {
  const Extent fat = view.layout().fat;
  if (!fat.present() || !view.knows({fat.offset, kFatBlockBytes})) return DriveState::none;
  const auto state = look_at_drive(view.flash(), view.layout());
  if (!state) throw Refused(state.error());
  return *state;
}

std::string_view drive_state_name(DriveState state) {
  switch (state) {
    case DriveState::unformatted:
      return "unformatted";
    case DriveState::not_extended:
      return "not_extended";
    case DriveState::extended:
      return "extended";
    case DriveState::none:
      break;
  }
  return "";
}

SlotIndex slot_lent_to_drive(FlashView& view, SlotIndex running) {
  return drive_state(view) == DriveState::extended ? slot_for_drive(view.layout(), running) : kNoSlot;
}

Json drive_json(FlashView& view, SlotIndex running) {
  const DriveState state = drive_state(view);
  if (state == DriveState::none) return nullptr;
  const Extent fat = view.layout().fat;
  return {{"state", drive_state_name(state)},
          {"offset", fat.offset},
          {"size", fat.size_bytes},
          {"slot", slot_json(slot_lent_to_drive(view, running))}};
}

Event drive_event(FlashView& view, SlotIndex running) {
  if (drive_state(view) != DriveState::extended) return {};
  return check_drive(view.flash(), view.layout(), running);
}

bool will_be_extended(FlashView& view) {
  if (view.layout().slot_count < 2 || drive_state(view) != DriveState::unformatted) return false;
  const auto partitions = view.partitions();
  return std::any_of(partitions.begin(), partitions.end(), is_circuitpython_drive);
}

std::string will_be_extended_text(FlashView& view, SlotIndex running) {
  return fmt::format(
      "the drive (user_fs) holds no FAT file system: the next boot of CircuitPython makes one that is extended into "
      "{}, "
      "and then refuses updates",
      slot_name(slot_for_drive(view.layout(), running)));
}

void note_will_be_extended(Context& context, FlashView& view, SlotIndex running) {
  if (!will_be_extended(view)) return;
  context.out.note("{}", will_be_extended_text(view, running));
  Refused cure("", "", kWillBeExtendedCure);
  cure.name_target(context.target_word());
  context.out.note("  {}", cure.cure());
}

void require_slot_free_of_drive(Context& context, Target& target) {
  const SlotIndex running = target.updater().status().running_slot;
  if (!context.args.has(kOverwriteDrive.flags)) require(drive_event(target.view(), running));
  context.out.result()["drive"] = drive_json(target.view(), running);
  note_will_be_extended(context, target.view(), running);
}

}  // namespace dualbank::cli
