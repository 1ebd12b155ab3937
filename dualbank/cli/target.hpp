// The flash that a verb works on: the file, what is on it, and an updater.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/watched_flash.hpp"
#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/partition_table.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::cli {

enum class Access : std::uint8_t {
  look,   ///< opens read-only, takes no lock, never changes a byte
  write,  ///< takes the lock; with --dry-run, looks and keeps the changes to itself
};

/// Not movable: the updater points into it. Closing keeps what was partly received.
class Target {
 public:
  /// Opens the file, and reads its partition table as far as that goes. Throws Refused for errors of the file.
  Target(const Context& context, Access access);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target();

  [[nodiscard]] Flash& flash() { return *watched_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::uint32_t table_offset() const { return table_offset_; }
  [[nodiscard]] const Result<Layout>& read_table() const { return layout_; }
  /// Throws Refused when the table does not read.
  [[nodiscard]] const Layout& layout() const;
  /// The chip whose flash this is; kAnyChip when nothing tells.
  [[nodiscard]] std::uint16_t chip_id() const { return chip_id_; }
  [[nodiscard]] BootSettings boot_settings() const { return {.policy = policy_, .chip_id = chip_id_}; }

  /// Opens the updater. An event that failed says why this flash cannot be updated, while it can still be looked at.
  /// Throws Refused for damage.
  const Event& open_updater();
  /// Opens the updater. Throws Refused when it cannot update.
  Updater& updater();
  /// Precondition: open_updater() was called.
  [[nodiscard]] Updater& opened() { return *updater_; }

  [[nodiscard]] BootDecision predict();
  [[nodiscard]] BootRecords records();
  /// The image in a slot as the vendor's bootloader verifies it.
  [[nodiscard]] Result<ImageInfo> verify(SlotIndex slot);
  /// All rows of the partition table that read, in its order.
  [[nodiscard]] std::vector<Partition> partitions();
  /// Throws Refused when the flash does not read.
  [[nodiscard]] std::vector<std::byte> read(std::uint32_t address, std::uint32_t size_bytes);

  [[nodiscard]] std::vector<Range> changed() const { return watched_->changed(); }
  /// True when a bootloader's image stands where the chip has it: the file was read from a board, or made to be written.
  [[nodiscard]] bool has_bootloader();
  [[nodiscard]] const ports::FileFlash& file() const { return file_; }

 private:
  static constexpr std::size_t kWorkspaceBytes = 64 * 1024;
  static constexpr std::size_t kGaps = 4096;

  std::string path_;
  std::uint32_t table_offset_;
  Policy policy_;
  Access access_;
  Options options_{};
  ports::FileFlash file_;
  std::optional<WatchedFlash> watched_;
  Result<Layout> layout_{Status::not_open};
  std::uint16_t chip_id_ = kAnyChip;
  std::optional<Updater> updater_;
  Event unavailable_{};
  std::vector<std::byte> workspace_;
  std::vector<Range> gaps_;
  std::vector<std::byte> buffer_;
};

/// True once Ctrl-C was pressed, after `catch_interrupt()`.
[[nodiscard]] bool interrupted();
/// From here on Ctrl-C stops the engine between two flash operations instead of ending the process.
void catch_interrupt();

}  // namespace dualbank::cli
