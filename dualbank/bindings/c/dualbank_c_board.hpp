// What stands in a dualbank_updater: a flash over the caller's functions, and the updater on it.
#pragma once

#include <cstdint>
#include <new>
#include <type_traits>

#include "dualbank/bindings/c/dualbank.h"
#include "dualbank/engine/updater.hpp"

namespace dualbank::c {

constexpr dualbank_status number(Status status) { return static_cast<dualbank_status>(status); }
constexpr dualbank_event event_of(const Event& event) {
  return {number(event.code), {event.values[0], event.values[1], event.values[2]}};
}

class CFlash final : public Flash {
 public:
  explicit CFlash(const dualbank_flash& functions) : Flash(geometry_of(functions)), functions_(&functions) {}

  Status read(std::uint32_t address, MutableBytes out) override {
    return Status{functions_->read(functions_->context, address, out.data(), static_cast<std::uint32_t>(out.size()))};
  }
  Status program(std::uint32_t address, Bytes bytes) override {
    return Status{
        functions_->program(functions_->context, address, bytes.data(), static_cast<std::uint32_t>(bytes.size()))};
  }
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    return Status{functions_->erase(functions_->context, address, size_bytes)};
  }
  Status sync() override {
    return functions_->sync == nullptr ? Status::ok : Status{functions_->sync(functions_->context)};
  }

 private:
  static Geometry geometry_of(const dualbank_flash& f) {
    Geometry geometry{.size_bytes = f.size_bytes,
                      .erased = f.erases_to_zero != 0 ? std::byte{0} : std::byte{0xFF},
                      .can_reprogram = f.programs_once == 0};
    if (f.erase_units != 0) geometry.erase_units = f.erase_units;
    if (f.page_bytes != 0) geometry.page_bytes = f.page_bytes;
    if (f.write_unit_bytes != 0) geometry.write_unit_bytes = f.write_unit_bytes;
    for (std::size_t i = 0; i < geometry.erase_ms.size(); ++i) geometry.erase_ms[i] = f.erase_ms[i];
    return geometry;
  }

  const dualbank_flash* functions_;
};

constexpr std::uint32_t kOpened = 0x4F42'4432;

/// Before the first open() zeros stand there, or whatever the caller's memory held.
struct Board {
  Board(const dualbank_flash& functions, const Options& options, Likeness images)
      : policy(options.policy), likeness(images), native(options.native), flash(functions), updater(flash, options) {}

  std::uint32_t state = kOpened;
  Policy policy;
  Likeness likeness;
  const NativeForm* native;
  CFlash flash;
  Updater updater;
};
static_assert(sizeof(Board) <= sizeof(dualbank_updater) && alignof(Board) <= alignof(dualbank_updater));
static_assert(std::is_trivially_destructible_v<Board>, "there is nothing to close");

inline Board* board_of(dualbank_updater* updater) {
  auto* board = std::launder(static_cast<Board*>(static_cast<void*>(updater->opaque)));
  return board->state == kOpened ? board : nullptr;
}
inline const Board* board_of(const dualbank_updater* updater) {
  const auto* board = std::launder(static_cast<const Board*>(static_cast<const void*>(updater->opaque)));
  return board->state == kOpened ? board : nullptr;
}

}  // namespace dualbank::c
