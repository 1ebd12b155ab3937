#include "dualbank/cli/serial_report.hpp"

#include <fmt/format.h>

#include <array>

#include "dualbank/cli/describe.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/engine/boot_decision.hpp"
#include "dualbank/formats/chip.hpp"

namespace dualbank::cli {
namespace {

constexpr std::size_t kMostRanges = 10'000;
constexpr std::array<std::string_view, 4> kFileOptions{"--table", "--running", "--policy", "--overwrite-drive"};

}  // namespace

std::string device_label(const SerialDevice& device) {
  const std::string name = printable(device.name);
  const std::string version = printable(device.version);
  if (name.empty()) return version.empty() ? "a device without a name" : version;
  return version.empty() ? name : name + " " + version;
}

Json device_json(const SerialDevice& device) {
  return {{"name", printable(device.name)},
          {"version", printable(device.version)},
          {"chip", device.chip_id == kAnyChip ? Json(nullptr) : Json(chip_name(device.chip_id))},
          {"largest_piece", device.largest_piece_bytes}};
}

std::string boot_reason_word(const SerialDevice& device) {
  if (device.boot_reason > static_cast<std::uint8_t>(BootReason::trial_failed)) return {};
  return boot_reason_name(static_cast<BootReason>(device.boot_reason));
}

std::vector<Range> missing_over_line(SerialClient& client) {
  std::vector<Range> ranges;
  std::uint32_t from = 0;
  while (ranges.size() < kMostRanges) {
    static_cast<void>(client.require({.verb = SerialVerb::missing, .offset = from}));
    const Range gap = client.state().missing;
    if (gap.empty() || gap.from < from) break;
    ranges.push_back(gap);
    from = gap.to;
  }
  return ranges;
}

void report_event(Context& context, const Event& event) {
  context.out.result()["event"] = event_json(event);
  context.out.done("{}", what_text(event));
}

void refuse_options_for_files(const Context& context) {
  for (const std::string_view option : kFileOptions) {
    if (!context.args.has(option)) continue;
    throw Refused::usage("not_over_line",
                         fmt::format("{} says nothing over a serial line: the device knows it", option), "leave it out",
                         {{"option", std::string(option)}});
  }
}

}  // namespace dualbank::cli
