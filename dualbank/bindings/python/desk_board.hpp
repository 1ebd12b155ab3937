// A board on the desk: a flash file and the updater of the application that runs on it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/drive.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::python {

struct BoardOptions {
  Policy policy = Policy::stock;
  SlotIndex running_slot = kUnknownSlot;  ///< until the first reset()
  bool force = false;                     ///< update while the running image is on trial
  bool allow_foreign = false;             ///< take images without descriptor or SHA-256
  bool overwrite_drive = false;           ///< write the slot although the drive is extended into it
  bool read_only = false;                 ///< look, never write, take no lock
  BetweenUnits between_units = nullptr;
};

/// Acts as a device that has just booted, from open() or reset() on. Not movable: the updater points into it.
class DeskBoard {
 public:
  explicit DeskBoard(const BoardOptions& options) : options_(options) {}
  DeskBoard(const DeskBoard&) = delete;
  DeskBoard& operator=(const DeskBoard&) = delete;
  ~DeskBoard() { close(); }

  /// ok also when the flash cannot be updated (one slot, nothing boots): then `unavailable()` says why, and every verb
  /// of the updater refuses. Errors: those of the file, of the flash and of the partition table.
  [[nodiscard]] Event open(const char* path);

  /// Keeps what was partly received, and gives the file back. Twice is ok.
  Event close();

  /// Does what the bootloader does at the next reset, then opens the updater of what runs now. Errors: those of the
  /// flash, running_unknown when nothing boots.
  [[nodiscard]] Event reset();

  /// What the next reset would do. Reads only.
  [[nodiscard]] Result<BootDecision> predict();

  /// The image in a slot, verified as the bootloader does.
  [[nodiscard]] Result<ImageInfo> verify(const Extent& slot);

  /// Why the other slot may not be touched: storage_extended, unless the options say otherwise. Errors: those of the
  /// flash.
  [[nodiscard]] Event drive_in_the_way();

  /// Makes the drive anew, empty; then the slot that it goes on in, if it is extended, is the one that does not run.
  /// Errors: those of make_drive; of check_slot_for_drive when it is to be extended, unless forced.
  [[nodiscard]] Event erase_filesystem(bool extended);

  /// True when the slot that boots next starts with exactly these bytes.
  [[nodiscard]] bool boots(Bytes image);

  [[nodiscard]] bool is_open() const { return updater_.has_value(); }
  /// The last error of the file, with the system's number.
  [[nodiscard]] const Event& file_event() const { return file_.last_event(); }
  [[nodiscard]] const char* path() const { return path_.c_str(); }
  [[nodiscard]] const Event& unavailable() const { return unavailable_; }
  [[nodiscard]] const BoardOptions& options() const { return options_; }
  /// Preconditions of all below: is_open().
  [[nodiscard]] Updater& updater() { return *updater_; }
  [[nodiscard]] Flash& flash() { return file_; }
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] std::uint16_t chip_id() const { return chip_id_; }

 private:
  static constexpr std::size_t kWorkspaceBytes = 64 * 1024;
  static constexpr std::size_t kGaps = 4096;

  [[nodiscard]] BootSettings boot_settings() const;
  Event start_updater(SlotIndex running_slot);
  [[nodiscard]] Event run_bootloader(SlotIndex& slot);

  BoardOptions options_;
  std::string path_;
  ports::FileFlash file_;
  Layout layout_{};
  std::uint16_t chip_id_ = kAnyChip;
  Event unavailable_{};
  std::optional<Updater> updater_;
  long owner_process_ = 0;
  std::array<std::byte, kWorkspaceBytes> workspace_{};
  std::array<std::byte, kOtadataSectorBytes> verify_buffer_{};
  std::array<Range, kGaps> gaps_{};
};

}  // namespace dualbank::python
