// A board as small as one can be, so that a fuzzer gets through many: boot records, and two slots of 8 KiB with images
// of 1 KiB.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/compact_twin.hpp"
#include "dualbank/sim/firmware_image.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {

inline constexpr std::uint32_t kSlotBytes = 0x2000;
inline constexpr std::uint32_t kImageBytes = 1024;

class SmallBoard {
 public:
  /// Both slots hold an image that boots, and no record is written.
  explicit SmallBoard(Policy policy) : settings_{.policy = policy, .chip_id = sim::kFirmwareChip} {
    static const sim::NorFlash::Snapshot start = made();
    flash.restore(start);
    flash.forget();
    flash.disarm();
  }

  [[nodiscard]] static const std::vector<std::byte>& image(std::size_t index) {
    static const std::array kImages{sim::firmware_image("1.0", kImageBytes, 1),
                                    sim::firmware_image("2.0", kImageBytes, 2),
                                    sim::firmware_image("3.0", kImageBytes + 512, 3)};
    return kImages[index % kImages.size()];
  }
  [[nodiscard]] static const Layout& layout() {
    static const Layout kLayout = [] {
      Layout layout{.slot_count = 2, .otadata = {0, kOtadataBytes}};
      layout.slots[0] = {kOtadataBytes, kSlotBytes};
      layout.slots[1] = {kOtadataBytes + kSlotBytes, kSlotBytes};
      return layout;
    }();
    return kLayout;
  }
  [[nodiscard]] const BootSettings& settings() const { return settings_; }
  [[nodiscard]] Options options() const {
    return {.policy = settings_.policy, .chip_id = settings_.chip_id, .layout = &layout()};
  }

  /// What a reset would boot now; it must verify.
  [[nodiscard]] SlotIndex boots() {
    const auto decision = predict_boot(flash, layout(), settings_, buffer_);
    require(decision.has_value() && decision->slot >= 0 && decision->slot < 2, "something boots");
    require(verifies(decision->slot), "what boots verifies");
    return decision->slot;
  }
  /// The bootloader: its writes, and what runs then; the power may go meanwhile.
  SlotIndex reset() {
    if (settings_.policy == Policy::dualbank) {
      sim::CompactTwin twin{flash, layout(), [this](SlotIndex slot) { return verifies(slot); }};
      twin.run(settings_.most_tries);
      const auto outcome = run_bootloader(flash, layout(), settings_, buffer_);
      if (outcome && flash.power_on()) {
        require(twin.difference(flash, *outcome).empty(), "the compact bootloader does the same");
      }
      return outcome ? outcome->decision.slot : kNoSlot;
    }
    const auto decision = predict_boot(flash, layout(), settings_, buffer_);
    if (!decision || perform_boot_writes(flash, layout(), *decision) != Status::ok) return kNoSlot;
    return decision->slot;
  }

  static inline sim::NorFlash flash{Geometry{.size_bytes = kOtadataBytes + 2 * kSlotBytes}};

 private:
  [[nodiscard]] bool verifies(SlotIndex slot) {
    const ImageRules rules = ImageRules::vendor(settings_.chip_id, kSlotBytes);
    return !check_slot(flash, layout().extent_of(slot), rules, buffer_).failed();
  }
  static sim::NorFlash::Snapshot made() {
    flash.put(layout().slots[0].offset, image(0));
    flash.put(layout().slots[1].offset, image(1));
    return flash.snapshot();
  }

  BootSettings settings_;
  std::array<std::byte, 512> buffer_{};
};

[[nodiscard]] inline Policy policy_of(std::uint8_t number) {
  constexpr std::array kPolicies{Policy::stock, Policy::stock_rollback, Policy::dualbank};
  return kPolicies[number % kPolicies.size()];
}

}  // namespace dualbank::fuzz
