// The least that a flash can be asked for. Beside the slot both erase and write one boot record, as the format needs
// it.
#include <algorithm>
#include <vector>

#include "bench/ways.hpp"
#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank::bench {
namespace {

constexpr std::uint32_t kSector = 0x1000;
constexpr std::uint32_t kPage = 256;

Bytes piece_of(const Update& update, std::uint32_t at, std::uint32_t size) {
  const auto left = static_cast<std::uint32_t>(update.image.size()) - at;
  return Bytes{update.image}.subspan(at, std::min(size, left));
}

bool holds(const Bench& bench, std::uint32_t at, Bytes piece) {
  return std::ranges::equal(piece, bench.flash.contents().subspan(kSlotOffset + at, piece.size()));
}

/// Some bit must become 1.
bool needs_erase(const Bench& bench, std::uint32_t at, Bytes piece) {
  const Bytes now = bench.flash.contents().subspan(kSlotOffset + at, piece.size());
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if ((piece[i] & ~now[i]) != std::byte{0}) return true;
  }
  return false;
}

void program_what_differs(Bench& bench, const Update& update) {
  for (std::uint32_t at = 0; at < update.image.size(); at += kPage) {
    const Bytes page = piece_of(update, at, kPage);
    if (!holds(bench, at, page)) static_cast<void>(bench.flash.program(kSlotOffset + at, page));
    bench.yield();
  }
  const std::uint32_t record = kOtadataOffset + kOtadataSectorBytes;
  static_cast<void>(bench.flash.erase(record, kSector));
  bench.yield();
  static_cast<void>(bench.flash.program(record, BootRecord::make(4, RecordState::undefined).bytes()));
}

constexpr std::uint64_t kNever = UINT64_MAX / 4;

struct SectorNeed {
  bool must_go = false;
  std::uint64_t price_us = 0;  ///< of erasing it for its neighbours' sake: what it holds is programmed again
};

/// The cheapest erases after which no sector is left that must go.
void erase_cover(Bench& bench, const std::vector<SectorNeed>& needs) {
  const Geometry& geometry = bench.flash.geometry();
  const auto sectors = static_cast<std::uint32_t>(needs.size());
  std::vector<std::uint64_t> cost(sectors + 1, kNever);  // of all from here on
  std::vector<std::uint32_t> step(sectors + 1, 1);       // 0: nothing is erased here
  cost[sectors] = 0;
  for (std::uint32_t s = sectors; s-- > 0;) {
    if (!needs[s].must_go) {
      cost[s] = cost[s + 1];
      step[s] = 0;
    }
    std::uint64_t price = 0;
    for (std::uint32_t count = 1; count <= 16 && s + count <= sectors; ++count) {
      price = std::min(kNever, price + needs[s + count - 1].price_us);
      const std::uint32_t unit = count * kSector;
      const bool exists = (count & (count - 1)) == 0 && (geometry.erase_units & unit) != 0;
      if (!exists || (kSlotOffset + s * kSector) % unit != 0) continue;
      const std::uint64_t whole = 1000 * std::uint64_t{geometry.erase_ms_of(unit)} + price + cost[s + count];
      if (whole >= cost[s]) continue;
      cost[s] = whole;
      step[s] = count;
    }
  }
  for (std::uint32_t s = 0; s < sectors; s += std::max(1U, step[s])) {
    if (step[s] == 0) continue;
    static_cast<void>(bench.flash.erase(kSlotOffset + s * kSector, step[s] * kSector));
    bench.yield();
  }
}

/// `price_us` of a sector that need not go and of one behind the image.
template <class Price>
void erase_for(Bench& bench, const Update& update, Price price_us) {
  std::vector<SectorNeed> needs(kSlotBytes / kSector);
  for (std::uint32_t s = 0; s * kSector < update.image.size(); ++s) {
    const Bytes piece = piece_of(update, s * kSector, kSector);
    needs[s].must_go = needs_erase(bench, s * kSector, piece);
    if (!needs[s].must_go) needs[s].price_us = price_us(piece);
  }
  erase_cover(bench, needs);
}

void all_known(Bench& bench, const Update& update) {
  erase_for(bench, update, [&](Bytes piece) {
    const sim::Part& part = *std::ranges::find(parts(), bench.flash.geometry().erase_ms,
                                               [](const sim::Part& p) { return p.geometry.erase_ms; });
    return piece.size() / kPage * part.times.of_program(kPage, kPage).typical_us;
  });
  program_what_differs(bench, update);
}

void as_it_comes(Bench& bench, const Update& update) {
  // Where images are alike a sector goes when its own bytes have come; else all that the image will need may go.
  erase_for(bench, update, [&](Bytes) { return update.alike ? kNever : 0; });
  program_what_differs(bench, update);
}

constexpr std::array kLimits{
    Way{"all known", "all bytes are known before the first erase", Kind::limit, all_known},
    Way{"as it comes", "the length is known, and whether the images are alike; the bytes when they come", Kind::limit,
        as_it_comes}};

}  // namespace

std::span<const Way> limits() { return kLimits; }

}  // namespace dualbank::bench
