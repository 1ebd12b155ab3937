// Snapshots and digests of the simulated flash: sector by sector, made once for what does not change.
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

}  // namespace

struct NorFlash::Snapshot::Sector {
  std::vector<std::byte> contents;
  std::vector<std::uint8_t> marginal;  ///< empty: none
  std::uint32_t marginal_bytes = 0;
  std::vector<std::uint8_t> programmed_units;  ///< empty when units may be programmed again
  std::uint64_t digest = 0;
};

const NorFlash::Snapshot::Sector& NorFlash::shared(std::uint32_t sector) const {
  if (!shared_[sector]) {
    auto made = std::make_shared<Snapshot::Sector>();
    const std::uint32_t size = geometry_.sector_bytes();
    const auto from = static_cast<std::ptrdiff_t>(std::size_t{sector} * size);
    made->contents.assign(contents_.begin() + from, contents_.begin() + from + size);
    if (marginal_bytes_of_[sector] == 0) {
      made->digest = hash_of(made->contents.data(), size, sector + 1);
    } else {
      made->marginal.assign(marginal_.begin() + from, marginal_.begin() + from + size);
      made->marginal_bytes = marginal_bytes_of_[sector];
      // What a marginal bit reads as just now is no part of what the cells hold.
      std::vector<std::byte> firm = made->contents;
      for (std::size_t i = 0; i < firm.size(); ++i) firm[i] |= std::byte{made->marginal[i]};
      made->digest = hash_of(made->marginal.data(), size, hash_of(firm.data(), size, sector + 1));
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
    const auto at = static_cast<std::ptrdiff_t>(std::size_t{s} * size);
    std::copy(from.contents.begin(), from.contents.end(), contents_.begin() + at);
    if (marginal_bytes_of_[s] != 0 || !from.marginal.empty()) {
      if (from.marginal.empty()) {
        std::fill_n(marginal_.begin() + at, size, std::uint8_t{0});
      } else {
        std::copy(from.marginal.begin(), from.marginal.end(), marginal_.begin() + at);
      }
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
