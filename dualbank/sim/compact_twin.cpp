#include "dualbank/sim/compact_twin.hpp"

#include <algorithm>
#include <array>

namespace dualbank::sim {

CompactTwin::CompactTwin(Flash& flash, const Layout& layout, std::function<bool(SlotIndex)> boots)
    : Flash(flash.geometry()), layout_(layout), boots_(std::move(boots)), sectors_(kOtadataBytes) {
  status_ = flash.read(layout.otadata.offset, sectors_);
}

void CompactTwin::run(std::uint8_t most_tries) {
  std::array<std::byte, 64> buffer;
  if (status_ == Status::ok) status_ = run_compact_bootloader(*this, layout_, most_tries, *this, buffer, outcome_);
}

std::string CompactTwin::difference(Flash& flash, const BootOutcome& outcome) const {
  if (status_ != Status::ok) return "the compact bootloader gave up";
  const BootDecision& decision = outcome.decision;
  if (outcome_.slot != decision.slot) return "the compact bootloader starts another slot";
  if (outcome_.reason != decision.reason) return "the compact bootloader has another reason";
  if (outcome_.trial_boot != decision.trial_boot) return "the compact bootloader counts another boot on trial";
  if (outcome_.journal != outcome.journal.code) return "the compact bootloader could remember something else";
  std::vector<std::byte> now(sectors_.size());
  if (flash.read(layout_.otadata.offset, now) != Status::ok) return "the records do not read";
  return now == sectors_ ? "" : "the compact bootloader writes something else";
}

Status CompactTwin::read(std::uint32_t address, MutableBytes out) {
  const auto from = sectors_.begin() + static_cast<std::ptrdiff_t>(address - layout_.otadata.offset);
  std::copy_n(from, out.size(), out.begin());
  return Status::ok;
}

Status CompactTwin::program(std::uint32_t address, Bytes bytes) {
  programs_.emplace_back(address, static_cast<std::uint32_t>(bytes.size()));
  std::size_t at = address - layout_.otadata.offset;
  for (const std::byte b : bytes) sectors_.at(at++) &= b;
  return Status::ok;
}

Status CompactTwin::check(const Extent& slot, MutableBytes) {
  SlotIndex index = kTestSlot;
  while (layout_.extent_of(index).offset != slot.offset || !layout_.extent_of(index).present()) ++index;
  return boots_(index) ? Status::ok : Status::image_refused;
}

}  // namespace dualbank::sim
