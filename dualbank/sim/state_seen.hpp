// What an exploration of states has seen, and the fewest cuts that it took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dualbank::sim {

/// From 64-bit keys to small numbers of cuts, in 9 bytes for each place.
class FewestCuts {
 public:
  /// Notes it. False when it was seen with as few cuts.
  bool improve(std::uint64_t key, unsigned cuts) {
    if (used_ * 4 >= keys_.size() * 3) grow();
    if (key == kFree) key = 1;
    const std::size_t at = place_of(key);
    if (keys_[at] == key && cuts_[at] <= cuts) return false;
    if (keys_[at] == kFree) ++used_;
    keys_[at] = key;
    cuts_[at] = static_cast<std::uint8_t>(cuts);
    return true;
  }
  /// Precondition: it was noted.
  [[nodiscard]] unsigned at(std::uint64_t key) const { return cuts_[place_of(key == kFree ? 1 : key)]; }

 private:
  static constexpr std::uint64_t kFree = 0;

  [[nodiscard]] std::size_t place_of(std::uint64_t key) const {
    const std::size_t mask = keys_.size() - 1;
    std::size_t at = key & mask;
    while (keys_[at] != kFree && keys_[at] != key) at = (at + 1) & mask;
    return at;
  }
  void grow() {
    std::vector<std::uint64_t> keys(keys_.size() * 2);
    std::vector<std::uint8_t> cuts(keys_.size() * 2);
    keys.swap(keys_);
    cuts.swap(cuts_);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == kFree) continue;
      const std::size_t at = place_of(keys[i]);
      keys_[at] = keys[i];
      cuts_[at] = cuts[i];
    }
  }

  std::vector<std::uint64_t> keys_ = std::vector<std::uint64_t>(1024);
  std::vector<std::uint8_t> cuts_ = std::vector<std::uint8_t>(1024);
  std::size_t used_ = 0;
};

}  // namespace dualbank::sim
