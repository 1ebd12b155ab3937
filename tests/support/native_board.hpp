// A device without a partition table, of any geometry: two native records, two slots, and the promise asserted after
// every flash operation, also after the one that a cut struck.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/native_records.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "tests/support/board.hpp"

namespace dualbank::tests {

struct Part {
  const char* name;
  std::uint32_t sector_bytes;
  std::uint16_t page_bytes;
  std::uint8_t write_unit_bytes;
  bool can_reprogram;
  int erased = 0xFF;
};

/// None of them can keep the ESP form.
inline const std::vector<Part>& native_parts() {
  static const std::vector<Part> parts{
      {"Sectors8KiB", 0x2000, 256, 1, true},
      {"WriteOnceBytes", 0x1000, 256, 1, false},
      {"WriteOnceHalfwordsSectors1KiB", 0x400, 2, 2, false},
      {"DoublewordsWithEccSectors2KiB", 0x800, 256, 8, false},
      {"EncryptedBlocks", 0x1000, 256, 16, false},
      {"Ecc32Sectors128KiB", 0x20000, 32, 32, false},
      {"Words256KiB", 0x40000, 256, 4, true},
      {"ErasedZeroPages128", 0x80, 64, 4, false, 0},
      {"ErasedZeroBytes", 0x1000, 256, 1, true, 0},
      {"Halfwords64KiB", 0x10000, 256, 2, true},
      {"WriteOnceWords16KiB", 0x4000, 512, 4, false},
      {"Ecc16Sectors8KiB", 0x2000, 16, 16, false},
      {"Ecc32Sectors4KiB", 0x1000, 256, 32, false},
      {"ErasedZeroDoublewords32KiB", 0x8000, 128, 8, false, 0},
      {"DoublewordsThatCanBeProgrammedAgain", 0x1000, 256, 8, true},
  };
  return parts;
}
inline const Part& native_part(const std::string& name) {
  for (const Part& part : native_parts()) {
    if (part.name == name) return part;
  }
  throw std::out_of_range(name);
}

inline Geometry geometry_of(const Part& part) {
  // An ESP image is mapped in pages of 64 KiB: the slots are multiples of that apart.
  const std::uint32_t page = std::max<std::uint32_t>(0x10000, part.sector_bytes);
  const std::uint32_t records = 2 * std::max<std::uint32_t>(0x1000, part.sector_bytes);
  return {.size_bytes = std::max(records, page) + 2 * page,
          .erase_units = part.sector_bytes,
          .page_bytes = part.page_bytes,
          .write_unit_bytes = part.write_unit_bytes,
          .erased = static_cast<std::byte>(part.erased),
          .can_reprogram = part.can_reprogram};
}

/// Reads what a flash holds, also while its power is off.
class ContentsView final : public Flash {
 public:
  explicit ContentsView(const sim::NorFlash& flash) : Flash(flash.geometry()), flash_(flash) {}
  Status read(std::uint32_t address, MutableBytes out) override {
    std::copy_n(flash_.contents().begin() + address, out.size(), out.begin());
    return Status::ok;
  }
  Status program(std::uint32_t, Bytes) override { return Status::flash_program_failed; }
  Status erase(std::uint32_t, std::uint32_t) override { return Status::flash_erase_failed; }
  Status sync() override { return Status::ok; }

 private:
  const sim::NorFlash& flash_;
};

/// Passes on, and notes every unit that is programmed a second time since its last whole erase, on every part. A
/// program that a cut left without any trace cannot be known of: made once more with the same bytes it is counted
/// apart.
class OnceFlash final : public Flash {
 public:
  struct Units {
    std::vector<std::byte> bytes;
    std::vector<std::uint8_t> state;  ///< of each byte: 0 erased, 1 programmed, 2 half erased
  };

  explicit OnceFlash(sim::NorFlash& flash) : Flash(flash.geometry()), flash_(flash) {
    units.bytes.resize(geometry_.size_bytes);
    units.state.resize(geometry_.size_bytes);
  }
  Status read(std::uint32_t address, MutableBytes out) override { return flash_.read(address, out); }
  Status program(std::uint32_t address, Bytes bytes) override {
    if (flash_.power_on()) note(address, bytes);
    return flash_.program(address, bytes);
  }
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override {
    if (!flash_.power_on()) return Status::power_lost;
    const Status s = flash_.erase(address, size_bytes);
    for (std::uint32_t at = address; at < address + size_bytes; ++at) {
      units.state[at] = s == Status::ok || units.state[at] == 0 ? 0 : 2;
    }
    return s;
  }
  Status sync() override { return flash_.sync(); }

  Units units;
  std::set<std::uint32_t> wrong;  ///< where
  std::set<std::uint32_t> again;  ///< the same bytes, where nothing is to be seen

