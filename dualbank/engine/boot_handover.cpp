#include "dualbank/engine/boot_handover.hpp"

#include <algorithm>

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kMagic = 0x3148'4244;  // "DBH1"
constexpr std::size_t kValuesOffset = 8;
constexpr std::size_t kCrcOffset = 20;

}  // namespace

void write_boot_handover(const BootHandover& handover, MutableBytes place) {
  const std::uint32_t head =
      static_cast<std::uint8_t>(handover.slot) | static_cast<std::uint32_t>(handover.reason) << 8 |
      static_cast<std::uint32_t>(handover.trial_boot) << 16 | static_cast<std::uint32_t>(handover.journal.code) << 24;
  const auto& values = handover.journal.values;
  store_words(place, 0, std::array{kMagic, head, values[0], values[1], values[2]});
  store_u32(place, kCrcOffset, crc32(place.first(kCrcOffset)));
}

BootHandover take_boot_handover(MutableBytes place) {
  BootHandover handover;
  if (load_u32(place, 0) == kMagic && load_u32(place, kCrcOffset) == crc32(place.first(kCrcOffset))) {
    handover.slot = static_cast<SlotIndex>(load_u8(place, 4));
    handover.reason = static_cast<BootReason>(load_u8(place, 5));
    handover.trial_boot = load_u8(place, 6);
    handover.journal.code = static_cast<Status>(load_u8(place, 7));
    for (std::size_t i = 0; i < 3; ++i) handover.journal.values[i] = load_u32(place, kValuesOffset + 4 * i);
  }
  std::ranges::fill(place.first(kBootHandoverBytes), std::byte{0});
  return handover;
}

}  // namespace dualbank
