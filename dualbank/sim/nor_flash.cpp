#include "dualbank/sim/nor_flash.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

namespace dualbank::sim {
namespace {

// splitmix64: the same seed, boot and address give the same bits, whatever was drawn before.
std::uint64_t draw(std::uint32_t seed, std::uint32_t salt, std::uint32_t address) {
  std::uint64_t z = (std::uint64_t{seed} << 32 | salt) + 0x9E37'79B9'7F4A'7C15 * (std::uint64_t{address} + 1);
  z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
  z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
  return z ^ (z >> 31);
}

constexpr std::uint32_t kTearSalt = 0xFFFF'FFFF;

std::uint8_t blend(std::uint8_t old, std::uint8_t wanted, std::uint8_t take) {
  return static_cast<std::uint8_t>((old & ~take) | (wanted & take));
}

}  // namespace

/// Of one byte: what the operation wants, which bits it drives, which of these it gets done, which it leaves marginal.
struct NorFlash::Change {
  std::uint8_t wanted = 0;
  std::uint8_t drives = 0xFF;
  std::uint8_t done = 0xFF;
  std::uint8_t leaves_marginal = 0;
};

NorFlash::NorFlash(const Geometry& geometry) : Flash(geometry) {
  if (!geometry.is_sound()) throw std::invalid_argument("NorFlash: the geometry's numbers do not fit each other");
  const std::uint32_t sectors = geometry.size_bytes / geometry.sector_bytes();
  contents_.assign(geometry.size_bytes, geometry.erased);
  marginal_.assign(geometry.size_bytes, 0);
  marginal_bytes_of_.assign(sectors, 0);
  sector_erases_.assign(sectors, 0);
  shared_.resize(sectors);
  if (!geometry.can_reprogram) programmed_units_.assign(geometry.size_bytes / geometry.write_unit_bytes, 0);
}

NorFlash::NorFlash(const Part& part) : NorFlash(part.geometry) { times_ = part.times; }

bool NorFlash::in_range(std::uint32_t address, std::size_t size) const {
  return address <= contents_.size() && size <= contents_.size() - address;
}

Status NorFlash::violate(Violation::Kind kind, std::uint32_t address, std::uint32_t size, Status answer) {
  violations_.push_back({kind, address, size});
  return answer;
}

Status NorFlash::read(std::uint32_t address, MutableBytes out) {
  if (!power_on_) return Status::power_lost;
  if (!in_range(address, out.size())) {
    return violate(Violation::Kind::out_of_range, address, static_cast<std::uint32_t>(out.size()),
                   Status::flash_out_of_range);
  }
  if (fail_read_armed_ && fail_read_in_-- == 0) {
    fail_read_armed_ = false;
    return fail_read_error_;
  }
  std::copy_n(contents_.begin() + address, out.size(), out.begin());
  ++counts_.reads;
  counts_.bytes_read += out.size();
  if (times_.spi_clock_hz != 0) elapsed_.add(times_.of_read(out.size()));
  return Status::ok;
}

Status NorFlash::check_program(std::uint32_t address, Bytes bytes) {
  using Kind = Violation::Kind;
  const auto size = static_cast<std::uint32_t>(bytes.size());
  if (!in_range(address, bytes.size())) return violate(Kind::out_of_range, address, size, Status::flash_out_of_range);
  const std::uint32_t unit = geometry_.write_unit_bytes;
  if (address % unit != 0 || size % unit != 0)
    return violate(Kind::misaligned, address, size, Status::flash_misaligned);
  if (address / geometry_.page_bytes != (address + size - 1) / geometry_.page_bytes) {
    return violate(Kind::crosses_page, address, size, Status::flash_misaligned);
  }
  if (!geometry_.can_reprogram) {
    for (std::uint32_t u = address / unit; u < (address + size) / unit; ++u) {
      if (programmed_units_[u] != 0) return violate(Kind::programs_again, address, size, Status::flash_not_erased);
    }
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::byte programmed = contents_[address + i] ^ geometry_.erased;
    const std::byte stays_erased = ~(bytes[i] ^ geometry_.erased);
    if ((programmed & stays_erased) != std::byte{0}) {
      return violate(Kind::sets_bits, address + i, 1, Status::flash_not_erased);
    }
  }
  return Status::ok;
}

Status NorFlash::program(std::uint32_t address, Bytes bytes) {
  if (!power_on_) return Status::power_lost;
  if (bytes.empty()) return Status::ok;
  if (const Status s = check_program(address, bytes); s != Status::ok) return s;
  return perform({OpKind::program, address, static_cast<std::uint32_t>(bytes.size())}, bytes);
}

Status NorFlash::erase(std::uint32_t address, std::uint32_t size_bytes) {
  using Kind = Violation::Kind;
  if (!power_on_) return Status::power_lost;
  if (!std::has_single_bit(size_bytes) || (geometry_.erase_units & size_bytes) == 0 || address % size_bytes != 0) {
    return violate(Kind::wrong_erase_unit, address, size_bytes, Status::flash_misaligned);
  }
  if (!in_range(address, size_bytes))
    return violate(Kind::out_of_range, address, size_bytes, Status::flash_out_of_range);
  return perform({OpKind::erase, address, size_bytes}, {});
}

Status NorFlash::sync() {
  if (!power_on_) return Status::power_lost;
  ++counts_.syncs;
  return Status::ok;
}

Status NorFlash::perform(const Op& op, Bytes data) {
  if (fail_armed_ && fail_in_-- == 0) {
    fail_armed_ = false;
    return fail_error_;
  }
  Op done = op;
  done.cut = cut_armed_ && cut_in_-- == 0;
  if (witness_) witness_(done, data);
  if (done.cut) {
    cut_armed_ = false;
    power_on_ = false;
    seed_ = tear_.seed;
  }
  apply(op, data, done.cut ? tear_ : Tear{.kind = Tear::Kind::after});
  account(done);
  if (observer_) observer_(done);
  return done.cut ? Status::power_lost : Status::ok;
}

void NorFlash::tear(const Op& op, Bytes data, const Tear& how) {
  cut_armed_ = false;
  power_on_ = false;
  seed_ = how.seed;
  apply(op, data, how);
}

void NorFlash::touch(std::uint32_t address, std::size_t size_bytes) {
  const std::uint32_t shift = static_cast<std::uint32_t>(std::countr_zero(geometry_.sector_bytes()));
  for (std::size_t s = address >> shift; s << shift < address + size_bytes; ++s) shared_[s].reset();
}

void NorFlash::apply(const Op& op, Bytes data, const Tear& tear) {
  if (tear.kind == Tear::Kind::before) return;
  touch(op.address, op.size_bytes);
  if (tear.kind == Tear::Kind::after && !has_marginal_bits(op.address, op.size_bytes) &&
      geometry_.erased == std::byte{0xFF}) {
    const auto at = contents_.begin() + op.address;
    if (op.kind == OpKind::erase) {
      std::fill_n(at, op.size_bytes, geometry_.erased);
    } else {
      std::transform(data.begin(), data.end(), at, at, [](std::byte a, std::byte b) { return a & b; });
    }
    note_programmed(op, tear);
    return;
  }
  const bool erases = op.kind == OpKind::erase;
  const bool still_programs = erases && tear.programs_first && tear.still_programs;
  const std::uint32_t unit = erases ? geometry_.page_bytes : geometry_.write_unit_bytes;
  const std::uint32_t units = op.size_bytes / unit;
  const std::uint32_t done_units = std::min(tear.units, units);
  const auto erased = std::to_integer<std::uint8_t>(geometry_.erased);

  for (std::uint32_t i = 0; i < op.size_bytes; ++i) {
    const std::uint32_t address = op.address + i;
    if (erases && tear.programs_first && !still_programs && tear.kind != Tear::Kind::after) {
      change_byte(address, {.wanted = static_cast<std::uint8_t>(~erased)});
    }
    Change change;
    change.wanted = erases ? erased : std::to_integer<std::uint8_t>(data[i]);
    if (still_programs && tear.kind != Tear::Kind::after) change.wanted = static_cast<std::uint8_t>(~erased);
    if (!erases) change.drives = change.wanted ^ erased;
    const std::uint32_t at = i / unit;
    if (tear.kind == Tear::Kind::prefix) {
      change.done = at < done_units ? 0xFF : 0;
      if (tear.marginal && at == done_units) change.leaves_marginal = 0xFF;
    } else if (tear.kind == Tear::Kind::suffix) {
      change.done = at >= units - done_units ? 0xFF : 0;
      if (tear.marginal && at + 1 == units - done_units) change.leaves_marginal = 0xFF;
    } else if (tear.kind == Tear::Kind::bits) {
      const std::uint64_t bits = draw(tear.seed, kTearSalt, address);
      change.done = static_cast<std::uint8_t>(bits);
      if (tear.marginal) change.leaves_marginal = static_cast<std::uint8_t>(bits >> 8);
    }
    change_byte(address, change);
  }
  note_programmed(op, tear);
}

void NorFlash::note_programmed(const Op& op, const Tear& tear) {
  const bool erases = op.kind == OpKind::erase;
  if (geometry_.can_reprogram) return;
  const std::uint32_t write_unit = geometry_.write_unit_bytes;
  const bool whole = tear.kind == Tear::Kind::after;
  if (erases && !whole && !tear.programs_first) return;  // a half erased unit is not programmable
  for (std::uint32_t u = op.address / write_unit; u < (op.address + op.size_bytes) / write_unit; ++u) {
    programmed_units_[u] = erases && whole ? 0 : 1;
  }
}

void NorFlash::change_byte(std::uint32_t address, const Change& change) {
  const auto old = std::to_integer<std::uint8_t>(contents_[address]);
  const std::uint8_t was_marginal = marginal_[address];
  const auto disputed = static_cast<std::uint8_t>(change.drives & ((old ^ change.wanted) | was_marginal));
  const auto new_marginal = static_cast<std::uint8_t>(disputed & change.leaves_marginal);
  const auto done = static_cast<std::uint8_t>(change.drives & change.done & ~new_marginal);
  contents_[address] = std::byte{blend(old, change.wanted, done)};
  set_marginal(address, static_cast<std::uint8_t>((was_marginal & ~done) | new_marginal));
}

void NorFlash::set_marginal(std::uint32_t address, std::uint8_t mask) {
  std::uint8_t& now = marginal_[address];
  if ((now == 0) != (mask == 0)) {
    const std::uint32_t change = mask == 0 ? ~0U : 1U;
    marginal_bytes_of_[address / geometry_.sector_bytes()] += change;
    marginal_bytes_ += change;
  }
  now = mask;
}

void NorFlash::account(const Op& op) {
  log_.push_back(op);
  const bool programs = op.kind == OpKind::program;
  if (times_.known()) {
    elapsed_.add(programs ? times_.of_program(op.size_bytes, geometry_.page_bytes) : times_.of_erase(op.size_bytes));
  }
  if (programs) {
    ++counts_.programs;
    counts_.bytes_programmed += op.size_bytes;
    return;
  }
  ++counts_.erases;
  const std::uint32_t sector = geometry_.sector_bytes();
  for (std::uint32_t s = op.address / sector; s < (op.address + op.size_bytes) / sector; ++s) ++sector_erases_[s];
}

void NorFlash::put(std::uint32_t address, Bytes bytes) {
  if (!in_range(address, bytes.size())) throw std::out_of_range("NorFlash::put: beyond the chip");
  std::copy(bytes.begin(), bytes.end(), contents_.begin() + address);
  if (bytes.empty()) return;
  touch(address, bytes.size());
  const auto last = static_cast<std::uint32_t>(address + bytes.size() - 1);
  for (std::uint32_t at = address; at <= last; ++at) set_marginal(at, 0);
  if (geometry_.can_reprogram) return;
  const std::uint32_t unit = geometry_.write_unit_bytes;
  for (std::uint32_t u = address / unit; u <= last / unit; ++u) {
    const bool erased = all_equal(contents().subspan(std::size_t{u} * unit, unit), geometry_.erased);
    programmed_units_[u] = erased ? 0 : 1;
  }
}

void NorFlash::cut_at(std::uint32_t index, const Tear& tear) {
  cut_armed_ = true;
  cut_in_ = index;
  tear_ = tear;
}

void NorFlash::reboot(MarginalBits reads) {
  power_on_ = true;
  disarm();
  reset(reads);
}

void NorFlash::reset(MarginalBits reads) {
  ++boots_;
  const auto erased = std::to_integer<std::uint8_t>(geometry_.erased);
  if (marginal_bytes_ == 0) return;
  for (std::uint32_t sector = 0; sector < marginal_bytes_of_.size(); ++sector) {
    if (marginal_bytes_of_[sector] == 0) continue;
    touch(sector * geometry_.sector_bytes(), 1);
    std::uint32_t left = marginal_bytes_of_[sector];
    for (std::uint32_t address = sector * geometry_.sector_bytes(); left > 0; ++address) {
      if (marginal_[address] == 0) continue;
      --left;
      std::uint8_t now = static_cast<std::uint8_t>(draw(seed_, boots_, address));
      if (reads == MarginalBits::programmed) now = static_cast<std::uint8_t>(~erased);
      if (reads == MarginalBits::erased) now = erased;
      contents_[address] = std::byte{blend(std::to_integer<std::uint8_t>(contents_[address]), now, marginal_[address])};
    }
  }
}

bool NorFlash::has_marginal_bits(std::uint32_t address, std::uint32_t size_bytes) const {
  const std::uint32_t sector = geometry_.sector_bytes();
  for (std::uint32_t s = address / sector; s * sector < address + size_bytes; ++s) {
    if (marginal_bytes_of_[s] != 0) return true;
  }
  return false;
}

std::byte NorFlash::marginal_at(std::uint32_t address) const { return std::byte{marginal_.at(address)}; }

void NorFlash::fail_at(std::uint32_t index, Status error) {
  fail_armed_ = true;
  fail_in_ = index;
  fail_error_ = error;
}

void NorFlash::fail_read_at(std::uint32_t index, Status error) {
  fail_read_armed_ = true;
  fail_read_in_ = index;
  fail_read_error_ = error;
}

std::uint32_t NorFlash::erases_of(std::uint32_t address) const {
  return sector_erases_.at(address / geometry_.sector_bytes());
}

void NorFlash::forget() {
  counts_ = {};
  elapsed_ = {};
  std::fill(sector_erases_.begin(), sector_erases_.end(), 0);
  log_.clear();
  violations_.clear();
}

}  // namespace dualbank::sim
