// A flash on which the power goes in an operation chosen beforehand, which is left half done. In bootloader and
// application alike: what it counts with stands in RAM that a reset keeps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dualbank/engine/flash.hpp"

namespace device {

/// What the host asks for, and how far it has come. In RAM that nobody else uses and no start-up code clears.
struct CutOrder {
  std::uint32_t magic = 0;            ///< kOrdered, or nothing was asked for since the power came
  std::uint32_t operations_left = 0;  ///< the one that brings it to 0 is cut; 0: none
  std::uint32_t operations_done = 0;  ///< since the order
  std::uint32_t seed = 0;             ///< how the operation is torn

  static constexpr std::uint32_t kOrdered = 0x5AFE'C0DE;
};

enum class Tear : std::uint8_t { nothing, prefix, suffix, bits, all };
inline constexpr std::uint32_t kTears = 5;

struct Cut {
  bool erase = false;
  bool zeroed = false;  ///< the chip programs all of the unit before it erases: it had
  Tear tear = Tear::nothing;
  std::uint32_t address = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t done_bytes = 0;  ///< of a prefix or suffix
};

/// Programs and erases count, reads do not. Not for flashes that cannot program a unit twice, and for those that erase
/// to FF. `power_off` resets the machine; where it returns the operation answers power_lost. `old`: one erase unit.
class CutFlash final : public dualbank::Flash {
 public:
  using PowerOff = void (*)(const Cut&);

  constexpr CutFlash(dualbank::Flash& chip, CutOrder& order, dualbank::MutableBytes old, PowerOff power_off)
      : Flash({}), chip_(&chip), order_(&order), old_(old), power_off_(power_off) {}

  /// First of all, once the chip knows what it is.
  void take_geometry() { geometry_ = chip_->geometry(); }

  dualbank::Status read(std::uint32_t address, dualbank::MutableBytes out) override {
    return chip_->read(address, out);
  }
  dualbank::Status sync() override { return chip_->sync(); }

  dualbank::Status program(std::uint32_t address, dualbank::Bytes bytes) override {
    if (!power_goes()) return chip_->program(address, bytes);
    const auto torn = old_.first(bytes.size());
    std::ranges::copy(bytes, torn.begin());
    Cut cut{.address = address, .size_bytes = static_cast<std::uint32_t>(bytes.size())};
    leave(
        cut, [&](std::size_t i) { torn[i] = std::byte{0xFF}; },
        [&](std::size_t i, std::byte noise) { torn[i] |= noise; });
    (void)chip_->program(address, torn);
    power_off_(cut);
    return dualbank::Status::power_lost;
  }

  dualbank::Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    if (!power_goes()) return chip_->erase(address, size_bytes);
    const auto torn = old_.first(size_bytes);
    (void)chip_->read(address, torn);
    Cut cut{.erase = true, .zeroed = draw() % 4 == 0, .address = address, .size_bytes = size_bytes};
    if (cut.zeroed) std::ranges::fill(torn, std::byte{0});
    const auto keep = [](std::size_t) {};
    leave(
        cut, keep, [&](std::size_t i, std::byte noise) { torn[i] |= noise; },
        [&](std::size_t i) { torn[i] = std::byte{0xFF}; });
    (void)chip_->erase(address, size_bytes);
    for (std::uint32_t at = 0; at < size_bytes; at += geometry_.page_bytes)
      (void)chip_->program(address + at, torn.subspan(at, geometry_.page_bytes));
    power_off_(cut);
    return dualbank::Status::power_lost;
  }

 private:
  bool power_goes() {
    if (order_->magic != CutOrder::kOrdered) return false;
    ++order_->operations_done;
    return order_->operations_left != 0 && --order_->operations_left == 0;
  }

  std::uint32_t draw() {  // xorshift32
    std::uint32_t& s = order_->seed;
    if (s == 0) s = 1;
    s ^= s << 13;
    s ^= s >> 17;
    return s ^= s << 5;
  }

  /// Draws a tear, and calls for each byte: `undone` where it is not reached, `half` where random bits of it are not,
  /// `done` where it is.
  template <typename Undone, typename Half, typename Done>
  void leave(Cut& cut, Undone undone, Half half, Done done) {
    cut.tear = static_cast<Tear>(draw() % kTears);
    if (cut.tear == Tear::prefix || cut.tear == Tear::suffix) cut.done_bytes = draw() % (cut.size_bytes + 1);
    const std::uint32_t dense = draw();  // few bits, half of them, or most
    for (std::uint32_t i = 0; i < cut.size_bytes; ++i) {
      if (cut.tear == Tear::bits) {
        std::uint32_t noise = draw();
        if (dense % 3 == 0) noise &= draw();
        if (dense % 3 == 1) noise |= draw();
        half(i, static_cast<std::byte>(noise >> 8));
        continue;
      }
      const bool reached = cut.tear == Tear::all || (cut.tear == Tear::prefix && i < cut.done_bytes) ||
                           (cut.tear == Tear::suffix && i >= cut.size_bytes - cut.done_bytes);
      reached ? done(i) : undone(i);
    }
  }
  template <typename Undone, typename Half>
  void leave(Cut& cut, Undone undone, Half half) {
    leave(cut, undone, half, [](std::size_t) {});
  }

  dualbank::Flash* chip_;
  CutOrder* order_;
  dualbank::MutableBytes old_;
  PowerOff power_off_;
};

}  // namespace device
