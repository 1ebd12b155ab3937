// What is measured: a board of 4 MiB with two slots of 1,408 KiB, four updates of it, and what an update costs its
// flash.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/parts.hpp"

namespace dualbank::bench {

inline constexpr std::uint32_t kSlotBytes = 0x16'0000;
inline constexpr std::uint32_t kOtadataOffset = 0xE000;
inline constexpr std::uint32_t kRunningOffset = 0x1'0000;                  // ota_0
inline constexpr std::uint32_t kSlotOffset = kRunningOffset + kSlotBytes;  // ota_1, which is written

struct Update {
  std::string_view name;
  std::string_view says;
  bool alike = false;            ///< most sectors of the slot hold the right bytes already
  std::vector<std::byte> slot;   ///< what ota_1 holds before
  std::vector<std::byte> image;  ///< what it is to hold
};

/// "other": another image over a whole one; "tenth": a tenth of its sectors is new; "same": all of it is there;
/// "blank": the first image of this slot.
[[nodiscard]] std::span<const Update> updates();

/// What was asked of a flash, by the part's typical figures.
struct Cost {
  std::uint64_t total_us = 0;    ///< of erases and programs
  std::uint64_t longest_us = 0;  ///< without a return, or a call between two operations
  std::uint64_t erases = 0;
  std::uint64_t programmed_bytes = 0;
  std::uint32_t most_erases = 0;  ///< of one sector
};

/// The board before an update, and the clock beside it.
class Bench {
 public:
  Bench(const sim::Part& part, const Update& update);

  sim::NorFlash flash;

  /// The caller has the processor again.
  void yield();
  [[nodiscard]] Cost cost();

 private:
  std::uint64_t since_us_ = 0;
  std::uint64_t longest_us_ = 0;
};

/// Four parts with figures from datasheets.
[[nodiscard]] std::span<const sim::Part> parts();

}  // namespace dualbank::bench
