#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/interrupt.hpp"
#include "dualbank/cli/numbers.hpp"
#include "dualbank/cli/progress.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/suggest.hpp"
#include "dualbank/cli/sweep_report.hpp"
#include "dualbank/cli/verbs/verbs.hpp"
#include "dualbank/sim/model_subject.hpp"
#include "dualbank/sim/scenario_sweep.hpp"
#include "dualbank/sim/state_space.hpp"
#include "dualbank/sim/story.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kMostJobs = 1024;
constexpr std::uint32_t kMostCutsOfStates = 3;

sim::Scenario parsed(std::string_view line) {
  sim::Scenario scenario;
  std::string problem;
  if (!sim::parse_scenario(line, scenario, problem)) throw Refused("internal", problem);
  return scenario;
}

/// Built-in scenarios with these words in them, else a scenario of the user's own.
void add_scenarios(const std::string& words, std::vector<sim::Scenario>& scenarios) {
  const std::size_t before = scenarios.size();
  sim::Scenario own;
  std::string problem;
  if (sim::parse_scenario(words, own, problem)) {
    scenarios.push_back(std::move(own));
    return;
  }
  for (const std::string_view line : sim::built_in_scenarios()) {
    if (!words.empty() && line.find(words) != std::string_view::npos) scenarios.push_back(parsed(line));
  }
  if (scenarios.size() == before) {
    throw Refused::usage("unknown_scenario",
                         fmt::format("'{}' is no scenario, and in no built-in one: {}", words, problem),
                         "dualbank sim --list shows scenarios, boards and starts", {{"scenario", words}});
  }
}

sim::SweepSize size_of(const Context& context) {
  const std::string words = context.args.value("--cut").value_or("quick");
  const auto known = words_of(Takes::cuts);
  const auto found = std::find(known.begin(), known.end(), words);
  if (found == known.end()) {
    throw Refused::usage("bad_cut", fmt::format("--cut {} is not known", words), "use quick, all, full or again");
  }
  return static_cast<sim::SweepSize>(found - known.begin());
}

const sim::ModelKind& model_of(const std::string& name) {
  if (const sim::ModelKind* kind = sim::find_model(name); kind != nullptr) return *kind;
  std::vector<std::string> names;
  for (const sim::ModelKind& kind : sim::models()) names.emplace_back(kind.name);
  const auto near = nearest(name, names);
  throw Refused::usage("unknown_model", fmt::format("there is no model '{}'", name),
                       near.empty() ? "dualbank sim --list shows them" : fmt::format("did you mean {}?", join_or(near)),
                       {{"model", name}});
}

unsigned jobs_of(const Context& context) {
  const std::uint32_t jobs = context.number("--jobs", std::max(1U, std::thread::hardware_concurrency()));
  if (jobs > 0 && jobs <= kMostJobs) return jobs;
  throw Refused::usage("bad_jobs", fmt::format("--jobs {} is not possible", jobs),
                       fmt::format("give a number from 1 to {}", kMostJobs));
}

sim::SweepPlan plan_of(const Context& context) {
  sim::SweepPlan plan{.scenarios = {}, .size = size_of(context)};
  plan.seed = context.number("--seed", 1);
  plan.jobs = jobs_of(context);
  return plan;
}

int sweep(Context& context) {
  sim::SweepPlan plan = plan_of(context);
  const auto model = context.args.value("--model");
  const sim::ModelKind* kind = model ? &model_of(*model) : nullptr;
  for (const std::string& words : context.args.values("--scenario")) add_scenarios(words, plan.scenarios);
  if (kind != nullptr && !plan.scenarios.empty()) {
    throw Refused::usage("usage", "--model and --scenario do not go together", "run them one after the other");
  }
  if (kind == nullptr && plan.scenarios.empty()) {
    for (const std::string_view line : sim::built_in_scenarios()) plan.scenarios.push_back(parsed(line));
  }
  catch_interrupt();
  sim::SweepReport report;
  {
    std::optional<Progress> bar;
    const auto progress = [&](std::uint64_t done, std::uint64_t total, std::uint64_t distinct) {
      if (!bar) bar.emplace(context.out, "cutting", total);
      bar->show(done, fmt::format("{} cuts", distinct));
      return !interrupted();
    };
    report = kind != nullptr ? sim::sweep_model(*kind, plan, progress) : sim::sweep(plan, progress);
  }
  say_report(context.out, report, kind == nullptr);
  context.out.result()["sweep"] = report_json(report, kind == nullptr);
  if (report.interrupted) return kInterrupted;
  return report.failures.empty() ? kDone : kNo;
}

