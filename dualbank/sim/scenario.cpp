#include "dualbank/sim/scenario.hpp"

#include <algorithm>
#include <array>

namespace dualbank::sim {
namespace {

struct CallName {
  Call call;
  std::string_view name;
};

constexpr std::array<CallName, kCalls> kCallNames{{
    {Call::flash, "flash"},
    {Call::flash_plain, "flash-plain"},
    {Call::flash_shuffled, "flash-shuffled"},
    {Call::flash_part, "flash-part"},
    {Call::flash_same, "flash-same"},
    {Call::pause, "pause"},
    {Call::abandon, "abandon"},
    {Call::switch_slot, "switch"},
    {Call::confirm, "confirm"},
    {Call::rollback, "rollback"},
    {Call::boot_guard, "boot-guard"},
    {Call::reset, "reset"},
    {Call::vendor_switch, "vendor-switch"},
    {Call::vendor_rewrite, "vendor-rewrite"},
    {Call::vendor_scribble, "vendor-scribble"},
    {Call::erase_otadata, "erase-otadata"},
}};

constexpr auto kBoards = std::to_array<BoardKind>({
    {"two-slots", "two slots of 8 KiB", {}},
    {"words", "the same on a flash that programs words of 4 bytes", {.write_unit_bytes = 4}},
    {"small-sectors", "the same with sectors of 1 KiB", {.erase_units = 0x400}},
    {"three-slots", "three slots of 8 KiB", {}, 3},
    {"factory", "two slots of 8 KiB beside a factory app", {}, 2, true},
    {"large-pages", "two slots of 8 KiB, erase units of 4 and 64 KiB", {.erase_units = 0x1'1000, .page_bytes = 512}},
    {"w25q32",
     "CircuitPython's 4 MB board: 4 MiB, slots of 1408 KiB",
     {.size_bytes = 0x40'0000, .erase_units = 0x1'9000},
     2,
     false,
     0x16'0000,
     20'480,
     false},
    {"blocks",
     "two slots of 16 KiB, erase units of 4 and 8 KiB of which the larger takes a third longer",
     {.erase_units = 0x3000, .erase_ms = {45, 60}},
     2,
     false,
     0x4000,
     11'008},
    {"blank-trusted",
     "the same with units that take as long, and sectors that read erased are not erased",
     {.erase_units = 0x3000, .erase_ms = {45, 45}},
     2,
     false,
     0x4000,
     7'008,
     false,
     false,
     true},
    {"signed",
     "two slots of 8 KiB that take signed images only, beside a version counter",
     {},
     2,
     false,
     0x2000,
     1024,
     true,
     false,
     false,
     true},
    {"signed-words",
     "the same on a flash of words whose units are programmed once",
     {.write_unit_bytes = 8, .can_reprogram = false},
     2,
     false,
     0x2000,
     1024,
     true,
     true,
     false,
     true},
    {"big-slots",
     "two slots of 6 MiB, so that a mark stands for 8 KiB",
     {.size_bytes = 0x100'0000},
     2,
     false,
     0x60'0000,
     20'480,
     false},
    {"ecc-8",
     "an ECC flash: units of 8 bytes, each programmed once",
     {.write_unit_bytes = 8, .can_reprogram = false},
     2,
     false,
     0x2000,
     4352,
     true,
     true},
    {"ecc-32",
     "the same with units of 32 bytes",
     {.write_unit_bytes = 32, .can_reprogram = false},
     2,
     false,
     0x2000,
     4352,
     true,
     true},
    {"encrypted",
     "an encrypted flash: blocks of 16 bytes, each programmed once",
     {.write_unit_bytes = 16, .can_reprogram = false},
     2,
     false,
     0x2000,
     4352,
     true,
     true},
    {"zeros",
     "a flash that erases to 0x00",
     {.write_unit_bytes = 4, .erased = std::byte{0x00}},
     2,
     false,
     0x2000,
     4352,
     true,
     true},
    {"zeros-16",
     "the same with units of 16 bytes",
     {.write_unit_bytes = 16, .erased = std::byte{0x00}},
     2,
     false,
     0x2000,
     4352,
     true,
     true},
    {"sectors-64k", "sectors of 64 KiB", {.erase_units = 0x1'0000}, 2, false, 0x1'0000, 4352, false, true},
    {"sectors-256k",
     "sectors of 256 KiB, units of 32 bytes, each programmed once",
     {.erase_units = 0x4'0000, .write_unit_bytes = 32, .can_reprogram = false},
     2,
     false,
     0x4'0000,
     4352,
     false,
     true},
});

constexpr std::array<StartKind, 7> kStarts{{
    {"", "1.0 runs from ota_0, named by record 0 (seq 1, valid)"},
    {"fresh", "1.0 runs from ota_0, both boot records are blank"},
    {"updated", "1.0 runs from ota_0 (seq 3), 0.9 is in ota_1 (seq 2)"},
    {"second", "1.0 runs from ota_1 (seq 2), 0.9 is in ota_0 (seq 1)"},
    {"fallback", "1.0 runs from ota_0 because what the newest record names, ota_1, is broken"},
    {"switched", "1.0 runs from ota_0, and 0.9 in ota_1 was just switched to by the vendor's app"},
    {"top", "1.0 runs from ota_0, and its seq is the last but one"},
}};

constexpr std::array kBuiltIn = std::to_array<std::string_view>({
#include "dualbank/sim/scenarios.inc"
});

constexpr std::string_view kShortImages = "+1k";
constexpr std::array<std::string_view, 3> kPolicies{"stock", "stock-rollback", "dualbank"};

std::string_view word(std::string_view& text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return text = {};
  text.remove_prefix(begin);
  const std::string_view found = text.substr(0, text.find_first_of(" :"));
  text.remove_prefix(found.size());
  return found;
}

template <class Range, class Name>
std::string listed(const Range& range, Name name) {
  std::string list;
  for (const auto& item : range) {
    if (name(item).empty()) continue;
    if (!list.empty()) list += ", ";
    list += name(item);
  }
  return list;
}

}  // namespace

std::string_view call_name(Call call) { return kCallNames[static_cast<std::size_t>(call)].name; }

bool sends_an_image(Call call) { return call <= Call::flash_same; }

std::span<const BoardKind> boards() { return kBoards; }
std::span<const StartKind> starts() { return kStarts; }
std::span<const std::string_view> built_in_scenarios() { return kBuiltIn; }
std::string_view policy_name(Policy policy) { return kPolicies[static_cast<std::size_t>(policy)]; }

std::string Scenario::line() const {
  std::string text{board->name};
  if (short_images) text += kShortImages;
  if (!start.empty()) text += "/" + std::string{start};
  text += " " + std::string{policy_name(policy)} + ":";
  for (const Call call : calls) text += " " + std::string{call_name(call)};
  return text;
}

bool parse_scenario(std::string_view line, Scenario& scenario, std::string& problem) {
  scenario = {};
  std::string_view rest = line;
  const std::string_view place = word(rest);
  std::string_view board = place.substr(0, place.find('/'));
  const std::string_view start = board.size() == place.size() ? std::string_view{} : place.substr(board.size() + 1);
  scenario.short_images = board.ends_with(kShortImages);
  if (scenario.short_images) board.remove_suffix(kShortImages.size());
  const auto kind = std::find_if(kBoards.begin(), kBoards.end(), [&](const BoardKind& k) { return k.name == board; });
  if (kind == kBoards.end()) {
    problem = "no board is called \"" + std::string{board} + "\": there are " +
              listed(kBoards, [](const BoardKind& k) { return k.name; });
    return false;
  }
  scenario.board = &*kind;
  const auto begin = std::find_if(kStarts.begin(), kStarts.end(), [&](const StartKind& s) { return s.name == start; });
  if (begin == kStarts.end()) {
    problem = "no start is called \"" + std::string{start} + "\": there are " +
              listed(kStarts, [](const StartKind& s) { return s.name; });
    return false;
  }
  scenario.start = begin->name;
  const std::string_view policy = word(rest);
  const auto found = std::find(kPolicies.begin(), kPolicies.end(), policy);
  if (found == kPolicies.end() || !rest.starts_with(':')) {
    problem = "after the board comes a policy and a colon (" + listed(kPolicies, [](std::string_view p) { return p; }) +
              "), not \"" + std::string{policy} + "\"";
    return false;
  }
  scenario.policy = static_cast<Policy>(found - kPolicies.begin());
  rest.remove_prefix(1);
  for (std::string_view name = word(rest); !name.empty(); name = word(rest)) {
    const auto call =
        std::find_if(kCallNames.begin(), kCallNames.end(), [&](const CallName& c) { return c.name == name; });
    if (call == kCallNames.end()) {
      problem = "no call is named \"" + std::string{name} + "\": there are " +
                listed(kCallNames, [](const CallName& c) { return c.name; });
      return false;
    }
    scenario.calls.push_back(call->call);
  }
  if (scenario.calls.empty()) problem = "the scenario makes no call";
  return !scenario.calls.empty();
}

}  // namespace dualbank::sim
