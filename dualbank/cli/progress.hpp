// A progress bar on a terminal's standard error; nothing anywhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/output.hpp"

namespace dualbank::cli {

class Progress {
 public:
  Progress(const Output& output, std::string title, std::uint64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Clears its line.
  ~Progress();

  void show(std::uint64_t done) { show(done, used_text(done, total_)); }
  /// The same with other words at the end than "1.5 of 2.0 MiB".
  void show(std::uint64_t done, const std::string& words);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::uint64_t done, const std::string& words);

  Style style_;
  std::string title_;
  std::uint64_t total_;
  bool active_;
  bool drawn_ = false;
  Clock::time_point last_{};
};

}  // namespace dualbank::cli