sim::StateSpacePlan state_plan_of(const Context& context) {
  sim::StateSpacePlan plan;
  plan.max_cuts = context.number("--cuts", 1);
  if (plan.max_cuts > kMostCutsOfStates) {
    throw Refused::usage("bad_cut", fmt::format("--cuts {} in one history are too many", plan.max_cuts),
                         fmt::format("give a number from 0 to {}", kMostCutsOfStates));
  }
  plan.jobs = jobs_of(context);
  if (context.args.has("--policy")) plan.policies = {context.policy};
  std::vector<std::string> names;
  for (const sim::StateStartName& start : sim::state_starts()) names.emplace_back(start.name);
  for (const std::string& name : context.args.values("--start")) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const auto near = nearest(name, names);
      throw Refused::usage(
          "unknown_start", fmt::format("there is no start '{}'", name),
          near.empty() ? "dualbank sim --list shows them" : fmt::format("did you mean {}?", join_or(near)),
          {{"start", name}});
    }
    plan.starts.push_back(name);
  }
  return plan;
}

int explore_states(Context& context) {
  const sim::StateSpacePlan plan = state_plan_of(context);
  catch_interrupt();
  sim::StateSpaceReport report;
  {
    Progress bar{context.out, "exploring", 1};
    report = sim::explore_state_space(plan, [&](const sim::StateSpaceRun& now, std::uint64_t to_do) {
      bar.show(0, fmt::format("{}, {}: {} states, {} to do", now.board, policy_name(now.policy), now.states, to_do));
      return !interrupted();
    });
  }
  say_states(context.out, report, plan.max_cuts);
  context.out.result()["states"] = states_json(report, plan.max_cuts);
  if (report.interrupted) return kInterrupted;
  return report.closed_and_safe() ? kDone : kNo;
}

int replay(Context& context, const std::string& id) {
  sim::Story story;
  std::string problem;
  if (!sim::tell(id, story, problem)) {
    throw Refused::usage("bad_replay_id", fmt::format("'{}' is no replay id: {}", id, problem),
                         "as in 'two-slots stock: flash switch @ 17p12'; dualbank sim --list shows the names",
                         {{"id", id}});
  }
  Output& out = context.out;
  for (const std::string& line : story.lines) out.say("{}", line);
  out.result()["replay"] = {{"id", id},
                            {"lines", story.lines},
                            {"safe", story.problem.empty()},
                            {"problem", story.problem.empty() ? Json(nullptr) : Json(story.problem)}};
  return story.problem.empty() ? kDone : kNo;
}

template <class Items>
Json list_named(Output& out, std::string_view title, const Items& items, std::string_view nameless = {}) {
  Json list = Json::array();
  out.say("{}", out.style.paint("1", title));
  for (const auto& item : items) {
    const std::string_view name = item.name.empty() ? nameless : item.name;
    out.say("  {:<20} {}", name, item.says);
    list.push_back({{"name", item.name}, {"says", item.says}});
  }
  return list;
}

