#include "dualbank/sim/board.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/native_records.hpp"
#include "dualbank/formats/partition_table.hpp"
#include "dualbank/sim/compact_twin.hpp"
#include "dualbank/sim/firmware_image.hpp"

namespace dualbank::sim {
namespace {

constexpr std::uint32_t kPredictionEvery = 16;
constexpr std::size_t kMostRemembered = 200'000;

std::uint32_t round_up(std::uint32_t value, std::uint32_t unit) { return (value + unit - 1) / unit * unit; }

/// Table, boot records, slots, factory app, one behind the other.
Layout layout_of(const BoardKind& kind) {
  const std::uint32_t sector = kind.geometry.sector_bytes();
  const std::uint32_t record_sector = std::max(sector, kOtadataSectorBytes);
  Layout layout{.slot_count = kind.slots};
  std::uint32_t at = round_up(kPartitionTableSectorBytes, record_sector);
  layout.otadata = {at, 2 * record_sector};
  at += layout.otadata.size_bytes;
  const std::uint32_t slot_bytes = round_up(kind.slot_bytes, sector);
  for (std::uint8_t slot = 0; slot < kind.slots; ++slot, at += slot_bytes) layout.slots[slot] = {at, slot_bytes};
  if (kind.factory) layout.factory = {at, round_up(0x1000, sector)};
  return layout;
}

/// Where the last part ends, and a guarded board's counter begins.
std::uint32_t end_of(const Layout& layout) {
  const Extent last = layout.factory.present() ? layout.factory : layout.slots[layout.slot_count - 1U];
  return last.offset + last.size_bytes;
}

/// What stands on the flash, also while its power is off.
class Standing final : public Flash {
 public:
  explicit Standing(const NorFlash& flash) : Flash(flash.geometry()), flash_(flash) {}
  Status read(std::uint32_t address, MutableBytes out) override {
    const Bytes bytes = flash_.contents().subspan(address, out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return Status::ok;
  }
  Status program(std::uint32_t /*address*/, Bytes /*bytes*/) override { return Status::read_only; }
  Status erase(std::uint32_t /*address*/, std::uint32_t /*size_bytes*/) override { return Status::read_only; }
  Status sync() override { return Status::ok; }

 private:
  const NorFlash& flash_;
};

Geometry geometry_of(const BoardKind& kind) {
  Geometry geometry = kind.geometry;
  if (geometry.size_bytes != 0) return geometry;
  const Layout layout = layout_of(kind);
  geometry.size_bytes = end_of(layout) + (kind.guarded ? 2 * geometry.sector_bytes() : 0);
  return geometry;
}

std::vector<std::byte> table_of(const Layout& layout) {
  std::vector<Partition> rows{
      {partition_type::kData, data_subtype::kOta, layout.otadata.offset, layout.otadata.size_bytes}};
  for (std::uint8_t slot = 0; slot < layout.slot_count; ++slot) {
    const auto subtype = static_cast<std::uint8_t>(app_subtype::kOta0 + slot);
    rows.push_back({partition_type::kApp, subtype, layout.slots[slot].offset, layout.slots[slot].size_bytes});
  }
  if (layout.factory.present()) {
    rows.push_back({partition_type::kApp, app_subtype::kFactory, layout.factory.offset, layout.factory.size_bytes});
  }
  std::vector<std::byte> table(kPartitionTableBytes);
  static_cast<void>(write_partition_table(rows, std::span<std::byte, kPartitionTableBytes>{table}));
  return table;
}

}  // namespace

std::string place_name(SlotIndex slot) {
  if (slot == kNoSlot) return "nothing";
  if (slot == kFactorySlot) return "factory";
  if (slot == kTestSlot) return "test";
  return "ota_" + std::to_string(slot);
}

Board::Board(const BoardKind& kind, Policy policy)
    : flash(geometry_of(kind)), kind_(kind), policy_(policy), layout_(layout_of(kind)) {
  if (kind.guarded) {
    counter_place_ = {end_of(layout_), 2 * flash.geometry().sector_bytes()};
    versions_.place(counter_place_);
  }
  flash.put(0, table_of(layout_));
  flash.observe([this](const Op& op) { watch(op); });
}

void Board::install(SlotIndex slot, Bytes image) { flash.put(layout_.extent_of(slot).offset, image); }

void Board::put_record(int sector, std::uint32_t seq, RecordState state) {
  if (kind_.native) {
    BootSectors sectors;
    const SlotIndex slot = slot_of_seq(seq, layout_.slot_count);
    if (sectors.read(flash, layout_, &kNativeRecords).failed() ||
        sectors.put(sector, slot, seq, state, Reason::anchor).failed()) {
      throw std::logic_error("put_record: the flash refuses");
    }
    return;
  }
  flash.put(layout_.otadata.offset + static_cast<std::uint32_t>(sector) * kOtadataSectorBytes,
            BootRecord::make(seq, state).bytes());
}

void Board::start() {
  flash.restore(start_);
  flash.forget();
  problem.clear();
  may_boot_ = Places{};
  boots_ = 0;
}

Bytes Board::contents_of(SlotIndex slot) const {
  const Extent extent = layout_.extent_of(slot);
  return flash.contents().subspan(extent.offset, extent.size_bytes);
}

BootSettings Board::settings() const {
  BootSettings settings{
      .policy = policy_, .chip_id = kFirmwareChip, .native = kind_.native ? &kNativeRecords : nullptr};
  if (guards_boot()) {
    settings.guard = &guard_;
    settings.versions = &versions_;
  }
  return settings;
}

Options Board::options(SlotIndex running) const {
  return {.trust_blank = kind_.trusts_blank,
          .running_slot = running,
          .policy = policy_,
          .table_offset = 0,
          .layout = kind_.native ? &layout_ : nullptr,
          .native = kind_.native ? &kNativeRecords : nullptr,
          .guard = kind_.guarded ? &guard_ : nullptr,
          .versions = kind_.guarded ? &versions_ : nullptr};
}

BootRecords Board::records() const { return inputs().records; }

bool Board::verifies(SlotIndex slot) const {
  const Extent extent = layout_.extent_of(slot);
  if (!extent.present()) return false;
  // What marginal bits read as is part of this digest's place: it is taken of the bytes as they are.
  std::uint64_t digest = flash.digest(extent.offset, extent.size_bytes) + static_cast<std::uint64_t>(slot);
  const bool drifting = flash.has_marginal_bits(extent.offset, extent.size_bytes);
  if (!drifting) {
    if (const auto known = verified_.find(digest); known != verified_.end()) return known->second;
  }
  ImageVerifier verifier{ImageRules::vendor(kFirmwareChip, extent.size_bytes, extent.offset)};
  bool good = verifier.feed(contents_of(slot)) == Status::ok && verifier.done();
  if (good && guards_boot()) {
    Standing standing{flash};
    std::array<std::byte, 1024> buffer;
    good = !guard_.check(standing, {extent, verifier.info().length_bytes, {}}, buffer).failed();
  }
  if (!drifting) {
    if (verified_.size() > kMostRemembered) verified_.clear();
    verified_[digest] = good;
  }
  return good;
}

std::uint32_t Board::secure_version(SlotIndex slot) const {
  const Bytes descriptor = contents_of(slot).subspan(kAppDescriptorOffset, kAppDescriptorBytes);
  return AppDescriptor::present(descriptor) ? AppDescriptor::parse(descriptor).secure_version : 0;
}

std::uint32_t Board::lowest_version() const {
  if (!kind_.guarded) return 0;
  const bool drifting = flash.has_marginal_bits(counter_place_.offset, counter_place_.size_bytes);
  const std::uint64_t digest = flash.digest(counter_place_.offset, counter_place_.size_bytes);
  if (const auto known = counted_.find(digest); !drifting && known != counted_.end()) return known->second;
  Standing standing{flash};
  const auto lowest = versions_.lowest(standing);
  if (!drifting) counted_[digest] = *lowest;
  return *lowest;
}

BootInputs Board::inputs() const {
  if (policy_ != Policy::dualbank) {
    const Bytes raw = flash.contents().subspan(layout_.otadata.offset);
    return {.records = {BootRecord::parse(raw), BootRecord::parse(raw.subspan(kOtadataSectorBytes))},
            .slot_count = layout_.slot_count,
            .has_factory = layout_.factory.present(),
            .good_slots = static_cast<std::uint16_t>((1U << layout_.slot_count) - 1),
            .good_factory = layout_.factory.present()};
  }
  const auto [offset, size_bytes] = layout_.otadata;
  const bool drifting = flash.has_marginal_bits(offset, size_bytes);
  const std::uint64_t digest = drifting ? 0 : flash.digest(offset, size_bytes);
  if (const auto known = looked_.find(digest); !drifting && known != looked_.end()) return known->second;
  BootSectors sectors;
  BootInputs inputs;
  if (look_before_boot(flash, layout_, settings(), sectors, inputs).failed()) inputs = {};
  if (looked_.size() > kMostRemembered) looked_.clear();
  if (!drifting) looked_[digest] = inputs;
  return inputs;
}

bool Board::would_boot(SlotIndex slot) const {
  return verifies(slot) && (!guards_boot() || secure_version(slot) >= lowest_version());
}

BootDecision Board::decide(BootInputs in) const {
  for (;;) {  // as the bootloader does: only what would boot is verified, and left out when it is bad
    const BootDecision decision = decide_boot(in, policy_);
    const SlotIndex slot = decision.slot;
    if (slot == kNoSlot || would_boot(slot)) return decision;
    if (decision.slot == kFactorySlot) {
      in.good_factory = false;
    } else {
      in.good_slots = static_cast<std::uint16_t>(in.good_slots & ~(1U << decision.slot));
    }
  }
}

BootDecision Board::decide() const { return decide(inputs()); }

BootDecision Board::decide_without_active() const {
  BootInputs in = inputs();
  if (const int active = active_record(in.records); active >= 0) {
    in.records[static_cast<unsigned>(active)].state = RecordState::aborted;
  }
  return decide(in);
}

bool Board::rules_kept() const {
  return std::all_of(flash.violations().begin(), flash.violations().end(), [this](const Violation& violation) {
    return violation.kind == Violation::Kind::programs_again && kind_.native && is_metadata(violation.address);
  });
}

bool Board::check(std::string_view moment) {
  if (!problem.empty()) return false;
  const SlotIndex now = decide().slot;
  if (kind_.guarded && now != kNoSlot && secure_version(now) < lowest_version()) {
    problem =
        "the counter says " + std::to_string(lowest_version()) + ", more than what would boot " + std::string{moment};
    return false;
  }
  if (may_boot_.has(now)) return true;
  problem = place_name(now) + " would boot " + std::string{moment};
  return false;
}

void Board::watch(const Op& op) {
  if (op.cut || may_boot_.bits() == 0) return;
  if (check("")) return;
  if (problem.ends_with(' ')) {
    problem += std::string{"after the "} + (op.kind == OpKind::erase ? "erase" : "program") + " of " +
               std::to_string(op.size_bytes) + " bytes at " + std::to_string(op.address);
  }
}

SlotIndex Board::run_own_bootloader(const BootDecision& decision) {
  const SlotIndex other = decide_without_active().slot;
  if (decision.trial_boot > 0 || decision.trial_over) may_boot_.add(decision.slot).add(other);
  std::optional<CompactTwin> twin;
  if (!kind_.native) {
    twin.emplace(flash, layout_, [this](SlotIndex slot) { return would_boot(slot); });
    twin->run(settings().most_tries);
  }
  std::array<std::byte, 256> buffer;
  const auto outcome = run_bootloader(flash, layout_, settings(), buffer);
  if (!flash.power_on()) return kNoSlot;
  const bool noted =
      outcome && (!outcome->journal.failed() || (many_cuts && outcome->journal.code == Status::journal_full));
  if (!noted || outcome->decision.slot != decision.slot) {
    problem = "our bootloader does not start " + place_name(decision.slot);
    return kNoSlot;
  }
  if (twin) problem = twin->difference(flash, *outcome);
  if (!problem.empty()) return kNoSlot;
  if (decision.trial_over && !outcome->journal.failed()) may_boot_ = Places{}.add(decision.slot);
  return check("after the bootloader's writes") ? decision.slot : kNoSlot;
}

SlotIndex Board::boot() {
  const BootDecision decision = decide();
  if (++boots_ % kPredictionEvery == 1) {
    std::array<std::byte, 256> buffer;
    const auto predicted = predict_boot(flash, layout_, settings(), buffer);
    if (!predicted || predicted->slot != decision.slot || predicted->write_count != decision.write_count) {
      problem = "the prediction is not what boots, " + place_name(decision.slot);
      return kNoSlot;
    }
  }
  if (decision.slot == kNoSlot) {
    problem = "nothing boots";
    return kNoSlot;
  }
  if (!check("now")) return kNoSlot;
  if (policy_ == Policy::dualbank) return run_own_bootloader(decision);
  if (decision.write_count == 0) return decision.slot;
  // While the bootloader rewrites a record in place, a cut can leave none, and what boots then is its own doing.
  const bool trial = decision.reason == BootReason::trial_first_boot;
  Places during = may_boot_;
  during.add(decision.slot).add(decide_without_active().slot);
  if (decision.reason == BootReason::trial_dropped) {
    during.add(
        slot_of_seq(records()[static_cast<unsigned>(std::max(0, active_record(records())))].seq, layout_.slot_count));
  }
  may_boot_ = during;
  if (perform_boot_writes(flash, layout_, decision) != Status::ok) return kNoSlot;
  Places after{};
  after.add(trial ? decide_without_active().slot : decision.slot);
  may_boot_ = after;
  return check("after the bootloader's writes") ? decision.slot : kNoSlot;
}

}  // namespace dualbank::sim
