#include "dualbank/sim/state_key.hpp"

#include <algorithm>

#include "dualbank/sim/state_starts.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kTopMargin = 0x1000;  // the engine's: records so near the top are renewed
constexpr std::uint32_t kNearTop = 16;        // more numbers than the calls up to that renewal use
constexpr std::size_t kMostKept = 200'000;

/// The first two are never sent. The others may have changed places.
constexpr std::uint8_t number_of(std::uint8_t image, bool swapped) {
  if (image == kNoImage) return kNoImage;
  if (image < kImageA) return kRanBefore;
  return swapped ? static_cast<std::uint8_t>(kImageA + kImageB - image) : image;
}

}  // namespace

// Sectors with marginal bits that something reads now are told apart by their bytes as well.
std::uint64_t StateKeys::place_in_cache(const Extent& extent, Reading reading) const {
  const std::uint64_t digest = board_.flash.digest(extent.offset, extent.size_bytes);
  if (!board_.flash.has_marginal_bits(extent.offset, extent.size_bytes)) return digest;
  std::uint64_t place = mix(digest, 1U + static_cast<std::uint8_t>(reading));
  if (reading != Reading::now) return place;
  const Bytes now = board_.flash.contents().subspan(extent.offset, extent.size_bytes);
  for (std::size_t at = 0; at < now.size(); at += 4) place = mix(place, load_u32(now, at));
  return place;
}

Bytes StateKeys::bytes_of(const Extent& extent, Reading reading) {
  const Bytes now = board_.flash.contents().subspan(extent.offset, extent.size_bytes);
  marginal_.clear();
  if (!board_.flash.has_marginal_bits(extent.offset, extent.size_bytes)) return now;
  bytes_.assign(now.begin(), now.end());
  marginal_.resize(now.size());
  for (std::uint32_t i = 0; i < extent.size_bytes; ++i) {
    const std::byte mask = marginal_[i] = board_.flash.marginal_at(extent.offset + i);
    if (reading == Reading::erased) bytes_[i] |= mask;
    if (reading == Reading::programmed) bytes_[i] &= ~mask;
  }
  return bytes_;
}

const SectorView& StateKeys::sector(const Extent& extent, Reading reading) {
  const auto [at, is_new] = sectors_.try_emplace(place_in_cache(extent, reading));
  if (is_new) {
    const Bytes bytes = bytes_of(extent, reading);
    at->second = view_sector(bytes, marginal_, board_.layout());
  }
  return at->second;
}

const SlotView& StateKeys::slot(const Extent& extent, Reading reading) {
  const auto [at, is_new] = slots_.try_emplace(place_in_cache(extent, reading));
  if (is_new) at->second = view_slot(bytes_of(extent, reading));
  return at->second;
}

void StateKeys::look(Reading reading) {
  const Layout& layout = board_.layout();
  View& view = views_.emplace_back();
  for (unsigned i = 0; i < 2; ++i) {
    view.sectors[i] = &sector({layout.otadata.offset + i * kOtadataSectorBytes, kOtadataSectorBytes}, reading);
    seqs_.push_back(view.sectors[i]->record_seq);
    seqs_.push_back(view.sectors[i]->intent_seq);
  }
  for (SlotIndex i = 0; i < layout.slot_count; ++i) view.slots.push_back(&slot(layout.extent_of(i), reading));
  if (layout.factory.present()) view.factory = &slot(layout.factory, reading);
}

void StateKeys::rank_seqs() {
  std::sort(seqs_.begin(), seqs_.end());
  seqs_.erase(std::unique(seqs_.begin(), seqs_.end()), seqs_.end());
}

void StateKeys::add_seq(Hash& hash, std::uint32_t seq) const {
  if (seq == kBlankSeq) return hash.add(0);
  const auto rank = std::lower_bound(seqs_.begin(), seqs_.end(), seq) - seqs_.begin();
  const std::uint32_t to_top = kHighestSeq - seq;
  hash.add(rank + 1, slot_of_seq(seq, board_.layout().slot_count), seq == 0,
           to_top < kNearTop ? to_top : kNearTop + (to_top >= kTopMargin ? 1U : 0U));
}

void StateKeys::add_session(Hash& hash, const SectorView& sector, const SlotView& slot, bool swapped) {
  hash.add(sector.session.a, sector.session.b, sector.session.c, sector.session.d);
  hash.add(number_of(sector.identity_image, swapped), number_of(sector.session_image, swapped));
  for (const SectorView::Mark& mark : sector.marks) {
    const MarkFit fit = fit_of(mark, 1U << sector.session.b, slot);
    hash.add(mark.granule, mark.opened, mark.is_cell, fit.fit, number_of(fit.image, swapped));
  }
  for (const Cell& piece : sector.pieces) hash.add(piece.b, piece.c, piece_fits(piece, slot));
}

std::uint64_t StateKeys::hash(const View& view, bool swapped) const {
  Hash hash;
  for (const SlotView* slot : view.slots) hash.add(number_of(slot->image, swapped));
  if (view.factory != nullptr) hash.add(number_of(view.factory->image, swapped));
  for (const SectorView* sector : view.sectors) {
    hash.add(sector->facts, sector->has_session);
    add_seq(hash, sector->record_seq);
    add_seq(hash, sector->intent_seq);
    if (sector->has_session) add_session(hash, *sector, *view.slots[sector->session.a], swapped);
  }
  return hash.value();
}

// Readings that are all the same are one.
std::uint64_t StateKeys::hash(bool swapped) const {
  const std::uint64_t first = hash(views_[0], swapped);
  Hash all;
  all.add(first);
  bool differ = false;
  for (std::size_t i = 1; i < views_.size(); ++i) {
    const std::uint64_t next = hash(views_[i], swapped);
    differ = differ || next != first;
    all.add(next);
  }
  return differ ? all.value() : first;
}

StateKey StateKeys::make(bool runs) {
  if (sectors_.size() > kMostKept) sectors_.clear();
  if (slots_.size() > kMostKept / 8) slots_.clear();
  views_.clear();
  seqs_.clear();
  const bool drifts = board_.flash.has_marginal_bits();
  look(Reading::programmed);
  if (drifts) look(Reading::erased);
  if (drifts && runs) look(Reading::now);
  rank_seqs();
  const std::uint64_t plain = hash(false);
  const std::uint64_t swapped = hash(true);
  return {std::min(plain, swapped), swapped < plain};
}

}  // namespace dualbank::sim
