#include "dualbank/engine/erase_plan.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kSectorsOfUnknownUnit = 4;

bool may_go(const Session& session, const Received& received, Range range) {
  for (std::uint32_t at = range.from; at < range.to; at += session.granule_bytes()) {
    const std::uint32_t granule = session.granule_at(at);
    if (session.done(granule) || session.fresh(granule)) return false;
    if (!received.first_in(session.range_of(granule)).empty()) return false;
  }
  return true;
}

}  // namespace

Range plan_erase(const Geometry& geometry, const Session& session, const Received& received, std::uint32_t granule,
                 const EraseBounds& bounds) {
  const Range alone = session.range_of(granule);
  const std::uint32_t slot = session.extent().offset;
  const std::uint32_t sector = geometry.sector_bytes();
  const std::uint32_t sector_ms = geometry.erase_ms_of(sector);
  const std::uint32_t sector_cost = sector_ms != 0 ? sector_ms : 1;
  for (std::uint32_t unit = 0x8000'0000; unit > session.granule_bytes() && !bounds.sectors_alone; unit >>= 1) {
    if ((geometry.erase_units & unit) == 0) continue;
    const std::uint32_t unit_ms = geometry.erase_ms_of(unit);
    const std::uint32_t cost = sector_ms != 0 && unit_ms != 0 ? unit_ms : kSectorsOfUnknownUnit * sector_cost;
    if (bounds.longest_ms != 0 && (unit_ms == 0 || unit_ms > bounds.longest_ms)) continue;
    const std::uint32_t address = (slot + alone.from) & ~(unit - 1);
    if (address < slot || address - slot + unit > session.extent().size_bytes) continue;
    const Range block{address - slot, address - slot + unit};
    std::uint32_t sectors_cost = 0;
    for (std::uint32_t at = block.from; at < block.to && at < bounds.needed_to; at += sector)
      sectors_cost += sector_cost;
    if (cost <= sectors_cost && may_go(session, received, block)) return block;
  }
  return alone;
}

}  // namespace dualbank
