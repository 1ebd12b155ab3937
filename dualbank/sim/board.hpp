// A simulated board: a flash with a layout, and a bootloader that starts what is on it. It knows at every moment what a
// reset would boot, and looks after every operation whether that may be.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "dualbank/engine/boot.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/scenario.hpp"
#include "dualbank/sim/signed_image.hpp"

namespace dualbank::sim {

/// A set of places that may boot.
class Places {
 public:
  constexpr Places() = default;
  constexpr explicit Places(std::uint32_t bits) : bits_(bits) {}
  [[nodiscard]] constexpr bool has(SlotIndex slot) const { return (bits_ >> index(slot) & 1U) != 0; }
  constexpr Places& add(SlotIndex slot) {
    bits_ |= 1U << index(slot);
    return *this;
  }
  [[nodiscard]] constexpr bool holds_all_of(Places other) const { return (other.bits_ & ~bits_) == 0; }
  [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }

 private:
  static constexpr unsigned index(SlotIndex slot) { return static_cast<unsigned>(slot + 8) & 31U; }
  std::uint32_t bits_ = 0;
};

[[nodiscard]] std::string place_name(SlotIndex slot);

class Board {
 public:
  explicit Board(const BoardKind& kind, Policy policy);
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // ---- fixtures, past all rules
  void install(SlotIndex slot, Bytes image);
  void put_record(int sector, std::uint32_t seq, RecordState state);
  /// The board as it is now becomes what `start` brings back.
  void keep_as_start() { start_ = flash.snapshot(); }
  void start();

  // ---- what it is
  [[nodiscard]] bool is_metadata(std::uint32_t address) const {
    return address - layout_.otadata.offset < layout_.otadata.size_bytes ||
           address - counter_place_.offset < counter_place_.size_bytes;
  }
  /// What a guarded board's counter says; 0 on others.
  [[nodiscard]] std::uint32_t lowest_version() const;
  /// Of the image in a slot.
  [[nodiscard]] std::uint32_t secure_version(SlotIndex slot) const;
  [[nodiscard]] const Layout& layout() const { return layout_; }
  [[nodiscard]] BootSettings settings() const;
  /// For an Updater on this board.
  [[nodiscard]] Options options(SlotIndex running) const;
  [[nodiscard]] Bytes contents_of(SlotIndex slot) const;
  [[nodiscard]] BootRecords records() const;
  /// What a reset does now. Verified images are known again by their digest.
  [[nodiscard]] BootDecision decide() const;
  /// Did the engine keep the flash's rules? On parts whose units are programmed once, a journal's unit whose program
  /// was cut so early that it reads as erased may be tried again: nothing tells it from one that was never touched.
  [[nodiscard]] bool rules_kept() const;
  /// The same if the active record were none.
  [[nodiscard]] BootDecision decide_without_active() const;
  [[nodiscard]] bool verifies(SlotIndex slot) const;

  // ---- what happens
  /// From now on a reset may boot only these. What is wrong is kept in `problem`.
  void may_boot(Places places) { may_boot_ = places; }
  [[nodiscard]] Places may_boot() const { return may_boot_; }
  /// Is it allowed, right now? False, and `problem` says so, when not.
  bool check(std::string_view moment);
  /// A reset: the bootloader decides, does its writes, starts something. kNoSlot when the power went or nothing boots.
  SlotIndex boot();

  mutable NorFlash flash;  ///< reading counts
  std::string problem;     ///< the first that was found
  bool many_cuts = false;  ///< see Subject::expect_many_cuts()

 private:
  /// The bootloader asks guard and counter: ours does.
  [[nodiscard]] bool guards_boot() const { return kind_.guarded && policy_ == Policy::dualbank; }
  [[nodiscard]] BootInputs inputs() const;
  [[nodiscard]] BootDecision decide(BootInputs inputs) const;
  [[nodiscard]] bool would_boot(SlotIndex slot) const;
  SlotIndex run_own_bootloader(const BootDecision& decision);
  void watch(const Op& op);

  const BoardKind& kind_;
  Policy policy_;
  Layout layout_{};
  Extent counter_place_{};
  std::array<Sha256Digest, 1> keys_{sim_key_digest()};
  mutable SimVerifier verifier_;
  mutable SignatureGuard guard_{verifier_, {.keys = keys_}};
  mutable VersionRecord versions_{counter_place_};
  mutable std::unordered_map<std::uint64_t, std::uint32_t> counted_;
  NorFlash::Snapshot start_;
  Places may_boot_{};
  std::uint32_t boots_ = 0;
  mutable std::unordered_map<std::uint64_t, bool> verified_;
  mutable std::unordered_map<std::uint64_t, BootInputs> looked_;
};

}  // namespace dualbank::sim
