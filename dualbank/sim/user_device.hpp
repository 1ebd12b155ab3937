// A device that runs a user's update function, for Sweep.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "dualbank/engine/boot.hpp"
#include "dualbank/sim/sweep.hpp"

namespace dualbank::sim {

class UserDevice final : public Subject {
 public:
  /// Throws std::invalid_argument: see Sweep::run. The references must outlive it.
  UserDevice(const Sweep& sweep, const Sweep::Update& update, const Sweep::Invariant& invariant);

  [[nodiscard]] NorFlash& flash() override { return flash_; }
  void start() override;
  [[nodiscard]] std::string run(Reads reads) override;
  [[nodiscard]] Memory memory() const override { return {}; }
  void remember(const Memory&) override { flash_.forget(); }
  [[nodiscard]] bool is_metadata(std::uint32_t address) const override;
  [[nodiscard]] std::size_t call_at(const Memory&) const override { return 0; }

 private:
  [[nodiscard]] std::string run_update();
  [[nodiscard]] std::string power_up(Reads reads, Boot& boot);
  [[nodiscard]] std::string judge(const Sweep::Invariant& invariant, const Boot& boot, std::string_view moment) const;
  [[nodiscard]] Boot describe(const BootDecision& decision);
  [[nodiscard]] BootDecision decide();
  [[nodiscard]] bool verifies(SlotIndex slot);

  const Sweep& sweep_;
  const Sweep::Update& update_;
  const Sweep::Invariant& invariant_;
  NorFlash flash_;
  NorFlash::Snapshot start_;
  Layout layout_{};
  BootSettings settings_{};
  std::uint32_t boots_ = 0;
  std::unordered_map<std::uint64_t, bool> verified_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(4096);
};

}  // namespace dualbank::sim
