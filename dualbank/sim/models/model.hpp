// Updaters as others build them, small but whole: what an adversary that bites must bring down.
#pragma once

#include <optional>

#include "dualbank/sim/nor_flash.hpp"

namespace dualbank::sim {

/// A device with an updater: version 1 is installed, version 2 is to be. The model keeps nothing in memory from one
/// power session to the next.
class Model {
 public:
  virtual ~Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// Of the flash that it needs. Precondition of the rest: a flash of this geometry.
  [[nodiscard]] virtual Geometry geometry() const = 0;
  /// Fixture: version 1 is installed and runs at the next boot; the power is on.
  virtual void start(NorFlash& flash) const = 0;
  /// The power has come: boots, works on towards version 2, resets (NorFlash::reset) and boots again where the update
  /// asks for it. ok when nothing is left that the device could do by itself, whatever runs then: ask boots(). Errors:
  /// power_lost, others of the flash.
  virtual Status power_session(NorFlash& flash) const = 0;
  /// The version that a boot with the flash as it reads now ends in; none when nothing boots. Changes nothing.
  [[nodiscard]] virtual std::optional<int> boots(const NorFlash& flash) const = 0;

 protected:
  Model() = default;
};

/// What boots() says of a recovery app: it runs, and waits for a person.
inline constexpr int kRecoveryVersion = 0;
inline constexpr int kInstalledVersion = 1;
inline constexpr int kWantedVersion = 2;

}  // namespace dualbank::sim