 private:
  void note(std::uint32_t address, Bytes bytes) {
    const Bytes now = flash_.contents().subspan(address, bytes.size());
    const auto same = [&](std::size_t i) {
      return units.state[address + i] == 1 && units.bytes[address + i] == bytes[i];
    };
    bool first = true;
    bool all_same = all_equal(now, geometry_.erased);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      first = first && units.state[address + i] == 0;
      all_same = all_same && same(i);
    }
    if (!first) (all_same ? again : wrong).insert(address);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      units.state[address + i] = 1;
      units.bytes[address + i] = bytes[i];
    }
  }

  sim::NorFlash& flash_;
};

class NativeBoard {
 public:
  explicit NativeBoard(const Part& part) : flash(geometry_of(part)), once(flash) {
    const std::uint32_t record = native_sector_bytes(flash.geometry());
    const std::uint32_t page = std::max<std::uint32_t>(0x10000, part.sector_bytes);
    const std::uint32_t slot = std::max<std::uint32_t>(0x8000, part.sector_bytes);
    const std::uint32_t first = flash.geometry().size_bytes - 2 * page;
    layout.slot_count = 2;
    layout.otadata = {0, 2 * record};
    layout.slots[0] = {first, slot};
    layout.slots[1] = {first + page, slot};
    flash.observe([this](const sim::Op& op) { check(op); });
  }
  NativeBoard(const NativeBoard&) = delete;
  NativeBoard& operator=(const NativeBoard&) = delete;

  NativeBoard& install(SlotIndex slot, const ByteVector& image) {
    const std::uint32_t at = layout.slots[static_cast<unsigned>(slot)].offset;
    flash.put(at, image);
    std::fill_n(once.units.state.begin() + at, image.size(), std::uint8_t{1});
    verified_.clear();
    return *this;
  }
  [[nodiscard]] Options options(SlotIndex running) const {
    return {.running_slot = running,
            .policy = Policy::dualbank,
            .chip_id = kTestChip,
            .layout = &layout,
            .native = &kNativeRecords};
  }
  [[nodiscard]] bool is_record(std::uint32_t address) const { return address < layout.otadata.size_bytes; }
  [[nodiscard]] bool holds(SlotIndex slot, const ByteVector& image) const {
    const Bytes raw = flash.contents().subspan(layout.slots[static_cast<unsigned>(slot)].offset, image.size());
    return std::equal(raw.begin(), raw.end(), image.begin());
  }
  [[nodiscard]] SlotIndex boots() const {
    ContentsView view{flash};
    const Result<BootRecords> records = read_boot_records(view, layout, &kNativeRecords);
    BootInputs inputs{.records = *records, .slot_count = 2};
    for (SlotIndex slot = 0; slot < 2; ++slot) {
      if (verifies(slot)) inputs.good_slots = static_cast<std::uint16_t>(inputs.good_slots | 1U << slot);
    }
    return decide_boot(inputs, Policy::dualbank).slot;
  }
  [[nodiscard]] bool verifies(SlotIndex slot) const {
    if (const auto known = verified_.find(slot); known != verified_.end()) return known->second;
    const Extent e = layout.extent_of(slot);
    ImageVerifier verifier{ImageRules::vendor(kTestChip, e.size_bytes, e.offset)};
    const Status s = verifier.feed(flash.contents().subspan(e.offset, e.size_bytes));
    return verified_[slot] = s == Status::ok && verifier.done();
  }
  /// Power comes back; returns what boots.
  SlotIndex power_on(sim::MarginalBits reads = sim::MarginalBits::drawn) {
    flash.reboot(reads);
    verified_.clear();
    return boots();
  }
  void keep_as_start() {
    start_ = flash.snapshot();
    start_units_ = once.units;
  }
  void start_again() {
    flash.restore(start_);
    once.units = start_units_;
    once.again.clear();
    first_unsafe.clear();
    flash.forget();
    verified_.clear();
  }
  void check(const sim::Op& op) {
    std::erase_if(verified_, [&](const auto& known) {
      const Extent e = layout.extent_of(known.first);
      return op.address < e.offset + e.size_bytes && e.offset < op.address + op.size_bytes;
    });
    if (allowed.empty()) return;
    if (const SlotIndex now = boots(); !allowed.contains(now) && first_unsafe.empty()) {
      first_unsafe = "boots " + std::to_string(now) + " after " +
                     (op.kind == sim::OpKind::erase ? "erase" : "program") + " of " + std::to_string(op.size_bytes) +
                     " at " + std::to_string(op.address) + (op.cut ? " (cut)" : "");
    }
  }
  void expect_right() const {
    EXPECT_EQ(first_unsafe, "");
    EXPECT_TRUE(flash.violations().empty());
    EXPECT_TRUE(once.wrong.empty());
    EXPECT_TRUE(once.again.empty());
  }

  sim::NorFlash flash;
  OnceFlash once;  ///< what the updater gets
  Layout layout{};
  std::set<SlotIndex> allowed;
  std::string first_unsafe;

 private:
  sim::NorFlash::Snapshot start_;
  OnceFlash::Units start_units_;
  mutable std::map<SlotIndex, bool> verified_;
};

}  // namespace dualbank::tests
