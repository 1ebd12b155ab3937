// Snapshots and digests of the simulated flash: sector by sector, made once for what does not change.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dualbank/sim/draw.hpp"
#include "dualbank/sim/nor_flash.hpp"

namespace dualbank::sim {
namespace {

std::uint64_t hash_of(const void* bytes, std::size_t size, std::uint64_t hash) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  constexpr std::size_t kLanes = 4;  // that do not wait for each other
  std::array<std::uint64_t, kLanes> lanes{};
  for (; size >= 8 * kLanes; size -= 8 * kLanes, at += 8 * kLanes) {
    std::array<std::uint64_t, kLanes> words;
    std::memcpy(words.data(), at, sizeof words);
    for (std::size_t i = 0; i < kLanes; ++i) lanes[i] = mix(lanes[i], words[i]);
  }
  for (const std::uint64_t lane : lanes) hash = mix(hash, lane);
  for (; size >= 8; size -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = mix(hash, word);
  }
  for (; size > 0; --size, ++at) hash = mix(hash, *at);
  return hash;
}

// Bytes of which most are the same. Explorations keep millions of them.
class SparseBytes {
 public:
  void take(const std::uint8_t* bytes, std::uint32_t size, std::uint8_t filler) {
    std::array<std::uint8_t, kUnit> rest;
    rest.fill(filler);
    const auto is_rest = [&](std::uint32_t at) {
      return std::memcmp(bytes + at, rest.data(), std::min(kUnit, size - at)) == 0;
    };
    for (std::uint32_t at = 0; at < size;) {
      const std::uint32_t from = at;
      while (at < size && !is_rest(at)) at += kUnit;
      at = std::min(at, size);
      if (at > from) runs_.push_back({from, at - from});
      while (at < size && is_rest(at)) at += kUnit;
    }
    std::size_t total = 0;
    for (const Run& run : runs_) total += run.size;
    bytes_.reserve(total);
    for (const Run& run : runs_) bytes_.insert(bytes_.end(), bytes + run.from, bytes + run.from + run.size);
    runs_.shrink_to_fit();
  }
  void give(std::uint8_t* into, std::uint32_t size, std::uint8_t filler) const {
    std::memset(into, filler, size);
    const std::uint8_t* from = bytes_.data();
    for (const Run& run : runs_) {
      std::memcpy(into + run.from, from, run.size);
      from += run.size;
    }
  }
  [[nodiscard]] bool empty() const { return runs_.empty(); }

 private:
  static constexpr std::uint32_t kUnit = 16;
  struct Run {
    std::uint32_t from;
    std::uint32_t size;
  };
  std::vector<Run> runs_;
  std::vector<std::uint8_t> bytes_;
};

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

}  // namespace

struct NorFlash::Snapshot::Sector {
  SparseBytes contents;
  SparseBytes marginal;  ///< empty: none
  std::uint32_t marginal_bytes = 0;
  std::vector<std::uint8_t> programmed_units;  ///< empty when units may be programmed again
  std::uint64_t digest = 0;
};

const NorFlash::Snapshot::Sector& NorFlash::shared(std::uint32_t sector) const {
  if (!shared_[sector]) {
    auto made = std::make_shared<Snapshot::Sector>();
    const std::uint32_t size = geometry_.sector_bytes();
    const std::size_t from = std::size_t{sector} * size;
    const auto* contents = reinterpret_cast<const std::uint8_t*>(contents_.data() + from);
    made->contents.take(contents, size, std::to_integer<std::uint8_t>(geometry_.erased));
    if (marginal_bytes_of_[sector] == 0) {
      made->digest = hash_of(contents, size, sector + 1);
    } else {
      const std::uint8_t* marginal = marginal_.data() + from;
      made->marginal.take(marginal, size, 0);
      made->marginal_bytes = marginal_bytes_of_[sector];
      // What a marginal bit reads as just now is no part of what the cells hold.
      std::vector<std::uint8_t> firm{contents, contents + size};
      for (std::size_t i = 0; i < firm.size(); ++i) firm[i] |= marginal[i];
      made->digest = hash_of(marginal, size, hash_of(firm.data(), size, sector + 1));
    }
    if (!programmed_units_.empty()) {
      const std::uint32_t units = size / geometry_.write_unit_bytes;
      const auto first = static_cast<std::ptrdiff_t>(std::size_t{sector} * units);
      made->programmed_units.assign(programmed_units_.begin() + first, programmed_units_.begin() + first + units);
      made->digest = hash_of(made->programmed_units.data(), units, made->digest);
    }
    shared_[sector] = std::move(made);
  }
  return *shared_[sector];
}

NorFlash::Snapshot NorFlash::snapshot() const {
  for (std::uint32_t s = 0; s < shared_.size(); ++s) static_cast<void>(shared(s));
  return {shared_, seed_, boots_};
}

void NorFlash::restore(const Snapshot& snapshot) {
  const std::uint32_t size = geometry_.sector_bytes();
  for (std::uint32_t s = 0; s < shared_.size(); ++s) {
    if (shared_[s] == snapshot.sectors[s]) continue;
    const Snapshot::Sector& from = *snapshot.sectors[s];
    const std::size_t at = std::size_t{s} * size;
    from.contents.give(raw(contents_.data() + at), size, std::to_integer<std::uint8_t>(geometry_.erased));
    if (marginal_bytes_of_[s] != 0 || !from.marginal.empty()) {
      from.marginal.give(marginal_.data() + at, size, 0);
      marginal_bytes_ = marginal_bytes_ - marginal_bytes_of_[s] + from.marginal_bytes;
      marginal_bytes_of_[s] = from.marginal_bytes;
    }
    if (!programmed_units_.empty()) {
      const auto first = static_cast<std::ptrdiff_t>(s * from.programmed_units.size());
      std::copy(from.programmed_units.begin(), from.programmed_units.end(), programmed_units_.begin() + first);
    }
    shared_[s] = snapshot.sectors[s];
  }
  seed_ = snapshot.seed;
  boots_ = snapshot.boots;
  power_on_ = true;
  disarm();
}

std::uint64_t NorFlash::digest() const { return digest(0, geometry_.size_bytes); }

std::uint64_t NorFlash::digest(std::uint32_t address, std::uint32_t size_bytes) const {
  const std::uint32_t sector = geometry_.sector_bytes();
  std::uint64_t hash = 0;
  for (std::uint32_t s = address / sector; s * sector < address + size_bytes; ++s) hash = mix(hash, shared(s).digest);
  return hash;
}

}  // namespace dualbank::sim