int list(Context& context) {
  Output& out = context.out;
  Json& result = out.result();
  result["scenarios"] = Json::array();
  out.say("{}", out.style.paint("1", "Scenarios"));
  for (const std::string_view line : sim::built_in_scenarios()) {
    out.say("  {}", line);
    result["scenarios"].push_back(line);
  }
  result["boards"] = list_named(out, "Boards", sim::boards());
  result["starts"] = list_named(out, "Starts, after a slash", sim::starts(), "(none)");
  std::vector<std::string> calls;
  for (std::size_t i = 0; i < sim::kCalls; ++i) calls.emplace_back(sim::call_name(static_cast<sim::Call>(i)));
  out.say("{}", out.style.paint("1", "Calls"));
  for (const std::string& call : calls) out.say("  {}", call);
  result["calls"] = calls;
  result["models"] = list_named(out, "Models, for --model", sim::models());
  result["state_starts"] = list_named(out, "Starts of the states, for --start", sim::state_starts());
  return kDone;
}

int run(Context& context) {
  if (context.args.has("--list")) return list(context);
  const auto alone = [&](std::string_view option, auto others, const char* cure) {
    for (const std::string_view other : others) {
      if (!context.args.has(other)) continue;
      throw Refused::usage("usage", fmt::format("{} and {} do not go together", option, other), cure);
    }
  };
  if (const auto id = context.args.value("--replay")) {
    alone("--replay", std::to_array<std::string_view>({"--scenario", "--model", "--cut", "--states"}),
          "the id says all that is needed");
    return replay(context, *id);
  }
  if (context.args.has("--states")) {
    alone("--states", std::to_array<std::string_view>({"--scenario", "--model", "--cut", "--seed"}),
          "run them one after the other");
    return explore_states(context);
  }
  for (const std::string_view option : {"--cuts", "--start"}) {
    if (!context.args.has(option)) continue;
    throw Refused::usage("usage", fmt::format("{} is for --states only", option), "add --states, or leave it out");
  }
  return sweep(context);
}

constexpr std::array kOptions{
    Option{"--cut", "WHICH", Takes::cuts,
           "quick: about 30 ways to tear each operation (default); all: every way; full: then a second cut after each, "
           "lives with more at random, and some of again; again: hundreds of cuts at the same place"},
    Option{"--scenario", "LINE", Takes::text, "a scenario of your own, or words of the built-in ones that are wanted",
           true},
    Option{"--model", "NAME", Takes::text, "cut an updater as others build them instead"},
    Option{"--replay", "ID", Takes::text, "do the cuts of an id once more, and say what happens at each step"},
    Option{"--list", "", Takes::nothing, "list scenarios, boards, starts, calls and models"},
    Option{"--states", "", Takes::nothing,
           "instead of scenarios all states of boot records and journal: every call, cut and boot, until no new one "
           "appears; with --policy under that one only"},
    Option{"--cuts", "N", Takes::number, "with --states: in one history, 0 to 3 (default 1; 2 and 3 take long)"},
    Option{"--start", "NAME", Takes::text, "with --states: from this start only", true},
    Option{"--seed", "N", Takes::number, "of the lives at random (default 1)"},
    Option{"--jobs", "N", Takes::number, "threads (default: one for each core)"},
};
constexpr std::array<std::string_view, 5> kExamples{
    "dualbank sim",
    "dualbank sim --cut all --scenario 'two-slots stock: flash switch reset confirm'",
    "dualbank sim --model vendor-confirm",
    "dualbank sim --replay 'vendor-confirm @ 0a'",
    "dualbank sim --states --cuts 0",
};

}  // namespace

const Verb kSimVerb{
    "sim",
    Group::rehearse,
    "cut the power before, in and after every flash operation of an update, simulated",
    "A simulated board lives through scenarios; its power is cut everywhere, and after each cut it must boot what it "
    "may, and come to the right end. Nothing of yours is read or written.\n\n"
    "What goes wrong is told with a replay id, shrunk to its shortest form, and the exit code is 3. Ctrl-C ends the "
    "sweep and shows what was done.\n\n"
    "--states chooses nothing: it makes every call in every state that can be reached, and tells the shortest history "
    "to what is unsafe. Exit code 3: something is, or new states go on appearing. For updaters of your own there is "
    "the library dualbank::sim: see "
    "examples/power_cut_test.",
    {},
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
