// A progress bar on a terminal's standard error; nothing anywhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "dualbank/cli/output.hpp"

namespace dualbank::cli {

class Progress {
 public:
  Progress(const Output& output, std::string title, std::uint64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Clears its line.
  ~Progress();

  void show(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::uint64_t done);

  Style style_;
  std::string title_;
  std::uint64_t total_;
  bool active_;
  bool drawn_ = false;
  Clock::time_point last_{};
};

}  // namespace dualbank::cli
