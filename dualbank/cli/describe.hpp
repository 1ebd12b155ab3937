// What stands in slots and images, as JSON and in words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dualbank/cli/flash_view.hpp"
#include "dualbank/cli/json.hpp"
#include "dualbank/engine/updater.hpp"

namespace dualbank::cli {

/// The characters up to the first NUL; what is no printable ASCII is shown as '?', so that a terminal is safe.
[[nodiscard]] std::string printable(std::span<const char> characters);

/// "circuitpython 9.2.8"; "no name" where the image has no descriptor.
[[nodiscard]] std::string image_label(const ImageInfo& info);
/// {"valid", "version", "project", "chip", "length"} and more of the descriptor.
[[nodiscard]] Json image_json(const ImageInfo& info, bool valid);
[[nodiscard]] std::string digest_text(const Sha256Digest& digest);

struct SlotReport {
  SlotIndex slot = kNoSlot;
  Extent extent{};
  bool empty = false;                ///< the first bytes are erased
  bool absent = false;               ///< its image is not all in the file, so nothing can be said of it
  std::optional<ImageInfo> image{};  ///< also of a damaged one, as far as its first bytes tell
  Event fault{};                     ///< ok: the image verifies
  std::optional<BootRecord> record{};

  [[nodiscard]] bool valid() const { return image.has_value() && fault.code == Status::ok; }
};

[[nodiscard]] SlotReport report_slot(FlashView& view, SlotIndex slot);
/// The OTA slots in order, then factory and test where they are.
[[nodiscard]] std::vector<SlotReport> report_slots(FlashView& view);
[[nodiscard]] Json slot_report_json(const SlotReport& report);
/// "valid", "empty", "damaged", "not in the dump".
[[nodiscard]] std::string slot_state(const SlotReport& report);

/// The record that names the slot: of two, the one with the larger sequence number.
[[nodiscard]] std::optional<BootRecord> record_of(const BootRecords& records, SlotIndex slot, std::uint32_t slot_count);

/// The ranges that an update under way still misses; the whole slot's rest where the length is not known.
[[nodiscard]] std::vector<Range> missing_ranges(Updater& updater);
[[nodiscard]] Json ranges_json(const std::vector<Range>& ranges);
[[nodiscard]] std::uint64_t total_length(const std::vector<Range>& ranges);
/// {"slot", "length", "missing"}, or null when no update is under way.
[[nodiscard]] Json update_json(Updater& updater);

}  // namespace dualbank::cli
