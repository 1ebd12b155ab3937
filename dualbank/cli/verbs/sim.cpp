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
#include "dualbank/sim/story.hpp"

namespace dualbank::cli {
namespace {

constexpr std::uint32_t kMostJobs = 1024;

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
    throw Refused::usage("bad_cut", fmt::format("--cut {} is not known", words), "use quick, all or full");
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

sim::SweepPlan plan_of(const Context& context) {
  sim::SweepPlan plan{.scenarios = {}, .size = size_of(context)};
  plan.seed = context.number("--seed", 1);
  plan.jobs = context.number("--jobs", std::max(1U, std::thread::hardware_concurrency()));
  if (plan.jobs == 0 || plan.jobs > kMostJobs) {
    throw Refused::usage("bad_jobs", fmt::format("--jobs {} is not possible", plan.jobs),
                         fmt::format("give a number from 1 to {}", kMostJobs));
  }
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
  return kDone;
}

int run(Context& context) {
  if (context.args.has("--list")) return list(context);
  if (const auto id = context.args.value("--replay")) {
    for (const std::string_view other : {"--scenario", "--model", "--cut"}) {
      if (!context.args.has(other)) continue;
      throw Refused::usage("usage", fmt::format("--replay and {} do not go together", other),
                           "the id says all that is needed");
    }
    return replay(context, *id);
  }
  return sweep(context);
}

constexpr std::array kOptions{
    Option{"--cut", "WHICH", Takes::cuts,
           "quick: about 30 ways to tear each operation (default); all: every way; full: then a second cut after each, "
           "and lives with more at random"},
    Option{"--scenario", "LINE", Takes::text, "a scenario of your own, or words of the built-in ones that are wanted",
           true},
    Option{"--model", "NAME", Takes::text, "cut an updater as others build them instead"},
    Option{"--replay", "ID", Takes::text, "do the cuts of an id once more, and say what happens at each step"},
    Option{"--list", "", Takes::nothing, "list scenarios, boards, starts, calls and models"},
    Option{"--seed", "N", Takes::number, "of the lives at random (default 1)"},
    Option{"--jobs", "N", Takes::number, "threads (default: one for each core)"},
};
constexpr std::array<std::string_view, 4> kExamples{
    "dualbank sim",
    "dualbank sim --cut all --scenario 'two-slots stock: flash switch reset confirm'",
    "dualbank sim --model vendor-confirm",
    "dualbank sim --replay 'vendor-confirm @ 0a'",
};

}  // namespace

const Verb kSimVerb{
    "sim",
    Group::rehearse,
    "cut the power before, in and after every flash operation of an update, simulated",
    "A simulated board lives through scenarios; its power is cut everywhere, and after each cut it must boot what it "
    "may, and come to the right end. Nothing of yours is read or written.\n\n"
    "What goes wrong is told with a replay id, shrunk to its shortest form, and the exit code is 3. Ctrl-C ends the "
    "sweep and shows what was done. For updaters of your own there is the library dualbank::sim: see "
    "examples/power_cut_test.",
    {},
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
