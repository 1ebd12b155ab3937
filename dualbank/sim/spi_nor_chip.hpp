// A SPI NOR chip as it behaves on its pins, for the tests of drivers. It forgives nothing that real ones do not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dualbank/sim/nor_flash.hpp"
#include "dualbank/sim/spi_nor_model.hpp"

namespace dualbank::sim {

/// What a driver did that a chip answers with garbage, or not at all.
struct SpiViolation {
  enum class Kind : std::uint8_t {
    while_busy,         ///< other than reading the status or waking up: ignored; a reset tears what is under way
    while_asleep,       ///< in deep power-down, or before waking up or a reset is over: ignored
    not_write_enabled,  ///< a change without the write enable latch: ignored
    write_protected,    ///< a change of what the protection bits protect: ignored, and the latch falls
    wrong_length,       ///< chip select rose too early or too late: ignored
    wraps_page,         ///< a program ran over its page's end: it went on at the page's start
    misaligned_erase,   ///< the address's low bits were ignored
    beyond_chip,        ///< the address's high bits were ignored
    reset_not_enabled,  ///< 99h without 66h right before: ignored
    sets_bits,          ///< a program would have to turn a 0 into a 1: it stays 0
  };
  Kind kind;
  std::uint8_t opcode;
  std::uint32_t address;

  friend bool operator==(const SpiViolation&, const SpiViolation&) = default;
};

/// The two functions of a bus are the pins. Time is the model's own and passes with the clocks, at `clock_hz`, or by
/// `pass_us`: an operation begins when chip select rises, takes its time, and is in the array when it is over.
///
/// Known commands: 01h (one byte), 02h, 03h, 04h, 05h, 06h, 20h, 52h, 9Fh, ABh, B9h, D8h; where the model has them 5Ah,
/// 66h and 99h, B7h and how that mode is left, 12h, 13h, 21h and DCh. Others are ignored.
///
/// Lost without power: the latch, 4-byte mode, deep power-down. The protection bits stay.
class SpiNorChip {
 public:
  enum class Pace : std::uint8_t { typical, longest, never };

  explicit SpiNorChip(SpiNorModel model, std::uint32_t clock_hz = 1'000'000);

  // ---- the pins
  void select(bool active);
  void transfer(Bytes out, MutableBytes in);

  // ---- what is behind them
  /// The cells: contents, fixtures, log, wear, violations, armed cuts (`cut_at` counts operations as they end).
  [[nodiscard]] NorFlash& array() { return array_; }
  [[nodiscard]] const SpiNorModel& model() const { return model_; }
  [[nodiscard]] bool busy() const { return busy_; }
  [[nodiscard]] bool write_enabled() const { return write_enabled_; }
  [[nodiscard]] bool in_4_byte_mode() const { return in_4_byte_mode_; }
  [[nodiscard]] bool asleep() const { return asleep_; }
  [[nodiscard]] std::uint8_t protection() const { return protection_; }
  [[nodiscard]] std::uint32_t resets() const { return resets_; }
  [[nodiscard]] std::uint64_t now_us() const { return now_ns_ / 1000; }
  [[nodiscard]] const std::vector<SpiViolation>& violations() const { return violations_; }
  void forget_violations() { violations_.clear(); }

  // ---- what happens to it
  void pass_us(std::uint64_t us);
  /// Sets protection bits, as a tool on the bench would. `locked`: the WP pin keeps them as they are.
  void protect(std::uint8_t bits, bool locked = false);
  /// How long the operations from now on take.
  void pace(Pace pace) { pace_ = pace; }
  /// Power goes now. An operation under way is torn.
  void cut_power(const Tear& tear);
  void power_on(MarginalBits reads = MarginalBits::drawn);

 private:
  struct Running {
    Op op;
    std::vector<std::byte> data;
    std::optional<std::uint8_t> protection;  // instead of an operation of the array
  };

  [[nodiscard]] std::byte clock(std::byte out);
  [[nodiscard]] std::byte answer(std::byte out, std::size_t index);
  [[nodiscard]] bool takes();
  [[nodiscard]] bool knows() const;
  [[nodiscard]] std::size_t address_bytes() const;
  [[nodiscard]] bool may_change(bool length_is_right);
  void carry_out();
  void program();
  void erase(std::uint32_t size_bytes);
  void write_status();
  void set_mode(bool of_4_bytes);
  void reset();
  void begin(Running running, const Duration& time);
  void settle();
  void forget_state();
  void violate(SpiViolation::Kind kind) { violations_.push_back({kind, opcode_, address_}); }

  SpiNorModel model_;
  NorFlash array_;
  std::uint64_t ns_per_byte_;
  std::uint64_t now_ns_ = 0;
  std::uint64_t busy_until_ns_ = 0;
  std::uint64_t awake_from_ns_ = 0;
  Pace pace_ = Pace::typical;

  bool selected_ = false;
  bool ignored_ = false;
  std::size_t bytes_ = 0;  // of this command so far
  std::uint8_t opcode_ = 0;
  std::uint32_t address_ = 0;
  std::vector<std::byte> data_;

  bool busy_ = false;
  Running running_{};
  bool write_enabled_ = false;
  bool reset_enabled_ = false;
  bool in_4_byte_mode_ = false;
  bool asleep_ = false;
  std::uint8_t protection_ = 0;
  std::uint32_t resets_ = 0;
  bool protection_locked_ = false;
  std::vector<SpiViolation> violations_;
};

}  // namespace dualbank::sim
