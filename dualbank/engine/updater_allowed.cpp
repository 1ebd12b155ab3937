// Whose images, and which versions of them, may boot: the two hooks.
#include "dualbank/engine/updater.hpp"

namespace dualbank {

Event Updater::check_allowed(SlotIndex slot, const ImageBrief& image) {
  if (const Event e = check_version(image.secure_version); e.failed() || options_.guard == nullptr) return e;
  const GuardedImage guarded{layout_.extent_of(slot), image.length_bytes, layout_.extent_of(state_.running_slot)};
  return options_.guard->check(*flash_, guarded, options_.workspace);
}

Event Updater::check_version(std::uint32_t secure_version) {
  if (options_.versions == nullptr) return kDone;
  const Extent confirmed = running_on_trial() ? Extent{} : layout_.extent_of(state_.running_slot);
  return options_.versions->check(*flash_, confirmed, secure_version);
}

// To the version of the image that runs, once that is what boots next whatever comes.
Event Updater::raise_version(bool confirmed_now) {
  const int active = sectors_.active();
  if (options_.versions == nullptr || active < 0 || sectors_.active_slot() != state_.running_slot) return kDone;
  const SectorFacts& facts = sectors_.facts(active);
  const bool by_record = facts.firm && facts.intent.b == static_cast<std::uint16_t>(Reason::confirm);
  if (!confirmed_now && !facts.confirmed && !by_record) return kDone;
  const Extent slot = layout_.extent_of(state_.running_slot);
  const Result<bool> behind = options_.versions->behind(*flash_, slot);
  if (!behind) return behind.error();
  if (*behind && facts.confirmed) {  // a confirmation that a cut left half written may be gone tomorrow
    const Event e = sectors_.refresh_last_cell(active);
    if (e.code == Status::journal_full) return kDone;  // confirm() writes it anew, and comes here again
    if (e.failed()) return e;
  }
  return options_.versions->follow(*flash_, slot);
}

}  // namespace dualbank
