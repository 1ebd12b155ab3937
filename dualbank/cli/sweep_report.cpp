#include "dualbank/cli/sweep_report.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/numbers.hpp"

namespace dualbank::cli {
namespace {

using Rows = std::vector<std::pair<std::string, std::uint64_t>>;

template <class Counts, class Name>
Rows rows_of(const Counts& counts, std::size_t size, Name name) {
  Rows rows;
  for (std::size_t i = 0; i < size && i < counts.size(); ++i) {
    if (counts[i] != 0) rows.emplace_back(name(i), counts[i]);
  }
  return rows;
}

Rows kinds(const sim::CutCounts& counts) {
  return rows_of(counts.by_class, sim::kTearClasses,
                 [](std::size_t i) { return std::string{sim::tear_class_name(static_cast<sim::TearClass>(i))}; });
}

Rows calls(const sim::CutCounts& counts) {
  return rows_of(counts.by_call, sim::kCalls + 1, [](std::size_t i) {
    return i < sim::kCalls ? std::string{sim::call_name(static_cast<sim::Call>(i))} : "after the last call";
  });
}

Rows depths(const sim::CutCounts& counts) {
  constexpr std::array<std::string_view, 3> kNames{"the first cut", "the second", "the third"};
  return rows_of(counts.by_depth, counts.by_depth.size(), [&](std::size_t i) {
    return i < kNames.size() ? std::string{kNames[i]} : fmt::format("number {}", i + 1);
  });
}

void say_table(Output& out, std::string_view title, const Rows& rows) {
  if (rows.empty()) return;
  out.say("{}", out.style.paint("1", title));
  for (const auto& [name, count] : rows) out.say("  {:<28} {:>12}", name, count);
}

Json object_of(const Rows& rows) {
  Json object = Json::object();
  for (const auto& [name, count] : rows) object[name] = count;
  return object;
}

}  // namespace

void say_report(Output& out, const sim::SweepReport& report, bool by_call) {
  say_table(out, "Cuts by kind", kinds(report.counts));
  if (by_call) say_table(out, "Cuts by call", calls(report.counts));
  say_table(out, "Cuts by depth", depths(report.counts));
  if (by_call) out.say("Most bytes sent again in one life: {}", report.most_resent_bytes);
  for (const sim::SweepFailure& failure : report.failures) {
    out.say("{} {}: {}", out.style.paint("1;31", "UNSAFE"), failure.replay_id(), failure.problem);
    out.say("  dualbank sim --replay {}", shell_word(failure.replay_id()));
  }
  if (report.interrupted) out.say("Interrupted: this is what was done so far.");
  out.say("{} distinct cuts, {} unsafe, in {:.1f} s", report.counts.distinct, report.failures.size(), report.seconds);
}

Json report_json(const sim::SweepReport& report, bool by_call) {
  Json unsafe = Json::array();
  for (const sim::SweepFailure& failure : report.failures) {
    unsafe.push_back({{"replay", failure.replay_id()}, {"problem", failure.problem}, {"found_as", failure.found_as}});
  }
  Json depth = Json::array();
  for (const auto& [name, count] : depths(report.counts)) depth.push_back(count);
  Json json{
      {"scenarios", report.scenarios}, {"distinct_cuts", report.counts.distinct},    {"cuts", report.counts.cuts},
      {"runs", report.counts.runs},    {"by_kind", object_of(kinds(report.counts))}, {"by_depth", std::move(depth)}};
  if (by_call) {
    json["by_call"] = object_of(calls(report.counts));
    json["most_resent_bytes"] = report.most_resent_bytes;
  }
  json["unsafe"] = std::move(unsafe);
  json["seconds"] = report.seconds;
  json["interrupted"] = report.interrupted;
  return json;
}

void say_states(Output& out, const sim::StateSpaceReport& report, unsigned most_cuts) {
  std::uint64_t states = 0;
  std::uint64_t transitions = 0;
  std::size_t unsafe = 0;
  double seconds = 0;
  for (const sim::StateSpaceRun& run : report.runs) {
    out.say("{}", run.line(most_cuts));
    for (const std::string& history : run.unsafe) out.say("{} {}", out.style.paint("1;31", "UNSAFE"), history);
    states += run.states;
    transitions += run.transitions;
    unsafe += run.unsafe.size();
    seconds += run.seconds;
  }
  if (report.interrupted) out.say("Interrupted: this is what was done so far.");
  out.say("{} states, {} transitions, {} unsafe, in {:.1f} s", states, transitions, unsafe, seconds);
}

Json states_json(const sim::StateSpaceReport& report, unsigned most_cuts) {
  Json runs = Json::array();
  for (const sim::StateSpaceRun& run : report.runs) {
    runs.push_back({{"board", run.board},
                    {"starts", run.starts},
                    {"policy", policy_name(run.policy)},
                    {"states", run.states},
                    {"states_by_cuts", run.states_by_cuts},
                    {"transitions", run.transitions},
                    {"cuts", run.cuts},
                    {"closed", run.closed},
                    {"unsafe", run.unsafe},
                    {"seconds", run.seconds}});
  }
  return {{"most_cuts", most_cuts}, {"runs", std::move(runs)}, {"interrupted", report.interrupted}};
}

}  // namespace dualbank::cli
