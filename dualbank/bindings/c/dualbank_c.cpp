#include <cstdint>
#include <new>
#include <type_traits>

#include "dualbank/bindings/c/dualbank_c_board.hpp"

namespace {

using dualbank::Bytes;
using dualbank::Event;
using dualbank::MutableBytes;
using dualbank::Options;
using dualbank::Policy;
using dualbank::Status;
using dualbank::Updater;
using dualbank::c::Board;
using dualbank::c::board_of;
using dualbank::c::CFlash;
using dualbank::c::number;

/// For a refusal of open() itself.
struct Refused {
  std::uint32_t state;
  std::uint32_t argument;
};
constexpr std::uint32_t kRefused = 0x4F42'4433;

Bytes bytes_of(const void* bytes, std::size_t size) {
  return bytes == nullptr ? Bytes{} : Bytes{static_cast<const std::byte*>(bytes), size};
}

dualbank::Layout layout_of(const dualbank_layout& given) {
  const auto extent = [](const dualbank_extent& e) { return dualbank::Extent{e.offset, e.size_bytes}; };
  dualbank::Layout layout{
      .slot_count = given.slot_count, .otadata = extent(given.otadata), .factory = extent(given.factory)};
  for (std::size_t i = 0; i < layout.slots.size(); ++i) layout.slots[i] = extent(given.slots[i]);
  return layout;
}

template <class Verb>
dualbank_status call(dualbank_updater* updater, Verb verb) {
  Board* board = board_of(updater);
  return number(board == nullptr ? Status::not_open : verb(board->updater));
}

dualbank_status refuse(dualbank_updater* updater, std::uint32_t argument) {
  new (updater->opaque) Refused{kRefused, argument};
  return number(Status::bad_argument);
}

}  // namespace

