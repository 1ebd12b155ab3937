// A whole chip in a file, byte for byte what a tool reads off a board. Needs POSIX.
#pragma once

#include <cstdint>

#include "dualbank/engine/flash.hpp"

namespace dualbank::ports {

/// Opening reads nothing but the file's size, which is the chip's: whole sectors of 4 KiB, 128 MiB at most.
///
/// Writing takes the file for itself (an advisory lock, flock); looking takes no lock and may happen meanwhile: what it
/// sees can then be half written. When a verb has returned, other programs see what it wrote; sync() returns when the
/// disk has it.
///
/// A file that did not open is a chip of 0 bytes, each verb of which returns the reason: look at status() first.
/// Errors of the verbs: those of open(); flash_out_of_range, flash_misaligned, file_read_only, file_io.
class FileFlash final : public Flash {
 public:
  static constexpr std::uint32_t kSectorBytes = 0x1000;
  static constexpr std::uint32_t kMostBytes = 128U << 20;

  /// Nothing is open: status() is file_not_found.
  constexpr FileFlash() : Flash(kClosed) {}
  /// Opens; status() says how that went.
  explicit FileFlash(const char* path, bool read_only = false) : FileFlash() { (void)open(path, read_only); }
  ~FileFlash() { close(); }

  /// Opens another file. Errors: file_not_found, file_no_permission, file_not_regular, file_in_use (not read_only),
  /// file_too_short, file_not_sectors, file_too_long, file_io.
  Status open(const char* path, bool read_only = false);
  /// Gives the file back. Twice is fine.
  void close();

  /// Why the file is not open; ok when it is.
  [[nodiscard]] Status status() const { return opened_; }
  /// The last error with its values (sizes of the file, the system's error number), for explain().
  [[nodiscard]] const Event& last_event() const { return event_; }

  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override;
  Status sync() override;

  /// Makes a file that is an erased chip. `replace`: also where there is one, unless it is in use.
  /// Errors: file_exists, file_in_use, file_no_permission, file_not_found (its folder), file_not_regular, file_io; for
  /// the size file_too_short, file_not_sectors, file_too_long. A file that could not be made whole is removed.
  [[nodiscard]] static Event create(const char* path, std::uint32_t size_bytes, bool replace = false);

 private:
  static constexpr Geometry kClosed{.erase_units = 0x1'1000};

  Status fail(const Event& event);
  Status fail(Status code, std::uint32_t address, std::size_t size_bytes);

  int file_ = -1;
  bool read_only_ = false;
  Status opened_ = Status::file_not_found;
  Event event_{Status::file_not_found, {}};
};

}  // namespace dualbank::ports
