// A small board for tests of the engine: a simulated flash with a partition table, slots of 64 KiB and helpers that
// read it as the stock bootloader does. After every flash operation it asserts the promise on which all rests: whatever
// happens now, what boots is an image that verifies, and one of those that may boot at this moment.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/bootloader.hpp"
#include "dualbank/engine/trial.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/partition_table.hpp"
#include "dualbank/sim/compact_twin.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "tests/support/image_builder.hpp"

namespace dualbank::tests {

inline constexpr std::uint16_t kTestChip = 9;
inline constexpr std::uint32_t kOtadata = 0xE000;
inline constexpr std::uint32_t kFirstSlot = 0x10000;

struct BoardShape {
  int slots = 2;
  bool factory = false;
  std::uint32_t slot_bytes = 0x10000;
  std::uint8_t write_unit_bytes = 1;
  std::uint32_t erase_units = 0x1000;
  std::array<std::uint16_t, 4> erase_ms{};
  bool can_reprogram = true;
  std::uint32_t more_bytes = 0;  ///< of flash behind the slots
};

inline std::array<char, 17> label_of(const std::string& text) {
  std::array<char, 17> label{};
  std::copy(text.begin(), text.end(), label.begin());
  return label;
}

inline ByteVector table_of(const BoardShape& shape) {
  std::vector<Partition> rows{{1, 2, 0x9000, 0x5000, label_of("nvs"), 0},
                              {1, 0, kOtadata, 0x2000, label_of("otadata"), 0}};
  std::uint32_t at = kFirstSlot;
  for (int i = 0; i < shape.slots; ++i, at += shape.slot_bytes) {
    rows.push_back(
        {0, static_cast<std::uint8_t>(0x10 + i), at, shape.slot_bytes, label_of("ota_" + std::to_string(i)), 0});
  }
  if (shape.factory) rows.push_back({0, 0, at, 0x10000, label_of("uf2"), 0});
  ByteVector table(kPartitionTableBytes);
  EXPECT_FALSE(write_partition_table(rows, std::span<std::byte, kPartitionTableBytes>{table}).failed());
  return table;
}

inline sim::NorFlash blank_flash(const BoardShape& shape) {
  const std::uint32_t slots =
      static_cast<std::uint32_t>(shape.slots) * shape.slot_bytes + (shape.factory ? 0x10000 : 0);
  return sim::NorFlash{{.size_bytes = kFirstSlot + slots + shape.more_bytes,
                        .erase_units = shape.erase_units,
                        .write_unit_bytes = shape.write_unit_bytes,
                        .can_reprogram = shape.can_reprogram,
                        .erase_ms = shape.erase_ms}};
}

/// An image that verifies on the board. `kib` is its length, at least 1. Made once each.
inline const ByteVector& firmware(const std::string& version, std::uint32_t kib = 12) {
  static std::map<std::pair<std::string, std::uint32_t>, ByteVector> made;
  ByteVector& image = made[{version, kib}];
  if (image.empty()) {
    const auto seed = static_cast<std::uint32_t>(std::hash<std::string>{}(version));
    image = ImageBuilder().chip(kTestChip).version(version).seed(seed).length(kib * 1024).build();
  }
  return image;
}

/// The 32 bytes of a record, put together here and not by the code under test but for the CRC (it has its own vectors).
inline ByteVector record_bytes(std::uint32_t seq, std::uint32_t state) {
  ByteVector bytes(32, std::byte{0xFF});
  const std::uint32_t crc = boot_record_crc(seq);
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[i] = static_cast<std::byte>(seq >> (8 * i));
    bytes[24 + i] = static_cast<std::byte>(state >> (8 * i));
    bytes[28 + i] = static_cast<std::byte>(crc >> (8 * i));
  }
  return bytes;
}

/// What stands on a simulated flash, also while its power is off. For looking only.
class Contents final : public Flash {
 public:
  explicit Contents(const sim::NorFlash& flash) : Flash(flash.geometry()), flash_(flash) {}
  Status read(std::uint32_t address, MutableBytes out) override {
    const Bytes bytes = flash_.contents().subspan(address, out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return Status::ok;
  }
  Status program(std::uint32_t, Bytes) override { return Status::read_only; }
  Status erase(std::uint32_t, std::uint32_t) override { return Status::read_only; }
  Status sync() override { return Status::ok; }

 private:
  const sim::NorFlash& flash_;
};

class Board {
 public:
  explicit Board(const BoardShape& board_shape = {}) : shape(board_shape), flash(blank_flash(board_shape)) {
    flash.put(0x8000, table_of(shape));
    flash.observe([this](const sim::Op& op) { check(op); });
  }
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // ---- fixtures
  Board& install(SlotIndex slot, const ByteVector& image) {
    ByteVector whole(extent(slot).size_bytes, std::byte{0xFF});
    std::copy(image.begin(), image.end(), whole.begin());
    flash.put(extent(slot).offset, whole);
    verified_.clear();
    return *this;
  }
  Board& record(int sector, std::uint32_t seq, std::uint32_t state = 0xFFFF'FFFF) {
    ByteVector whole(0x1000, std::byte{0xFF});
    const ByteVector bytes = record_bytes(seq, state);
    std::copy(bytes.begin(), bytes.end(), whole.begin());
    flash.put(kOtadata + 0x1000U * static_cast<unsigned>(sector), whole);
    return *this;
  }
  [[nodiscard]] Extent extent(SlotIndex slot) const {
    const auto index = static_cast<std::uint32_t>(slot == kFactorySlot ? shape.slots : slot);
    return {kFirstSlot + index * shape.slot_bytes, slot == kFactorySlot ? 0x10000 : shape.slot_bytes};
  }

