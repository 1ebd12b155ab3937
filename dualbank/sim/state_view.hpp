// What the engine can see of one sector of boot record and journal, and of one slot, in one reading of bits that a cut
// left between 0 and 1. What is left out is listed in state_key.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/sim/draw.hpp"

namespace dualbank::sim {

class Hash {
 public:
  template <class... Words>
  void add(Words... words) {
    ((value_ = mix(value_, static_cast<std::uint64_t>(words) + 1)), ...);
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// An image by its place in state_images().
inline constexpr std::uint8_t kNoImage = 0xFE;

struct SectorView {
  struct Mark {
    std::uint32_t granule = 0;
    std::uint32_t value = kNoMark;
    bool opened = false;
    bool is_cell = false;
  };
  std::uint64_t facts = 0;               ///< a hash of all that does not depend on the other
                                         ///< sector and the slots
  std::uint32_t record_seq = kBlankSeq;  ///< with a CRC that is right
  std::uint32_t intent_seq = kBlankSeq;  ///< while the intended record is not firm
  bool has_session = false;              ///< one that counts; the rest is about it
  Cell session{};
  std::uint8_t identity_image = kNoImage;
  std::uint8_t session_image = kNoImage;
  std::vector<Mark> marks{};
  std::vector<Cell> pieces{};
};

struct SlotView {
  std::uint8_t image = kNoImage;
  std::vector<std::byte> bytes{};
  std::uint32_t crc = 0;        ///< of all bytes
  std::uint32_t image_crc = 0;  ///< of as many as an image has
};

/// `marginal`: the mask of each byte; empty: none.
[[nodiscard]] SectorView view_sector(Bytes sector, Bytes marginal, const Layout& layout);
[[nodiscard]] SlotView view_slot(Bytes slot);

/// What a mark says of the content that is there: that it fits, or which image's it is.
enum class Fit : std::uint8_t { none, voided, yes, image };
struct MarkFit {
  Fit fit = Fit::none;
  std::uint8_t image = kNoImage;
};
[[nodiscard]] MarkFit fit_of(const SectorView::Mark& mark, std::uint32_t granule_bytes, const SlotView& slot);
[[nodiscard]] bool piece_fits(const Cell& piece, const SlotView& slot);

}  // namespace dualbank::sim
