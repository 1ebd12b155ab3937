#include "dualbank/cli/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace dualbank::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenDraws{80};
constexpr std::size_t kMostBar = 40;

}  // namespace

Progress::Progress(const Output& output, std::string title, std::uint64_t total)
    : style_(output.error_style), title_(std::move(title)), total_(total), active_(!output.quiet && is_terminal(2)) {}

Progress::~Progress() {
  if (drawn_) std::fprintf(stderr, "\r\x1b[K");
}

void Progress::show(std::uint64_t done, const std::string& words) {
  if (!active_) return;
  const auto now = Clock::now();
  if (drawn_ && done < total_ && now - last_ < kBetweenDraws) return;
  last_ = now;
  draw(done, words);
}

void Progress::draw(std::uint64_t done, const std::string& words) {
  const std::uint64_t share = total_ == 0 ? 100 : std::min<std::uint64_t>(100, done * 100 / total_);
  const std::string tail = fmt::format(" {:>3} %  {}", share, words);
  const std::size_t taken = title_.size() + tail.size() + 4;
  const std::size_t width = style_.width > taken + 4 ? std::min<std::size_t>(kMostBar, style_.width - taken) : 4;
  const std::size_t full = width * share / 100;
  std::string bar;
  for (std::size_t i = 0; i < width; ++i) bar += i < full ? (style_.unicode ? "█" : "#") : (style_.unicode ? "░" : ".");
  std::fprintf(stderr, "\r\x1b[K%s %s%s", title_.c_str(), style_.paint("36", bar).c_str(), tail.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace dualbank::cli
