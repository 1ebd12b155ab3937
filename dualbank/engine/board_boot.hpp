// A whole bootloader, but for what a board brings: its start-up code, its flash, a serial line and the jump.
#pragma once

#include <cstdint>

#include "dualbank/engine/boot_handover.hpp"
#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/recovery.hpp"

namespace dualbank {

/// What a bootloader asks of its board beside the flash.
class BootBoard {
 public:
  BootBoard(const BootBoard&) = delete;
  BootBoard& operator=(const BootBoard&) = delete;

  /// Called right before the image is loaded, to say so. Its time is the boot's.
  virtual void starting(const BootHandover& boot) = 0;
  /// No slot holds an image that boots: from here on the serial line is served.
  virtual void recovering() = 0;
  /// Waits for a byte of the serial line, and looks after the watchdog meanwhile. Where nobody may be at the line it
  /// resets after some minutes of silence: the flash may read better then.
  virtual std::byte read() = 0;
  virtual void write(Bytes bytes) = 0;

 protected:
  constexpr BootBoard() = default;
  ~BootBoard() = default;
};

/// In a bootloader's main best a constant of static storage: then the compiler leaves out what it does not ask for.
struct BootParts {
  const Layout& layout;     ///< what a build knows, or read_layout()
  BootSettings settings{};  ///< `memory` is needed; the policy is ours
  MutableBytes buffer{};    ///< at least kRecoveryBytes; more makes verifying and the recovery faster
  MutableBytes handover{};  ///< kBootHandoverBytes, where the application looks for them
};

/// run_bootloader(); then the image in RAM and the handover written: returns the entry to jump to. When no slot is good
/// it serves the serial line until a reset is asked for (Recovery), and returns `stopped`.
/// After errors (those of the flash, and `stopped`): reset.
[[nodiscard]] Result<std::uint32_t> boot(BootBoard& board, Flash& flash, const BootParts& parts);

/// As BootParts; the policy is ours, and there is no guard, no version counter and no native record.
struct CompactBootParts {
  const Layout& layout;                  ///< as of BootParts
  std::span<const LoadRegion> memory{};  ///< where images are loaded to
  std::uint8_t most_tries = kDefaultMostTries;
  MutableBytes buffer{};    ///< as of BootParts
  MutableBytes handover{};  ///< as of BootParts
};

/// As `boot`, for a bootloader of a few kilobytes: run_compact_bootloader() and CompactImages. The image is in RAM when
/// its start is said.
[[nodiscard]] Result<std::uint32_t> boot_compact(BootBoard& board, Flash& flash, const CompactBootParts& parts);

/// The same for images that run where they lie; `memory` is empty.
[[nodiscard]] Result<std::uint32_t> boot_compact_in_place(BootBoard& board, Flash& flash,
                                                          const CompactBootParts& parts);

}  // namespace dualbank
