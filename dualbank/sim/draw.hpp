// Numbers that are the same for the same seed, on every machine, and hashes that keep what was seen apart.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dualbank::sim {

/// A linear congruential generator: for choices, not for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E37'79B9'7F4A'7C15 + 1) {}

  /// Precondition: `end` > 0.
  std::uint32_t below(std::uint64_t end) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::uint32_t>((state_ >> 33) % end);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// The hash of what `hash` stands for, followed by `word`.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9FB2'1C65'1E98'DF25;
  return hash ^ (hash >> 32);
}

}  // namespace dualbank::sim
