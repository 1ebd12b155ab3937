// A NOR flash in memory that forgives nothing, and whose power can be cut before, inside and after every operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dualbank/engine/flash.hpp"
#include "dualbank/sim/parts.hpp"

namespace dualbank::sim {

enum class OpKind : std::uint8_t { program, erase };

/// An operation that changes the flash. Those refused as violations or failed on demand are none.
struct Op {
  OpKind kind = OpKind::program;
  std::uint32_t address = 0;
  std::uint32_t size_bytes = 0;
  bool cut = false;  ///< power was lost before, inside or after it: see the Tear

  friend bool operator==(const Op&, const Op&) = default;
};

/// What the caller did that a real chip would have answered with garbage, or not at all.
struct Violation {
  enum class Kind : std::uint8_t {
    out_of_range,      ///< answered flash_out_of_range
    misaligned,        ///< a program not made of whole write units: flash_misaligned
    crosses_page,      ///< flash_misaligned
    wrong_erase_unit,  ///< size not an erase unit, or address not a multiple of it: flash_misaligned
    sets_bits,         ///< a program needs a bit that only an erase brings back: flash_not_erased
    programs_again,    ///< a write unit programmed twice, on a flash without can_reprogram: flash_not_erased
  };
  Kind kind;
  std::uint32_t address;
  std::uint32_t size_bytes;

  friend bool operator==(const Violation&, const Violation&) = default;
};

/// How much of an operation a power cut lets happen. The *disputed* bits are those that the operation changes.
struct Tear {
  enum class Kind : std::uint8_t {
    before,  ///< nothing happens
    after,   ///< all of it happens, but the caller never learns
    prefix,  ///< the first `units` units happen
    suffix,  ///< the last `units` units happen
    bits,    ///< of the disputed bits a random subset, drawn from `seed`, happens
  };
  Kind kind = Kind::before;
  std::uint32_t units = 0;      ///< write units of a program, pages of an erase; more than there are: all
  std::uint32_t seed = 0;       ///< for `bits`, and for what marginal bits read as
  bool programs_first = false;  ///< an erase programs all bits before it erases any, as many chips do
  /// With `programs_first`: the cut comes while the erase still programs. `kind` and `units` say how much of that
  /// happens; nothing is erased.
  bool still_programs = false;
  /// Leaves marginal bits: with prefix and suffix the disputed bits of the one unit in flight, with `bits` about half
  /// of the disputed ones.
  bool marginal = false;

  friend bool operator==(const Tear&, const Tear&) = default;
};

/// What marginal bits read as after a reboot.
enum class MarginalBits : std::uint8_t { drawn, programmed, erased };

/// A simulated NOR flash of any geometry.
///
/// Strict: what a caller must not do is refused, changes nothing and is recorded in `violations()`.
///
/// Power: `cut_at` arms a cut. The operation it strikes is torn and answers power_lost, as does every call after it,
/// until `reboot()`. Nothing changes meanwhile.
///
/// Marginal bits: a torn bit can be left between 0 and 1. It reads as one value until the next reboot and may read
/// differently after it. Programming it makes it firmly programmed, a whole erase makes it firmly erased; programming
/// *around* it (a 1 on a flash that erases to FF) changes nothing.
class NorFlash final : public Flash {
 public:
  struct Counts {
    std::uint64_t reads = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t programs = 0;
    std::uint64_t bytes_programmed = 0;
    std::uint64_t erases = 0;
    std::uint64_t syncs = 0;

    [[nodiscard]] std::uint64_t operations() const { return programs + erases; }
  };

  /// All that a reboot does not change, but for wear and counters. Snapshots share the sectors that are the same, so
  /// that taking one costs little more than the sectors changed since the last.
  struct Snapshot {
    struct Sector;
    std::vector<std::shared_ptr<const Sector>> sectors;
    std::uint32_t seed = 0;
    std::uint32_t boots = 0;
  };

  using Observer = std::function<void(const Op&)>;
  using Witness = std::function<void(const Op&, Bytes)>;

  /// All erased. Throws std::invalid_argument when the geometry is not sound.
  explicit NorFlash(const Geometry& geometry);
  /// The same, and it keeps the time of a part that has figures.
  explicit NorFlash(const Part& part);

  Status read(std::uint32_t address, MutableBytes out) override;
  Status program(std::uint32_t address, Bytes bytes) override;
  Status erase(std::uint32_t address, std::uint32_t size_bytes) override;
  Status sync() override;

  // ---- fixtures: past all rules, as a programmer on the bench would; also while the power is off
  /// What reads give now.
  [[nodiscard]] Bytes contents() const { return contents_; }
  /// Puts firm bytes there. Throws std::out_of_range beyond the chip.
  void put(std::uint32_t address, Bytes bytes);
  [[nodiscard]] Snapshot snapshot() const;
  /// The flash as it was, power on, nothing armed. Counters and log go on. Precondition: made by a flash of this
  /// geometry.
  void restore(const Snapshot& snapshot);
  /// A number for what the cells hold, marginal bits included: of the whole chip, or of the sectors that a range
  /// touches. Equal contents of the same sectors have equal digests.
  [[nodiscard]] std::uint64_t digest() const;
  [[nodiscard]] std::uint64_t digest(std::uint32_t address, std::uint32_t size_bytes) const;