  // ---- what the board is
  [[nodiscard]] BootRecord record_at(int sector) const {
    return BootRecord::parse(flash.contents().subspan(kOtadata + 0x1000U * static_cast<unsigned>(sector), 32));
  }
  [[nodiscard]] ByteVector raw_record(int sector) const {
    const Bytes raw = flash.contents().subspan(kOtadata + 0x1000U * static_cast<unsigned>(sector), 32);
    return {raw.begin(), raw.end()};
  }
  [[nodiscard]] ByteVector slot_bytes(SlotIndex slot, std::size_t count) const {
    const Bytes raw = flash.contents().subspan(extent(slot).offset, count);
    return {raw.begin(), raw.end()};
  }
  [[nodiscard]] bool holds(SlotIndex slot, const ByteVector& image) const {
    return slot_bytes(slot, image.size()) == image;
  }
  [[nodiscard]] BootInputs boot_inputs() const {
    BootInputs inputs{.records = {record_at(0), record_at(1)},
                      .slot_count = static_cast<std::uint8_t>(shape.slots),
                      .has_factory = shape.factory};
    for (SlotIndex slot = 0; slot < shape.slots; ++slot) {
      if (verifies(slot)) inputs.good_slots = static_cast<std::uint16_t>(inputs.good_slots | 1U << slot);
    }
    inputs.good_factory = shape.factory && verifies(kFactorySlot);
    return inputs;
  }
  [[nodiscard]] BootDecision decides(Policy policy) const {
    BootInputs inputs = boot_inputs();
    if (policy == Policy::dualbank) {
      const BootSectors sectors = journals();
      inputs.trials = {trial_of(sectors, 0), trial_of(sectors, 1)};
      inputs.most_tries = most_tries;
    }
    return decide_boot(inputs, policy);
  }
  [[nodiscard]] SlotIndex boots(Policy policy = Policy::stock) const { return decides(policy).slot; }
  [[nodiscard]] BootSectors journals() const {
    Contents contents{flash};
    BootSectors sectors;
    EXPECT_FALSE(sectors.read(contents, layout()).failed());
    return sectors;
  }
  [[nodiscard]] Layout layout() const {
    Layout layout{.slot_count = static_cast<std::uint8_t>(shape.slots), .otadata = {kOtadata, 0x2000}};
    for (SlotIndex slot = 0; slot < shape.slots; ++slot) layout.slots[static_cast<std::size_t>(slot)] = extent(slot);
    if (shape.factory) layout.factory = extent(kFactorySlot);
    return layout;
  }
  [[nodiscard]] bool verifies(SlotIndex slot) const {
    if (const auto known = verified_.find(slot); known != verified_.end()) return known->second;
    const Extent e = extent(slot);
    ImageVerifier verifier{ImageRules::vendor(kTestChip, e.size_bytes, e.offset)};
    const Status s = verifier.feed(flash.contents().subspan(e.offset, e.size_bytes));
    return verified_[slot] = s == Status::ok && verifier.done();
  }

