// A device that lives through a scenario: it boots, its application makes the scenario's calls through the real
// Updater, and after a power cut it finds out where it stands and goes on.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "dualbank/engine/updater.hpp"
#include "dualbank/sim/board.hpp"
#include "dualbank/sim/contract.hpp"
#include "dualbank/sim/cut_tree.hpp"
#include "dualbank/sim/scenario.hpp"

namespace dualbank::sim {

class Device final : public Subject {
 public:
  explicit Device(const Scenario& scenario);

  [[nodiscard]] NorFlash& flash() override { return board_.flash; }
  void start() override;
  [[nodiscard]] std::string run(Reads reads) override;
  [[nodiscard]] Memory memory() const override;
  void remember(const Memory& memory) override;
  void expect_many_cuts(bool expected) override { board_.many_cuts = expected; }
  [[nodiscard]] bool is_metadata(std::uint32_t address) const override { return board_.is_metadata(address); }
  [[nodiscard]] std::size_t call_at(const Memory& memory) const override;

  [[nodiscard]] const Board& board() const { return board_; }
  /// The most bytes of an image in order that were sent more than once, for all cuts of a path together.
  [[nodiscard]] std::uint64_t most_resent_bytes() const { return most_resent_bytes_; }

 private:
  /// What the world remembers while the power is off. Fits Memory.
  struct Known {
    std::uint8_t call = 0;                ///< index of the call that is made
    std::uint8_t in_call = 0;             ///< 0: not begun, 1: begun, 2: begun, and it is known what it sends
    SlotIndex running = 0;                ///< the slot whose application goes on
    SlotIndex target = 0;                 ///< of the call
    SlotIndex switched_to = kNoSlot;      ///< what is on its way to run
    std::uint8_t image = 0;               ///< index of the image that is sent
    std::uint8_t starts_over = 0;         ///< how often an update had to begin again
    bool trusts_session = false;          ///< nobody else wrote: what was acknowledged must not be asked for again
    bool in_the_middle = false;           ///< only a part of the image was sent
    std::array<std::uint8_t, 7> holds{};  ///< of each slot: 1 + index of the image that is whole there, 0: none known
    std::uint32_t may_boot = 0;
    std::uint32_t sent_bytes = 0;    ///< of the image, again or not
    std::uint64_t acknowledged = 0;  ///< granules whose last byte was acknowledged
  };
  static_assert(std::has_unique_object_representations_v<Known>, "it is compared as bytes");
  static_assert(sizeof(Known) <= sizeof(Memory));

  enum class Ended : std::uint8_t { done, reset, power_lost, known, wrong };

  [[nodiscard]] Ended live(SlotIndex slot);
  [[nodiscard]] bool was_here(const Updater* updater) const;
  [[nodiscard]] bool find_position(SlotIndex slot, const Updater& updater);
  [[nodiscard]] bool find_position_of_the_same(const Updater& updater);
  [[nodiscard]] bool find_position_of_another(SlotIndex slot, const Updater& updater);
  void end_trial();
  [[nodiscard]] Ended make(Call call, Updater& updater);
  [[nodiscard]] Ended act(Call call, Updater& updater);
  [[nodiscard]] Ended send(Call call, Updater& updater);
  [[nodiscard]] Ended send_piece(Updater& updater, std::uint32_t from, std::uint32_t to);
  [[nodiscard]] Ended check_acknowledged(const Updater& updater);
  [[nodiscard]] Ended pause(Updater& updater);
  [[nodiscard]] Ended do_switch(Updater& updater);
  [[nodiscard]] Ended judge(Status status, std::string_view what, const Updater& updater);
  void interfere(Call call);
  [[nodiscard]] Places places_of(std::uint8_t roles, SlotIndex chosen, SlotIndex fallback) const;
  [[nodiscard]] SlotIndex rollback_target() const;
  [[nodiscard]] std::string finish();
  void start_over();
  void reset_flash();
  void note_bootloader();
  [[nodiscard]] Ended wrong(std::string problem);
  [[nodiscard]] bool is_wrong(std::string problem);
  void may_boot(Places places) {
    known_.may_boot = places.bits();
    board_.may_boot(places);
  }
  [[nodiscard]] const std::vector<std::byte>& image() const { return images_[known_.image]; }

  Scenario scenario_;
  Board board_;
  std::vector<std::vector<std::byte>> images_;
  Known start_{};
  Known known_{};
  Reads reads_ = Reads::drawn;
  std::uint32_t boots_ = 0;
  bool fresh_power_ = false;
  bool nervous_ = false;
  std::uint8_t began_with_ = 0;  ///< starts_over, when the power came
  std::uint64_t most_resent_bytes_ = 0;
  std::array<Range, 32> gaps_{};
};

}  // namespace dualbank::sim
