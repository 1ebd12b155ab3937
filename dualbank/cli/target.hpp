// The flash that a verb works on: the file, what is on it, and an updater.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/flash_view.hpp"
#include "dualbank/cli/trust.hpp"
#include "dualbank/cli/watched_flash.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/ports/file/file_flash.hpp"

namespace dualbank::cli {

enum class Access : std::uint8_t {
  look,   ///< opens read-only, takes no lock, never changes a byte
  write,  ///< takes the lock; with --dry-run, looks and keeps the changes to itself
};

/// Not movable: the updater points into it. Closing keeps what was partly received.
class Target {
 public:
  /// Opens the file, and looks at what is on it. Throws Refused for errors of the file.
  Target(const Context& context, Access access);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target();

  [[nodiscard]] FlashView& view() { return *view_; }
  [[nodiscard]] Trust& trust() { return trust_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// Opens the updater. An event that failed says why this flash cannot be updated, while it can still be looked at.
  /// Throws Refused for damage.
  const Event& open_updater();
  /// Opens the updater. Throws Refused when it cannot update.
  Updater& updater();
  /// Precondition: open_updater() was called.
  [[nodiscard]] Updater& opened() { return *updater_; }

  [[nodiscard]] std::vector<Range> changed() const { return watched_->changed(); }
  [[nodiscard]] const ports::FileFlash& file() const { return file_; }

 private:
  static constexpr std::size_t kWorkspaceBytes = 64 * 1024;
  static constexpr std::size_t kGaps = 4096;

  std::string path_;
  Access access_;
  Trust trust_;
  Options options_{};
  ports::FileFlash file_;
  std::optional<WatchedFlash> watched_;
  std::optional<FlashView> view_;
  std::optional<Updater> updater_;
  Event unavailable_{};
  std::vector<std::byte> workspace_;
  std::vector<Range> gaps_;
};

}  // namespace dualbank::cli
