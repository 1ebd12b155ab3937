// An object file of its own: not linked unless someone asks for the sentences.
#include "dualbank/engine/boot_decision.hpp"

namespace dualbank {

const char* boot_reason_name(BootReason reason) {
  switch (reason) {
    case BootReason::active_record:
      return "active_record";
    case BootReason::no_record_first_slot:
      return "no_record_first_slot";
    case BootReason::no_record_factory:
      return "no_record_factory";
    case BootReason::no_usable_record:
      return "no_usable_record";
    case BootReason::no_otadata:
      return "no_otadata";
    case BootReason::fallback:
      return "fallback";
    case BootReason::trial_first_boot:
      return "trial_first_boot";
    case BootReason::trial_dropped:
      return "trial_dropped";
    case BootReason::test_app:
      return "test_app";
    case BootReason::nothing_boots:
      return "nothing_boots";
    case BootReason::otadata_unreadable:
      return "otadata_unreadable";
    case BootReason::trial_boot:
      return "trial_boot";
    case BootReason::trial_failed:
      return "trial_failed";
  }
  return "unknown";
}

const char* boot_reason_text(BootReason reason) {
  switch (reason) {
    case BootReason::active_record:
      return "the newest boot record names it";
    case BootReason::no_record_first_slot:
      return "no boot record chooses a slot and there is no factory app, so the first slot is tried first";
    case BootReason::no_record_factory:
      return "no boot record chooses a slot, so the factory app boots";
    case BootReason::no_usable_record:
      return "a boot record is damaged and no other one is usable, so the factory app is tried first, then the slots";
    case BootReason::no_otadata:
      return "the partition table has no otadata, so the factory app is tried first, then the slots";
    case BootReason::fallback:
      return "the chosen image may not boot (it does not verify, or is too old), so the next in the order does";
    case BootReason::trial_first_boot:
      return "the newest boot record names it, and this is its one boot on trial";
    case BootReason::trial_dropped:
      return "the image on trial was not confirmed before the reset, so its boot record is dropped";
    case BootReason::test_app:
      return "no slot and no factory app verifies, so the test app boots";
    case BootReason::nothing_boots:
      return "no image verifies, so the bootloader resets for ever";
    case BootReason::otadata_unreadable:
      return "the otadata partition cannot be read or is too small, so the bootloader resets for ever";
    case BootReason::trial_boot:
      return "the newest boot record names it, and this is one of its boots on trial";
    case BootReason::trial_failed:
      return "the newest boot record's image was not confirmed in its boots on trial, so the other good images come "
             "first";
  }
  return "unknown";
}

}  // namespace dualbank
