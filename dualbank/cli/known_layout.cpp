#include "dualbank/cli/known_layout.hpp"

#include <fmt/format.h>

#include "dualbank/cli/csv_table.hpp"

namespace dualbank::cli {
namespace {

bool is_about_slots(Status code) {
  return code == Status::layout_no_otadata || code == Status::layout_no_slots || code == Status::layout_one_slot;
}

}  // namespace

const KnownLayout* known_layout(FlashView& view) {
  const auto partitions = view.partitions();
  for (const KnownLayout& layout : all_layouts()) {
    if (partitions == partitions_of_csv(layout.csv)) return &layout;
  }
  return nullptr;
}

Refused refusal(FlashView& view, const Event& event) {
  const Refused refused(event);
  const KnownLayout* layout = is_about_slots(event.code) ? known_layout(view) : nullptr;
  if (layout == nullptr || layout->why_one_slot.empty()) return refused;
  return {refused.code(), refused.message(),
          fmt::format("this is CircuitPython's layout {}: {}", layout->name, layout->why_one_slot), refused.values()};
}

void require(FlashView& view, const Event& event) {
  if (event.failed()) throw refusal(view, event);
}

}  // namespace dualbank::cli
