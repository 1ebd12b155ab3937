// An updater's calls in any order, with resets and power cuts between and inside them: what boots is always an image
// that verifies, and only switch, rollback and a bootloader change which.
#include <memory>

#include "fuzz/small_board.hpp"

namespace dualbank::fuzz {
namespace {

class Play {
 public:
  explicit Play(Draw draw) : draw_(draw), board_(policy_of(draw_.byte())) {
    board_.flash.put(0, BootRecord::make(1, RecordState::valid).bytes());
    const std::uint8_t how = draw_.byte();
    options_ = board_.options();
    if ((how & 1) != 0) options_.workspace = workspace_;
    options_.trust_blank = (how & 2) != 0;
    options_.allow_unconfirmed = (how & 4) != 0;
    if ((how & 8) != 0) options_.streamed = &streamed_;
    running_ = board_.reset();
    open();
  }

  void run() {
    for (int steps = 0; !draw_.empty() && steps < 60; ++steps) {
      const SlotIndex before = board_.boots();
      const std::uint8_t call = draw_.byte();
      if ((call & 0x80) != 0) arm();
      const bool may_choose = step(call & 15);
      if (!board_.flash.power_on()) {
        board_.flash.reboot();
        check(before, true);  // what a cut left half done, a switch among it
        restart();
        continue;
      }
      board_.flash.disarm();
      check(before, may_choose);
    }
    require(board_.flash.violations().empty(), "no rule of the flash is broken");
  }

 private:
  void open() {
    options_.running_slot = running_;
    updater_ = std::make_unique<Updater>(board_.flash, options_);
    static_cast<void>(updater_->open());
  }
  void restart() {
    running_ = board_.reset();
    require(running_ >= 0, "a bootloader starts something");
    open();
  }
  void arm() {
    constexpr std::array kKinds{sim::Tear::Kind::before, sim::Tear::Kind::after, sim::Tear::Kind::prefix,
                                sim::Tear::Kind::suffix, sim::Tear::Kind::bits};
    const std::uint8_t how = draw_.byte();
    board_.flash.cut_at(draw_.byte() & 31U, {.kind = kKinds[how % kKinds.size()], .units = draw_.byte(), .seed = how});
  }
  /// True where the call may change what boots.
  bool step(std::uint8_t call) {
    const auto& image = SmallBoard::image(draw_.byte());
    const auto size = static_cast<std::uint32_t>(image.size());
    if (call == 0) {
      open();
      return true;  // finishes a switch that a cut left half done
    }
    if (call == 1) static_cast<void>(updater_->begin({.length_bytes = size, .header = image}));
    if (call == 2) {
      const std::uint32_t at = (draw_.byte() * 8U) % size;
      static_cast<void>(
          updater_->flash(Bytes{image}.subspan(at, std::min<std::uint32_t>(size - at, draw_.byte() * 8U)), at));
    }
    if (call == 3 || call == 4) {
      const Range gap = updater_->next_missing();
      if (gap.from < size) {
        static_cast<void>(
            updater_->flash(Bytes{image}.subspan(gap.from, std::min(gap.length(), size - gap.from)), gap.from));
      }
    }
    if (call == 5) static_cast<void>(updater_->flash(image));
    if (call == 6) static_cast<void>(updater_->flash(draw_.bytes(64), draw_.word() % kSlotBytes));
    if (call == 7) static_cast<void>(updater_->abandon());
    if (call == 8) static_cast<void>(updater_->pause());
    if (call == 9) static_cast<void>(updater_->confirm());
    if (call == 10) static_cast<void>(updater_->boot_guard(draw_.byte()));
    if (call == 11) static_cast<void>(updater_->rollback());
    if (call == 12 || call == 13) static_cast<void>(updater_->switch_slot());
    if (call > 13) restart_with_power();
    return call == 10 || call >= 11;
  }
  void restart_with_power() {
    running_ = board_.reset();
    if (!board_.flash.power_on()) return;
    require(running_ >= 0, "a bootloader starts something");
    open();
  }
  void check(SlotIndex before, bool may_choose) {
    const SlotIndex now = board_.boots();
    // Over the fallback of an image on trial: once the trial is over, what stands there whole is the fallback again.
    const bool over_fallback = options_.allow_unconfirmed && updater_->status().on_trial;
    require(may_choose || over_fallback || now == before || now == running_, "only what chooses changes what boots");
  }

  Draw draw_;
  SmallBoard board_;
  Options options_;
  std::array<std::byte, 4096> workspace_{};
  ImageVerifier streamed_{ImageRules{}};
  SlotIndex running_ = kNoSlot;
  std::unique_ptr<Updater> updater_;
};

}  // namespace

void engine_calls(Bytes input) { Play{Draw{input}}.run(); }

}  // namespace dualbank::fuzz