extern "C" {

std::uint32_t dualbank_c_version(void) { return DUALBANK_C_MAJOR << 16 | DUALBANK_C_MINOR; }

dualbank_options dualbank_default_options(void) {
  dualbank_options options{};
  options.running_slot = DUALBANK_SLOT_UNKNOWN;
  options.policy = DUALBANK_STOCK;
  options.chip_id = DUALBANK_ANY_CHIP;
  options.table_offset = dualbank::kDefaultTableOffset;
  return options;
}

dualbank_status dualbank_open(dualbank_updater* updater, const dualbank_flash* flash, const dualbank_options* options) {
  const dualbank_options o = options == nullptr ? dualbank_default_options() : *options;
  if (flash->read == nullptr || flash->program == nullptr || flash->erase == nullptr) return refuse(updater, 1);
  if (!CFlash{*flash}.geometry().is_sound()) return refuse(updater, 2);
  if (o.policy > DUALBANK_OWN) return refuse(updater, 3);
  if (o.likeness > DUALBANK_DIFFERENT) return refuse(updater, 4);
  const dualbank::Layout layout = o.layout == nullptr ? dualbank::Layout{} : layout_of(*o.layout);
  auto* board = new (updater->opaque)
      Board{*flash,
            Options{.workspace = MutableBytes{static_cast<std::byte*>(o.workspace), o.workspace_bytes},
                    .gaps = {reinterpret_cast<dualbank::Range*>(o.gaps), o.gap_count},
                    .longest_erase_ms = o.longest_erase_ms,
                    .trust_blank = o.trust_blank,
                    .between_units = o.between_units,
                    .between_units_context = o.between_units_context,
                    .running_slot = o.running_slot,
                    .policy = static_cast<Policy>(o.policy),
                    .chip_id = o.chip_id,
                    .table_offset = o.table_offset,
                    .layout = o.layout == nullptr ? nullptr : &layout,
                    .native = static_cast<const dualbank::NativeForm*>(o.native_records),
                    .anti_rollback = o.anti_rollback,
                    .lowest_secure_version = o.lowest_secure_version,
                    .allow_foreign = o.allow_foreign,
                    .allow_unconfirmed = o.allow_unconfirmed,
                    .read_only = o.read_only},
            static_cast<dualbank::Likeness>(o.likeness)};
  return number(board->updater.open());
}

dualbank_status dualbank_begin(dualbank_updater* updater, const void* identity, size_t identity_bytes,
                               uint32_t length_bytes, const void* header, size_t header_bytes) {
  return call(updater, [&](Updater& u) {
    return u.begin({.identity = bytes_of(identity, identity_bytes),
                    .length_bytes = length_bytes,
                    .header = bytes_of(header, header_bytes),
                    .likeness = board_of(updater)->likeness});
  });
}

dualbank_status dualbank_flash_at(dualbank_updater* updater, const void* bytes, size_t size, uint32_t offset) {
  return call(updater, [&](Updater& u) { return u.flash(bytes_of(bytes, size), offset); });
}
dualbank_status dualbank_flash_next(dualbank_updater* updater, const void* bytes, size_t size) {
  return call(updater, [&](Updater& u) { return u.flash(bytes_of(bytes, size)); });
}
dualbank_status dualbank_switch(dualbank_updater* updater) {
  return call(updater, [](Updater& u) { return u.switch_slot(); });
}
dualbank_status dualbank_switch_to(dualbank_updater* updater, dualbank_slot slot) {
  return call(updater, [slot](Updater& u) { return u.switch_slot(slot); });
}
dualbank_status dualbank_confirm(dualbank_updater* updater) {
  return call(updater, [](Updater& u) { return u.confirm(); });
}
dualbank_status dualbank_rollback(dualbank_updater* updater) {
  return call(updater, [](Updater& u) { return u.rollback(); });
}
dualbank_status dualbank_rollback_to(dualbank_updater* updater, dualbank_slot slot) {
  return call(updater, [slot](Updater& u) { return u.rollback(slot); });
}
dualbank_status dualbank_boot_guard(dualbank_updater* updater, uint8_t most_boots) {
  return call(updater, [most_boots](Updater& u) { return u.boot_guard(most_boots); });
}
dualbank_status dualbank_abandon(dualbank_updater* updater) {
  return call(updater, [](Updater& u) { return u.abandon(); });
}
dualbank_status dualbank_pause(dualbank_updater* updater) {
  return call(updater, [](Updater& u) { return u.pause(); });
}

dualbank_range dualbank_next_missing(const dualbank_updater* updater, uint32_t from) {
  const Board* board = board_of(updater);
  if (board == nullptr || board->updater.layout().slot_count == 0) return {0, 0};
  const dualbank::Range range = board->updater.next_missing(from);
  return {range.from, range.to};
}
bool dualbank_length_known(const dualbank_updater* updater) {
  const Board* board = board_of(updater);
  return board != nullptr && board->updater.length_known();
}

dualbank_state dualbank_status_of(const dualbank_updater* updater) {
  const Board* board = board_of(updater);
  const dualbank::UpdaterState state = board == nullptr ? dualbank::UpdaterState{} : board->updater.status();
  return {.running_slot = state.running_slot,
          .boot_slot = state.boot_slot,
          .next_update_slot = state.next_update_slot,
          .on_trial = state.on_trial,
          .trial_boots = state.trial_boots,
          .update_active = state.update_active,
          .update_slot = state.update_slot,
          .update_length_bytes = state.update_length_bytes,
          .update_granule_bytes = state.update_granule_bytes};
}

dualbank_can_roll_back dualbank_can_rollback(const dualbank_updater* updater) {
  const Board* board = board_of(updater);
  return board == nullptr ? DUALBANK_CAN_UNKNOWN : static_cast<dualbank_can_roll_back>(board->updater.can_rollback());
}

dualbank_event dualbank_last_event(const dualbank_updater* updater) {
  const auto* refused = std::launder(static_cast<const Refused*>(static_cast<const void*>(updater->opaque)));
  if (refused->state == kRefused) return {number(Status::bad_argument), {refused->argument, 0, 0}};
  const Board* board = board_of(updater);
  return dualbank::c::event_of(board == nullptr ? Event{Status::not_open} : board->updater.last_event());
}

}  // extern "C"

static_assert(DUALBANK_UNKNOWN_LENGTH == dualbank::kUnknownLength && DUALBANK_ANY_CHIP == dualbank::kAnyChip);
static_assert(DUALBANK_SLOT_FACTORY == dualbank::kFactorySlot && DUALBANK_SLOT_TEST == dualbank::kTestSlot &&
              DUALBANK_SLOT_NONE == dualbank::kNoSlot && DUALBANK_SLOT_UNKNOWN == dualbank::kUnknownSlot);
static_assert(sizeof(dualbank_range) == sizeof(dualbank::Range) && std::is_standard_layout_v<dualbank::Range>);
static_assert(DUALBANK_CAN == static_cast<int>(dualbank::CanRollBack::yes) &&
              DUALBANK_CAN_UNKNOWN == static_cast<int>(dualbank::CanRollBack::unknown));
static_assert(DUALBANK_STOCK == static_cast<int>(Policy::stock) &&
              DUALBANK_STOCK_ROLLBACK == static_cast<int>(Policy::stock_rollback) &&
              DUALBANK_OWN == static_cast<int>(Policy::dualbank));
static_assert(DUALBANK_STOPPED == static_cast<unsigned>(Status::stopped) &&
              DUALBANK_POWER_LOST == static_cast<unsigned>(Status::power_lost) &&
              DUALBANK_FLASH_TIMEOUT == static_cast<unsigned>(Status::flash_timeout));