  // ---- what happens to it
  /// Power comes back; marginal bits are drawn anew.
  void power_on() {
    flash.reboot();
    verified_.clear();
  }
  /// A reset under a bootloader: does its writes, returns what runs.
  SlotIndex reset(Policy policy = Policy::stock) {
    if (policy == Policy::dualbank) {
      const Result<BootOutcome> booted = bootloader();
      EXPECT_TRUE(booted.has_value() && !booted->journal.failed());
      return booted->decision.slot;
    }
    const BootDecision decision = decide_boot(boot_inputs(), policy);
    for (std::uint32_t i = 0; i < decision.write_count; ++i) {
      const std::uint32_t at = kOtadata + 0x1000U * decision.writes[i].sector;
      flash.put(at, ByteVector(0x1000, std::byte{0xFF}));
      flash.put(at, decision.writes[i].record.bytes());
    }
    return decision.slot;
  }
  /// Our own one runs, for better or worse; the compact one would have done the same. That reads first.
  Result<BootOutcome> bootloader() {
    std::array<std::byte, 4096> buffer;
    const BootSettings settings{.chip_id = kTestChip, .most_tries = most_tries};
    if (!with_compact || !keeps_esp_records(flash.geometry())) return run_bootloader(flash, layout(), settings, buffer);
    const Layout places = layout();
    sim::CompactTwin twin{flash, places, [this](SlotIndex slot) { return verifies(slot); }};
    twin.run(most_tries);
    const std::size_t before = flash.log().size();
    const auto outcome = run_bootloader(flash, places, settings, buffer);
    const std::uint8_t code = outcome ? static_cast<std::uint8_t>(outcome->journal.code) : 0;
    const bool flash_failed = !outcome || !flash.power_on() || (code >= 10 && code < 20);
    if (flash_failed) return outcome;
    EXPECT_EQ(twin.difference(flash, *outcome), "");
    std::vector<std::pair<std::uint32_t, std::uint32_t>> done;
    for (std::size_t i = before; i < flash.log().size(); ++i) {
      done.emplace_back(flash.log()[i].address, flash.log()[i].size_bytes);
    }
    EXPECT_EQ(twin.programs(), done) << "the compact bootloader writes in another order";
    return outcome;
  }
  /// From now on only these may boot; empty: not asserted.
  void may_boot(std::set<SlotIndex> slots, Policy policy = Policy::stock) {
    allowed = std::move(slots);
    allowed_policy = policy;
  }
  void check(const sim::Op& op) {
    std::erase_if(verified_, [&](const auto& known) {
      const Extent e = extent(known.first);
      return op.address < e.offset + e.size_bytes && e.offset < op.address + op.size_bytes;
    });
    if (allowed.empty()) return;
    ++checks;
    const SlotIndex now = boots(allowed_policy);
    if (!allowed.contains(now)) {
      ++unsafe;
      if (unsafe == 1) {
        first_unsafe = "boots " + std::to_string(now) + " after " +
                       (op.kind == sim::OpKind::erase ? "erase" : "program") + " of " + std::to_string(op.size_bytes) +
                       " at " + std::to_string(op.address) + (op.cut ? " (cut)" : "");
      }
    }
  }
  [[nodiscard]] std::uint64_t erases() const { return flash.counts().erases; }
  [[nodiscard]] std::uint64_t operations() const { return flash.counts().operations(); }
  [[nodiscard]] std::vector<sim::Op> operations_in(std::uint32_t offset, std::uint32_t size_bytes) const {
    std::vector<sim::Op> found;
    for (const sim::Op& op : flash.log()) {
      if (op.address >= offset && op.address < offset + size_bytes) found.push_back(op);
    }
    return found;
  }

  BoardShape shape;
  sim::NorFlash flash;
  std::set<SlotIndex> allowed;
  Policy allowed_policy = Policy::stock;
  std::uint8_t most_tries = kDefaultMostTries;  ///< our own bootloader's
  bool with_compact = true;
  std::uint64_t checks = 0;
  std::uint64_t unsafe = 0;
  std::string first_unsafe;

 private:
  mutable std::map<SlotIndex, bool> verified_;  // of slots that have not changed since
};

/// A board whose ota_0 holds 1.0 and runs, as after its first boot under the vendor's bootloader.
class RunningBoard : public Board {
 public:
  explicit RunningBoard(const BoardShape& board_shape = {}) : Board(board_shape) {
    install(0, firmware("1.0"));
    record(0, 1, 2);
    may_boot({0});
  }
  ~RunningBoard() {
    EXPECT_EQ(unsafe, 0U) << first_unsafe;
    EXPECT_TRUE(flash.violations().empty());
  }
};

/// Sends an image in pieces, in order.
inline Status send(Updater& updater, const ByteVector& image, std::size_t piece_bytes = 1024, std::size_t from = 0) {
  for (std::size_t at = from; at < image.size(); at += piece_bytes) {
    const Bytes piece = Bytes{image}.subspan(at, std::min(piece_bytes, image.size() - at));
    if (const Status s = updater.flash(piece, static_cast<std::uint32_t>(at)); s != Status::ok) return s;
  }
  return Status::ok;
}

/// Sends what the updater says is missing, until nothing is.
inline Status send_missing(Updater& updater, const ByteVector& image, std::size_t piece_bytes = 1024) {
  for (Range gap = updater.next_missing(); !gap.empty() && gap.from < image.size(); gap = updater.next_missing()) {
    const std::size_t size = std::min<std::size_t>({piece_bytes, gap.length(), image.size() - gap.from});
    if (const Status s = updater.flash(Bytes{image}.subspan(gap.from, size), gap.from); s != Status::ok) return s;
  }
  return Status::ok;
}

}  // namespace dualbank::tests
