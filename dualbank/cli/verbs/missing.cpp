#include <array>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/slot_name.hpp"
#include "dualbank/cli/target.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

int run(Context& context) {
  Output& out = context.out;
  Target target(context, Access::look);
  Updater& updater = target.updater();
  const UpdaterState& state = updater.status();
  const auto ranges = missing_ranges(updater);
  const bool known = state.update_active && updater.length_known();
  Json& result = out.result();
  result["update"] = update_json(updater);
  result["missing"] = ranges_json(ranges);
  result["missing_bytes"] = known || !state.update_active ? Json(total_length(ranges)) : Json(nullptr);
  if (!state.update_active) {
    out.note("no update is under way");
    return kDone;
  }
  for (const Range& range : ranges) out.say("{:>9} {:>9}  {}", range.from, range.to, size_text(range.length()));
  if (ranges.empty()) {
    out.note("nothing is missing: dualbank switch{} makes {} boot next", context.target_word(),
             slot_name(state.update_slot));
  } else if (!known) {
    out.note("the image's length is not known yet: the last range ends with the slot");
  }
  return kDone;
}

constexpr std::array kOperands{kTarget};
constexpr std::array kOptions{kTable};
constexpr std::array<std::string_view, 1> kExamples{"dualbank missing board.flash"};

}  // namespace

const Verb kMissingVerb{
    "missing",
    Group::look,
    "list the bytes that an update under way still needs",
    "One line for each range: first byte, first byte after it, size. Counted from the image's start.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
