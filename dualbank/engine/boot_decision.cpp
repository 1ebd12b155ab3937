#include "dualbank/engine/boot_decision.hpp"

namespace dualbank {
namespace {

/// A place in the records, 0 or 1, or none.
using RecordIndex = int;
constexpr RecordIndex kNoRecord = -1;

bool named_in(std::uint16_t slots, SlotIndex slot) { return (slots >> slot & 1) != 0; }

/// The places that are tried, first to last. An OTA slot or the factory app may stand in it and not exist.
struct Order {
  std::array<SlotIndex, kMaxSlots + 2> slots{};
  std::uint8_t count = 0;

  void add(SlotIndex slot) {
    for (std::uint8_t i = 0; i < count; ++i) {
      if (slots[i] == slot) return;
    }
    slots[count++] = slot;
  }
};

/// The vendor's: down from the start through ota_0 to factory, then up, then test.
Order stock_order(SlotIndex start, SlotIndex slot_count) {
  Order order;
  for (SlotIndex slot = start; slot >= kFactorySlot; --slot) {
    if (slot < slot_count) order.add(slot);
  }
  for (auto slot = static_cast<SlotIndex>(start + 1); slot < slot_count; ++slot) order.add(slot);
  order.add(kTestSlot);
  return order;
}

class Decision {
 public:
  Decision(const BootInputs& inputs, Policy policy)
      : in_(inputs),
        policy_(policy),
        slot_count_(static_cast<SlotIndex>(inputs.slot_count < kMaxSlots ? inputs.slot_count : kMaxSlots)),
        records_(inputs.records) {
    out_.raised_secure_version = inputs.lowest_secure_version;
  }

  BootDecision decide() {
    if (!in_.has_otadata) {
      out_.reason = BootReason::no_otadata;
    } else if (!in_.otadata_readable) {
      out_.reason = BootReason::otadata_unreadable;
      return out_;
    } else {
      drop_trials();
      if (divides_by_zero()) return out_;
      choose();
    }
    load();
    return out_;
  }

 private:
  // ---- step by step, in the bootloader's order

  /// The vendor's anti-rollback selection divides by the number of OTA slots without a look at it.
  [[nodiscard]] bool divides_by_zero() const {
    return in_.anti_rollback && policy_ != Policy::dualbank && slot_count_ == 0 && active_record(records_) != kNoRecord;
  }

  /// PENDING_VERIFY becomes ABORTED, whatever else the record says.
  void drop_trials() {
    if (policy_ != Policy::stock_rollback) return;
    const RecordIndex before = slot_count_ == 0 ? kNoRecord : active_record(records_);
    for (RecordIndex i = 0; i < 2; ++i) {
      if (record(i).state != RecordState::pending_verify) continue;
      trial_dropped_ = trial_dropped_ || i == before;
      set_state(i, RecordState::aborted);
    }
  }

  void choose() {
    const bool rejected = records_[0].rejected() && records_[1].rejected();
    const bool initial = records_[0].initial() && records_[1].initial();
    const RecordIndex named = slot_count_ == 0 ? kNoRecord : active_record(records_);
    const bool by_default = rejected || slot_count_ == 0;
    repair_ = policy_ != Policy::dualbank && initial && (in_.anti_rollback || (by_default && !in_.has_factory));
    if (by_default) {
      out_.reason = in_.has_factory ? BootReason::no_record_factory : BootReason::no_record_first_slot;
    } else {
      out_.reason = BootReason::no_usable_record;
    }
    if (trial_dropped_) out_.reason = BootReason::trial_dropped;
    if (named == kNoRecord) return;
    out_.chosen = slot_named_by(named);
    follow(in_.anti_rollback ? newest_allowed() : named);
  }

  /// The active record among those whose image is not too old.
  [[nodiscard]] RecordIndex newest_allowed() const {
    BootRecords allowed = records_;
    for (BootRecord& r : allowed) {
      const SlotIndex slot = slot_of_seq(r.seq, static_cast<std::uint32_t>(slot_count_));
      if (!named_in(in_.described_slots, slot) || !version_allowed(slot)) r = BootRecord{};
    }
    return active_record(allowed);
  }

  /// Takes the slot of a record, and begins its trial before the image is looked at.
  void follow(RecordIndex active) {
    active_ = active;
    out_.followed = static_cast<std::int8_t>(active);
    if (active == kNoRecord) return;
    start_ = slot_named_by(active);
    if (!trial_dropped_) out_.reason = BootReason::active_record;
    follow_trial(in_.trials[static_cast<std::uint8_t>(active)]);
    if (policy_ == Policy::stock_rollback && record(active).state == RecordState::fresh) {
      set_state(active, RecordState::pending_verify);
      out_.reason = BootReason::trial_first_boot;
    }
    if (record(active).state == RecordState::valid) raise_secure_version(start_);
  }

