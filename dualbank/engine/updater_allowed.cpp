// Whose images, and which versions of them, may boot: the two hooks.
#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank {

Event Updater::check_allowed(SlotIndex slot, const ImageBrief& image) {
  if (const Event e = check_version(image.secure_version); e.failed() || options_.guard == nullptr) return e;
  const GuardedImage guarded{layout_.extent_of(slot), image.length_bytes, layout_.extent_of(state_.running_slot)};
  return options_.guard->check(*flash_, guarded, options_.workspace);
}

Event Updater::check_version(std::uint32_t secure_version) {
  if (options_.counter == nullptr) return kDone;
  const Extent confirmed = running_on_trial() ? Extent{} : layout_.extent_of(state_.running_slot);
  return options_.counter->check(*flash_, confirmed, secure_version);
}

// To the version of the image that runs, once that is what boots next whatever comes.
Event Updater::raise_version(bool confirmed_now) {
  const int active = sectors_.active();
  if (options_.counter == nullptr || active < 0 || sectors_.active_slot() != state_.running_slot) return kDone;
  const SectorFacts& facts = sectors_.facts(active);
  const bool by_record = facts.firm && facts.intent.b == static_cast<std::uint16_t>(Reason::confirm);
  if (!confirmed_now && !facts.confirmed && !by_record) return kDone;
  std::array<std::byte, 8> start;
  const Extent slot = layout_.extent_of(state_.running_slot);
  if (const Event e = read_flash(*flash_, slot.offset + kAppDescriptorOffset, start); e.failed()) return e;
  if (!AppDescriptor::present(start)) return kDone;
  const std::uint32_t version = load_u32(start, kSecureVersionOffset);
  const Result<std::uint32_t> before = options_.counter->lowest(*flash_, {});
  if (!before) return before.error();
  if (version > *before && facts.confirmed) {  // a confirmation that a cut left half written may be gone tomorrow
    if (const Event e = sectors_.refresh_last_cell(active); e.failed()) return e;
  }
  return options_.counter->raise(*flash_, version);
}

}  // namespace dualbank
