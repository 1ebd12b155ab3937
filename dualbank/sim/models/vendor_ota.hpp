// The vendor's update calls and a small updater on top of them, on an ESP layout. Every flash operation, and no other,
// in the vendor's order; rules and upstream sources: docs/FORMAT.md, "Boot record".
#pragma once

#include <cstdint>
#include <optional>

#include "dualbank/engine/boot.hpp"
#include "dualbank/sim/models/model.hpp"

namespace dualbank::sim {

/// What the vendor's SDK does when the slot to boot is the one that boots already.
enum class VendorGeneration : std::uint8_t {
  up_to_5_5,  ///< writes the other record with the same seq
  from_6_0,   ///< rewrites the active record in place
};

/// "set boot partition" to an OTA slot, which is verified first. `state` is what the record gets: NEW by an app built
/// for rollback, else UNDEFINED. Errors: those of verify_slot; those of the flash.
[[nodiscard]] Status vendor_set_boot(Flash& flash, const Layout& layout, SlotIndex slot, RecordState state,
                                     VendorGeneration generation);

/// "mark app valid": the active record becomes VALID in place, whatever it was, whichever slot runs, rollback built in
/// or not. Nothing is written when it is VALID already or there is none. Errors: those of the flash.
[[nodiscard]] Status vendor_confirm(Flash& flash, const Layout& layout);

/// "mark app invalid", after which the app restarts: the active record becomes INVALID in place. Only where there is
/// something to go back to: the other record is usable and its slot verifies, or it is not and the factory app does.
/// Errors: no_rollback_target; those of the flash.
[[nodiscard]] Status vendor_reject(Flash& flash, const Layout& layout);

/// "set boot partition" to the factory app: both records are erased. Errors: slot_unknown, there is
/// none; those of verify_slot; those of the flash.
[[nodiscard]] Status vendor_set_boot_factory(Flash& flash, const Layout& layout);

/// "OTA begin" with an unknown size: erases the slot, sector by sector (64 KiB at once where they fit). An app built
/// for rollback (SDK 5.5 and later) then erases the inactive record, if that is firm and names another slot than
/// `running`. Errors: those of the flash.
[[nodiscard]] Status vendor_begin(Flash& flash, const Layout& layout, SlotIndex slot, SlotIndex running, bool rollback);

/// A reset: the bootloader decides, does its writes (NEW becomes PENDING_VERIFY, PENDING_VERIFY becomes ABORTED, the
/// repair), and the slot that then runs. Errors: those of the flash.
[[nodiscard]] Result<BootDecision> vendor_boot(Flash& flash, const Layout& layout, Policy policy);

struct VendorOtaSettings {
  VendorGeneration generation = VendorGeneration::from_6_0;
  bool rollback = false;  ///< bootloader and app are built for it: the app confirms itself at each start
  bool confirms = false;  ///< the app confirms itself at each start anyway, as many do
  /// A factory app that can do nothing but wait for a person: a UF2 bootloader, a rescue page.
  bool recovery_app = false;
  /// Before an update the app takes back whatever was chosen before: it sets its own slot to boot.
  bool selects_itself = false;
};

/// An updater as an app has it: erase the slot, write it in order, set it to boot, reset, confirm. After a power cut it
/// starts over. Version 1 is in ota_0, named by record 0 (NEW with rollback: it was just installed); record 1 is blank.
class VendorOta final : public Model {
 public:
  explicit VendorOta(const VendorOtaSettings& settings = {}) : settings_(settings) {}

  [[nodiscard]] Geometry geometry() const override;
  void start(NorFlash& flash) const override;
  Status power_session(NorFlash& flash) const override;
  [[nodiscard]] std::optional<int> boots(const NorFlash& flash) const override;

  [[nodiscard]] Layout layout() const;

 private:
  Status update(NorFlash& flash, SlotIndex running) const;
  [[nodiscard]] Policy policy() const { return settings_.rollback ? Policy::stock_rollback : Policy::stock; }

  VendorOtaSettings settings_;
};

}  // namespace dualbank::sim
