#include "dualbank/sim/tables.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/sim/contract.hpp"
#include "dualbank/sim/device.hpp"
#include "dualbank/sim/firmware_image.hpp"

namespace dualbank::sim {
namespace {

struct Step {
  NorFlash::Snapshot before;
  Op op;
  std::vector<std::byte> data;
  Subject::Memory memory;
  std::string call;
  std::string writes;
};

struct Row {
  std::string call;
  std::string writes;
  std::uint32_t operations = 0;
  std::set<std::string> boots;
  std::set<std::string> says;
};

std::string joined(const std::set<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string{between}) + word;
  return text;
}

std::string cell_words(Bytes data) {
  constexpr std::array<std::string_view, 16> kWords{
      "",          "erased mark", "identity",  "session", "length",        "mark",           "kept piece",  "intent",
      "firm mark", "doomed mark", "confirmed", "note",    "boot on trial", "trial given up", "what booted", "cell"};
  if (all_equal(data, std::byte{0})) return "a free cell is used up";
  return "journal: " + std::string{kWords[std::to_integer<std::size_t>(data[0]) & 0x0F]};
}

std::string words_of(const Board& board, const Op& op, Bytes data) {
  const Layout& layout = board.layout();
  if (!board.is_metadata(op.address)) {
    const std::string slot = op.address < layout.slots[1].offset ? "ota_0" : "ota_1";
    return op.kind == OpKind::erase ? "erase of a sector of " + slot : "bytes of the image in " + slot;
  }
  const std::uint32_t into = (op.address - layout.otadata.offset) % kOtadataSectorBytes;
  const std::string record =
      "boot record " + std::to_string((op.address - layout.otadata.offset) / kOtadataSectorBytes);
  if (op.kind == OpKind::erase) return "erase of " + record;
  if (into == 0) return record + (op.size_bytes == 28 ? ", all but its CRC" : "");
  if (into < kLogOffset) return record + ", its CRC";
  const JournalMap map = JournalMap::for_slot(layout.slots[0].size_bytes);
  if (into >= map.marks_offset) return "journal: a sector is done";
  if (into >= map.log_end) return "journal: a sector is opened";
  return cell_words(data);
}

std::vector<Step> steps_of(Device& device) {
  std::vector<Step> steps;
  NorFlash& flash = device.flash();
  device.start();
  flash.reboot();
  flash.witness([&](const Op& op, Bytes data) {
    const std::size_t call = device.call_at(device.memory());
    const bool named = call < kCalls;
    steps.push_back({flash.snapshot(),
                     op,
                     {data.begin(), data.end()},
                     device.memory(),
                     named ? std::string{call_name(static_cast<Call>(call))} : "",
                     words_of(device.board(), op, data)});
  });
  static_cast<void>(device.run(Reads::drawn));
  flash.witness({});
  return steps;
}

void add_outcomes(Device& device, const Scenario& scenario, const Step& step, Row& row) {
  NorFlash& flash = device.flash();
  for (const Tear& tear : tears_of(step.op, flash.geometry(), Thoroughness::every)) {
    if (tear.kind == Tear::Kind::before) continue;
    flash.restore(step.before);
    flash.tear(step.op, step.data, tear);
    device.remember(step.memory);
    flash.reboot();
    const BootDecision decision = device.board().decide();
    row.boots.insert(place_name(decision.slot));
    if (decision.slot < 0) continue;
    static_cast<void>(perform_boot_writes(flash, device.board().layout(), decision));
    Updater updater{flash, {.running_slot = decision.slot, .policy = scenario.policy, .table_offset = 0}};
    static_cast<void>(updater.open());
    std::string says = "`" + std::string{status_name(updater.last_event().code)} + "`";
    if (updater.status().on_trial) says += ", on trial";
    if (updater.status().update_active) says += ", the update goes on";
    row.says.insert(says);
  }
}

}  // namespace

std::string promise_table() {
  std::string text =
      "| Call | Bootloader | When | Before | During | After |\n"
      "|---|---|---|---|---|---|\n";
  constexpr std::array kPolicies{Policy::stock, Policy::stock_rollback, Policy::dualbank};
  for (const Promise& row : promises()) {
    std::string policies;
    for (const Policy policy : kPolicies) {
      if ((row.policies >> static_cast<unsigned>(policy) & 1U) == 0) continue;
      policies += (policies.empty() ? "`" : ", `") + std::string{policy_name(policy)} + "`";
    }
    if (row.policies == kAnyPolicy) policies = "any";
    text += "| `" + std::string{call_name(row.call)} + "` | " + policies + " | " + std::string{row.when} + " | " +
            role_words(row.before) + " | " + role_words(row.during) + " | " + role_words(row.after) + " |\n";
  }
  return text;
}

std::string step_table(Policy policy) {
  Scenario scenario;
  std::string problem;
  const std::string line = "two-slots " + std::string{policy_name(policy)} + ": flash switch reset confirm";
  if (!parse_scenario(line, scenario, problem)) return problem;
  Device device{scenario};
  std::vector<Row> rows;
  for (const Step& step : steps_of(device)) {
    const auto same = [&](const Row& row) { return row.call == step.call && row.writes == step.writes; };
    auto row = std::find_if(rows.begin(), rows.end(), same);
    if (row == rows.end()) {
      rows.push_back({step.call, step.writes, 0, {}, {}});
      row = rows.end() - 1;
    }
    ++row->operations;
    add_outcomes(device, scenario, step, *row);
  }
  std::string text =
      "| Call | The power goes while this is written | Times | Boots | Then `open()` says |\n"
      "|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    text += "| `" + row.call + "` | " + row.writes + " | " + std::to_string(row.operations) + " | " +
            joined(row.boots, " or ") + " | " + joined(row.says, "; or ") + " |\n";
  }
  return text;
}

}  // namespace dualbank::sim
