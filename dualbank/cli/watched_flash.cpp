#include "dualbank/cli/watched_flash.hpp"

#include <algorithm>

namespace dualbank::cli {

std::uint32_t WatchedFlash::sector_of(std::uint32_t address) const { return address & ~(geometry_.sector_bytes() - 1); }

Status WatchedFlash::read(std::uint32_t address, MutableBytes out) {
  if (const Status status = below_.read(address, out); status != Status::ok) return status;
  if (kept_.empty() || out.empty()) return Status::ok;
  const std::uint64_t end = std::uint64_t{address} + out.size();
  for (auto it = kept_.lower_bound(sector_of(address)); it != kept_.end() && it->first < end; ++it) {
    const std::uint64_t from = std::max<std::uint64_t>(address, it->first);
    const std::uint64_t to = std::min<std::uint64_t>(end, std::uint64_t{it->first} + it->second.size());
    std::copy_n(it->second.begin() + static_cast<std::ptrdiff_t>(from - it->first), to - from,
                out.begin() + static_cast<std::ptrdiff_t>(from - address));
  }
  return Status::ok;
}

Status WatchedFlash::keep_sector(std::uint32_t address) {
  const std::uint32_t sector = sector_of(address);
  if (kept_.contains(sector)) return Status::ok;
  std::vector<std::byte> bytes(geometry_.sector_bytes());
  if (const Status status = below_.read(sector, bytes); status != Status::ok) return status;
  kept_.emplace(sector, std::move(bytes));
  return Status::ok;
}

Status WatchedFlash::note_program(std::uint32_t address, Bytes bytes) {
  if (changed_.contains(sector_of(address))) return Status::ok;
  std::vector<std::byte> before(bytes.size());
  if (const Status status = read(address, before); status != Status::ok) return status;
  const auto stays = [](std::byte was, std::byte programmed) { return (was & programmed) == was; };
  const bool same = std::ranges::equal(before, bytes, stays);
  if (!same) changed_.insert(sector_of(address));  // one program lies in one page, and so in one sector
  return Status::ok;
}

Status WatchedFlash::note_erase(std::uint32_t address, std::uint32_t size_bytes) {
  std::vector<std::byte> before(geometry_.sector_bytes());
  for (std::uint32_t at = address; at < address + size_bytes; at += geometry_.sector_bytes()) {
    if (const Status status = read(at, before); status != Status::ok) return status;
    if (!all_equal(before, geometry_.erased)) changed_.insert(at);
  }
  return Status::ok;
}

Status WatchedFlash::program(std::uint32_t address, Bytes bytes) {
  if (bytes.empty()) return Status::ok;
  if (const Status status = note_program(address, bytes); status != Status::ok) return status;
  if (mode_ == Mode::write_through) return below_.program(address, bytes);
  if (const Status status = keep_sector(address); status != Status::ok) return status;
  std::vector<std::byte>& sector = kept_.at(sector_of(address));
  const std::size_t at = address - sector_of(address);
  for (std::size_t i = 0; i < bytes.size() && at + i < sector.size(); ++i) sector[at + i] &= bytes[i];
  return Status::ok;
}

Status WatchedFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  if (const Status status = note_erase(address, size_bytes); status != Status::ok) return status;
  if (mode_ == Mode::write_through) return below_.erase(address, size_bytes);
  for (std::uint32_t at = address; at < address + size_bytes; at += geometry_.sector_bytes()) {
    kept_.insert_or_assign(at, std::vector<std::byte>(geometry_.sector_bytes(), geometry_.erased));
  }
  return Status::ok;
}

std::vector<Range> WatchedFlash::changed() const {
  std::vector<Range> ranges;
  for (const std::uint32_t sector : changed_) {
    if (!ranges.empty() && ranges.back().to == sector) {
      ranges.back().to += geometry_.sector_bytes();
    } else {
      ranges.push_back({sector, sector + geometry_.sector_bytes()});
    }
  }
  return ranges;
}

}  // namespace dualbank::cli
