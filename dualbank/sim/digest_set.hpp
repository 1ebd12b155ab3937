// A set of 64-bit digests for many threads.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

namespace dualbank::sim {

class DigestSet {
 public:
  /// True when it was not there.
  bool insert(std::uint64_t digest) {
    if (digest == 0) digest = 1;
    Shard& shard = shards_[digest >> 58];
    const std::lock_guard lock{shard.mutex};
    return shard.insert(digest);
  }
  [[nodiscard]] std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (const Shard& shard : shards_) sum += shard.used;
    return sum;
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::vector<std::uint64_t> slots = std::vector<std::uint64_t>(1024);  // 0: free
    std::uint64_t used = 0;

    bool insert(std::uint64_t digest) {
      if (used * 4 >= slots.size() * 3) grow();
      if (!place(digest)) return false;
      ++used;
      return true;
    }
    bool place(std::uint64_t digest) {
      const std::uint64_t mask = slots.size() - 1;
      for (std::uint64_t at = digest & mask;; at = (at + 1) & mask) {
        if (slots[at] == digest) return false;
        if (slots[at] != 0) continue;
        slots[at] = digest;
        return true;
      }
    }
    void grow() {
      std::vector<std::uint64_t> old(slots.size() * 2);
      old.swap(slots);
      for (const std::uint64_t digest : old) {
        if (digest != 0) static_cast<void>(place(digest));
      }
    }
  };

  std::array<Shard, 64> shards_;
};

}  // namespace dualbank::sim