  // ---- power
  /// Arms a cut at the `index`-th program or erase from now on; 0 is the next.
  void cut_at(std::uint32_t index, const Tear& tear);
  void disarm() { cut_armed_ = fail_armed_ = fail_read_armed_ = false; }
  /// Power goes in this very operation. Precondition: the flash stands as it did when the operation was begun.
  void tear(const Op& op, Bytes data, const Tear& how);
  [[nodiscard]] bool power_on() const { return power_on_; }
  /// Power on again, nothing armed; marginal bits are drawn anew.
  void reboot(MarginalBits reads = MarginalBits::drawn);
  /// A reset with the power on: marginal bits are drawn anew, a cut that is armed stays.
  void reset(MarginalBits reads = MarginalBits::drawn);
  [[nodiscard]] std::uint32_t boots() const { return boots_; }
  [[nodiscard]] bool has_marginal_bits() const { return marginal_bytes_ != 0; }
  /// In the sectors that a range touches.
  [[nodiscard]] bool has_marginal_bits(std::uint32_t address, std::uint32_t size_bytes) const;
  /// Mask of the marginal bits of one byte.
  [[nodiscard]] std::byte marginal_at(std::uint32_t address) const;

  // ---- failures without a power cut
  /// The `index`-th program or erase from now on answers `error` and changes nothing.
  void fail_at(std::uint32_t index, Status error);
  /// The `index`-th read from now on answers `error`.
  void fail_read_at(std::uint32_t index, Status error);

  // ---- what happened
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Erases so far of the smallest sector that holds `address`; a larger unit counts for each of its sectors.
  [[nodiscard]] std::uint32_t erases_of(std::uint32_t address) const;
  [[nodiscard]] const std::vector<Op>& log() const { return log_; }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
  /// What the operations so far take on this part, an operation that a cut struck counted as whole. Nothing when no
  /// figures are known: the flash was made from a geometry, or from a part without.
  [[nodiscard]] std::optional<Elapsed> elapsed() const {
    return times_.known() ? std::optional{elapsed_} : std::nullopt;
  }
  /// Counters, time, wear, log and violations to nothing.
  void forget();
  /// Called after every program and erase, also after the one that the cut struck: the moment to assert what must hold
  /// at each instant. It may read through `contents()`, and the flash too unless the power is off. It must not change
  /// it.
  void observe(Observer observer) { observer_ = std::move(observer); }
  /// Called before every program and erase with what it is about to do: the moment to take a snapshot for `tear`.
  void witness(Witness witness) { witness_ = std::move(witness); }

 private:
  struct Change;

  Status violate(Violation::Kind kind, std::uint32_t address, std::uint32_t size, Status answer);
  Status check_program(std::uint32_t address, Bytes bytes);
  Status perform(const Op& op, Bytes data);
  void apply(const Op& op, Bytes data, const Tear& tear);
  void note_programmed(const Op& op, const Tear& tear);
  void change_byte(std::uint32_t address, const Change& change);
  void set_marginal(std::uint32_t address, std::uint8_t mask);
  void touch(std::uint32_t address, std::size_t size_bytes);
  void account(const Op& op);
  [[nodiscard]] const Snapshot::Sector& shared(std::uint32_t sector) const;
  [[nodiscard]] bool in_range(std::uint32_t address, std::size_t size) const;

  std::vector<std::byte> contents_;
  std::vector<std::uint8_t> marginal_;            ///< of each byte: mask
  std::vector<std::uint8_t> programmed_units_;    ///< empty when units may be programmed again
  std::vector<std::uint32_t> marginal_bytes_of_;  ///< of each sector: how many have marginal bits
  std::uint32_t marginal_bytes_ = 0;
  mutable std::vector<std::shared_ptr<const Snapshot::Sector>> shared_;  ///< of each sector; null: changed since
  std::uint32_t seed_ = 0;
  std::uint32_t boots_ = 0;
  bool power_on_ = true;

  bool cut_armed_ = false;
  std::uint32_t cut_in_ = 0;
  Tear tear_{};
  bool fail_armed_ = false;
  std::uint32_t fail_in_ = 0;
  Status fail_error_ = Status::ok;
  bool fail_read_armed_ = false;
  std::uint32_t fail_read_in_ = 0;
  Status fail_read_error_ = Status::ok;

  OperationTimes times_{};
  Elapsed elapsed_{};
  Counts counts_{};
  std::vector<std::uint32_t> sector_erases_;
  std::vector<Op> log_;
  std::vector<Violation> violations_;
  Observer observer_;
  Witness witness_;
};

}  // namespace dualbank::sim