  void follow_trial(const RecordTrial& trial) {
    if (policy_ != Policy::dualbank || !trial.on_trial) return;
    out_.trial_over = trial.gave_up || trial.tries >= (in_.most_tries == 0 ? 1 : in_.most_tries);
    if (!out_.trial_over) next_try_ = static_cast<std::uint8_t>(trial.tries + 1);
    out_.reason = out_.trial_over ? BootReason::trial_failed : BootReason::trial_boot;
  }

  void load() {
    const Order order = policy_ == Policy::dualbank ? dualbank_order() : stock_order(start_, slot_count_);
    for (std::uint8_t i = 0; i < order.count; ++i) {
      const SlotIndex slot = order.slots[i];
      if (!exists(slot)) continue;
      if (out_.chosen == kNoSlot && slot != kTestSlot) out_.chosen = slot;
      if (!verifies(slot) || (in_.anti_rollback && !version_allowed(slot))) continue;
      out_.slot = slot;
      if (slot == start_) out_.trial_boot = next_try_;
      if (slot == kTestSlot) {
        out_.reason = BootReason::test_app;
      } else if (slot != out_.chosen && !out_.trial_over) {
        out_.reason = BootReason::fallback;
      }
      if (is_ota_slot(slot) && repair_) repair(slot);
      return;
    }
    out_.reason = BootReason::nothing_boots;
  }

  /// Makes the slot that was found a choice.
  void repair(SlotIndex slot) {
    write(0, BootRecord::make(static_cast<std::uint32_t>(slot) + 1, RecordState::valid));
    raise_secure_version(slot);
  }

  // ---- what they ask

  [[nodiscard]] Order dualbank_order() const {
    if (active_ == kNoRecord) return stock_order(start_, slot_count_);
    Order order;
    const auto add = [&](SlotIndex slot) {
      if (!out_.trial_over || slot != start_) order.add(slot);
    };
    add(start_);
    if (record(1 - active_).usable()) add(slot_named_by(1 - active_));
    for (SlotIndex slot = 0; slot < slot_count_; ++slot) add(slot);
    order.add(kFactorySlot);
    order.add(start_);  // better a doubtful image than none
    order.add(kTestSlot);
    return order;
  }

  [[nodiscard]] bool exists(SlotIndex slot) const {
    if (slot == kFactorySlot) return in_.has_factory;
    return slot == kTestSlot || slot < slot_count_;
  }

  [[nodiscard]] bool verifies(SlotIndex slot) const {
    if (slot == kFactorySlot) return in_.good_factory;
    if (slot == kTestSlot) return in_.good_test;
    return named_in(in_.good_slots, slot) && (!in_.anti_rollback || named_in(in_.described_slots, slot));
  }

  [[nodiscard]] std::uint32_t secure_version(SlotIndex slot) const {
    if (slot == kFactorySlot) return in_.factory_secure_version;
    if (slot == kTestSlot) return in_.test_secure_version;
    return in_.secure_versions[static_cast<std::uint8_t>(slot)];
  }

  [[nodiscard]] bool version_allowed(SlotIndex slot) const {
    return secure_version(slot) >= out_.raised_secure_version;
  }

  void raise_secure_version(SlotIndex slot) {
    const std::uint32_t version = secure_version(slot);
    const bool countable = version <= in_.highest_secure_version;
    if (in_.anti_rollback && version_allowed(slot) && countable) out_.raised_secure_version = version;
  }

  [[nodiscard]] const BootRecord& record(RecordIndex i) const { return records_[static_cast<std::uint8_t>(i)]; }

  [[nodiscard]] SlotIndex slot_named_by(RecordIndex i) const {
    return slot_of_seq(record(i).seq, static_cast<std::uint32_t>(slot_count_));
  }

  void set_state(RecordIndex i, RecordState state) {
    BootRecord changed = record(i);
    changed.state = state;
    write(i, changed);
  }

  void write(RecordIndex i, const BootRecord& record) {
    records_[static_cast<std::uint8_t>(i)] = record;
    out_.writes[out_.write_count++] = {static_cast<std::uint8_t>(i), record};
  }

  const BootInputs& in_;
  Policy policy_;
  SlotIndex slot_count_;
  BootRecords records_;
  BootDecision out_{};
  SlotIndex start_ = kFactorySlot;  // without a factory app as good as ota_0, where the vendor then starts
  RecordIndex active_ = kNoRecord;
  std::uint8_t next_try_ = 0;
  bool trial_dropped_ = false;
  bool repair_ = false;
};

}  // namespace

BootRecords BootDecision::records_after(const BootRecords& before) const {
  BootRecords after = before;
  for (std::uint8_t i = 0; i < write_count; ++i) after[writes[i].sector] = writes[i].record;
  return after;
}

BootDecision decide_boot(const BootInputs& inputs, Policy policy) { return Decision(inputs, policy).decide(); }

}  // namespace dualbank
