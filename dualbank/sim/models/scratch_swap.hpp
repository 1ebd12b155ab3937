// An updater that copies: the new image is received into a secondary slot, and the bootloader swaps it with the primary
// slot, from where everything runs, sector by sector through a scratch area. As MCUboot's swap using scratch is
// described in its design document ("Image Swapping", "Swap Status", "Reset Recovery"), with permanent
// swaps only, and with one thing as its code was seen to do it: a readable magic in the scratch area wins over whatever
// the primary slot's trailer says.
//
// Each slot ends in a trailer: the swap status (three marks for each sector, the last sector's first), the mark that
// the swap is done, a magic. While the last sector is swapped its status stands in the scratch area, with a magic
// there.
#pragma once

#include <cstdint>
#include <optional>

#include "dualbank/sim/models/model.hpp"

namespace dualbank::sim {

class ScratchSwap final : public Model {
 public:
  /// Precondition: a power of two, 8 at most.
  explicit ScratchSwap(std::uint8_t write_unit_bytes = 1) : write_unit_bytes_(write_unit_bytes) {}

  [[nodiscard]] Geometry geometry() const override;
  void start(NorFlash& flash) const override;
  Status power_session(NorFlash& flash) const override;
  [[nodiscard]] std::optional<int> boots(const NorFlash& flash) const override;

 private:
  std::uint8_t write_unit_bytes_;
};

}  // namespace dualbank::sim
