#include "dualbank/sim/cut_tree.hpp"

#include <algorithm>
#include <charconv>

#include "dualbank/sim/draw.hpp"

namespace dualbank::sim {
namespace {

constexpr std::array<std::string_view, kReads> kReadsCodes{"", ".E", ".P", ".EE", ".PP"};

}  // namespace

std::string path_code(const CutPath& path) {
  std::string code;
  for (const Cut& cut : path) {
    if (!code.empty()) code += "+";
    code += std::to_string(cut.operation) + tear_code(cut.tear);
    code += kReadsCodes[static_cast<std::size_t>(cut.reads)];
  }
  return code;
}

bool parse_path(std::string_view text, CutPath& path) {
  path.clear();
  while (!text.empty()) {
    Cut cut;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cut.operation);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!parse_tear(text, cut.tear)) return false;
    for (std::size_t i = kReads; i-- > 1;) {
      if (!text.starts_with(kReadsCodes[i])) continue;
      text.remove_prefix(kReadsCodes[i].size());
      cut.reads = static_cast<Reads>(i);
      break;
    }
    path.push_back(cut);
    if (text.empty()) break;
    if (!text.starts_with('+') || text.size() == 1) return false;
    text.remove_prefix(1);
  }
  return true;
}

void CutCounts::add(const CutCounts& other) {
  cuts += other.cuts;
  distinct += other.distinct;
  runs += other.runs;
  for (std::size_t i = 0; i < by_class.size(); ++i) by_class[i] += other.by_class[i];
  for (std::size_t i = 0; i < by_call.size(); ++i) by_call[i] += other.by_call[i];
  for (std::size_t i = 0; i < by_depth.size(); ++i) by_depth[i] += other.by_depth[i];
}

std::vector<CutTree::Step> CutTree::record(Reads reads, std::string& problem) {
  std::vector<Step> steps;
  NorFlash& flash = subject_.flash();
  flash.witness([&](const Op& op, Bytes data) {
    steps.push_back({flash.snapshot(), op, {data.begin(), data.end()}, subject_.memory()});
  });
  ++counts_.runs;
  problem = subject_.run(reads);
  flash.witness({});
  return steps;
}

void CutTree::fail(std::string problem) { failures_.push_back({path_, std::move(problem)}); }

bool CutTree::new_state(Reads reads, std::size_t depth) {
  const NorFlash& flash = subject_.flash();
  std::uint64_t state = mix(flash.digest(), static_cast<std::uint64_t>(reads));
  for (const std::uint64_t word : subject_.memory()) state = mix(state, word);
  if (flash.has_marginal_bits()) state = mix(mix(state, path_.back().tear.seed), path_.back().operation);
  return seen_.states.insert(mix(state, levels_.size() - depth));
}

void CutTree::sweep(const std::vector<Level>& levels, std::uint32_t share, std::uint32_t shares) {
  levels_ = levels;
  share_ = share;
  shares_ = shares;
  path_.clear();
  subject_.start();
  subject_.flash().reboot();
  explore(0, Reads::drawn);
}

void CutTree::explore(std::size_t depth, Reads reads) {
  std::string problem;
  if (depth == levels_.size()) {
    ++counts_.runs;
    subject_.end_where_known(&seen_.lived);
    problem = subject_.run(reads);
    subject_.end_where_known(nullptr);
    if (!problem.empty()) fail(std::move(problem));
    return;
  }
  const std::vector<Step> steps = record(reads, problem);
  if (!problem.empty()) return fail(std::move(problem));
  const Level level = levels_[depth];
  for (std::uint32_t index = 0; index < steps.size(); ++index) {
    if (depth == 0 && index % shares_ != share_) continue;
    const Step& step = steps[index];
    const bool metadata = subject_.is_metadata(step.op.address);
    if (!metadata && !level.cuts_data) continue;
    const Thoroughness thoroughness = metadata ? level.metadata : level.data;
    for (const Tear& tear : tears_of(step.op, subject_.flash().geometry(), thoroughness)) {
      if (stopped()) return;
      // Without nesting, a cut in a slot's data is followed to its end once: what comes then is the same for all.
      cut(step, index, tear, metadata || level.nests_data ? depth + 1 : levels_.size(), metadata);
    }
  }
}

void CutTree::cut(const Step& step, std::uint32_t index, const Tear& tear, std::size_t depth, bool every_reading) {
  NorFlash& flash = subject_.flash();
  flash.restore(step.before);
  flash.tear(step.op, step.data, tear);
  subject_.remember(step.memory);
  ++counts_.cuts;
  if (seen_.contents.insert(flash.digest())) ++counts_.distinct;
  ++counts_.by_class[static_cast<std::size_t>(tear_class(step.op, tear))];
  ++counts_.by_call[subject_.call_at(step.memory)];
  ++counts_.by_depth[std::min(path_.size(), counts_.by_depth.size() - 1)];
  const bool marginal = flash.has_marginal_bits();
  const NorFlash::Snapshot torn = marginal ? flash.snapshot() : NorFlash::Snapshot{};
  // In data one reading stands for all: a granule in which something was in flight is erased whatever it reads as.
  const std::size_t first = marginal && !every_reading ? 1 + (index + tear.units + tear.seed) % (kReads - 1) : 0;
  const std::size_t last = marginal && every_reading ? kReads - 1 : first;
  for (std::size_t reads = first; reads <= last; ++reads) {
    if (reads > first) {
      flash.restore(torn);
      subject_.remember(step.memory);
    }
    path_.push_back({index, tear, static_cast<Reads>(reads)});
    if (new_state(path_.back().reads, depth)) {
      flash.reboot();
      explore(depth, path_.back().reads);
    }
    path_.pop_back();
    if (stopped()) return;
  }
}

void CutTree::wander(std::uint64_t seed, std::uint32_t lives, std::uint32_t depth) {
  Random random{seed};
  levels_.clear();
  NorFlash& flash = subject_.flash();
  for (std::uint32_t life = 0; life < lives && !stopped(); ++life) {
    path_.clear();
    subject_.start();
    flash.reboot();
    Reads reads = Reads::drawn;
    std::string problem;
    for (std::uint32_t d = 0; d < depth; ++d) {
      const std::vector<Step> steps = record(reads, problem);
      if (!problem.empty() || steps.empty()) break;
      // Every second cut is on boot records or journal, where there are fewer operations.
      std::uint32_t index = random.below(steps.size());
      if (random.below(2) == 0) {
        for (std::uint32_t i = 0; i < steps.size(); ++i) {
          const std::uint32_t at = (index + i) % static_cast<std::uint32_t>(steps.size());
          if (!subject_.is_metadata(steps[at].op.address)) continue;
          index = at;
          break;
        }
      }
      const Step& step = steps[index];
      const std::vector<Tear> tears = tears_of(step.op, flash.geometry(), Thoroughness::every);
      const Tear tear = tears[random.below(tears.size())];
      flash.restore(step.before);
      flash.tear(step.op, step.data, tear);
      subject_.remember(step.memory);
      reads = flash.has_marginal_bits() ? static_cast<Reads>(random.below(kReads)) : Reads::drawn;
      path_.push_back({index, tear, reads});
      ++counts_.cuts;
      if (seen_.contents.insert(flash.digest())) ++counts_.distinct;
      ++counts_.by_class[static_cast<std::size_t>(tear_class(step.op, tear))];
      ++counts_.by_call[subject_.call_at(step.memory)];
      ++counts_.by_depth[std::min<std::size_t>(d, counts_.by_depth.size() - 1)];
      flash.reboot();
    }
    if (problem.empty()) {
      ++counts_.runs;
      problem = subject_.run(reads);
    }
    if (!problem.empty()) fail(std::move(problem));
  }
}

std::string CutTree::replay(const CutPath& path) {
  NorFlash& flash = subject_.flash();
  subject_.start();
  flash.reboot();
  Reads reads = Reads::drawn;
  for (const Cut& cut : path) {
    flash.cut_at(cut.operation, cut.tear);
    std::string problem = subject_.run(reads);
    if (!problem.empty()) return problem;
    if (flash.power_on()) return {};  // it ended before the cut
    reads = cut.reads;
    flash.reboot();
  }
  return subject_.run(reads);
}

CutPath CutTree::shrink(CutPath path) {
  const auto still_fails = [this](const CutPath& candidate) { return !replay(candidate).empty(); };
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t i = 0; i < path.size() && !shorter; ++i) {
      CutPath without = path;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      if (!still_fails(without)) continue;
      path = without;
      shorter = true;
    }
  }
  for (Cut& cut : path) {
    const Cut original = cut;
    std::vector<Cut> simpler;
    for (const Tear::Kind kind : {Tear::Kind::before, Tear::Kind::after}) {
      simpler.push_back({original.operation, {.kind = kind}, Reads::drawn});
    }
    for (const std::uint32_t units : {1U, 2U, 4U, 8U, 12U, 16U, 28U}) {
      simpler.push_back({original.operation, {.kind = Tear::Kind::prefix, .units = units}, Reads::drawn});
    }
    Cut settled = original;
    settled.tear.marginal = false;
    settled.reads = Reads::drawn;
    Cut plain = settled;
    plain.tear.programs_first = plain.tear.still_programs = false;
    simpler.push_back(plain);
    simpler.push_back(settled);
    for (const Cut& candidate : simpler) {
      cut = candidate;
      if (still_fails(path)) break;
      cut = original;
    }
  }
  return path;
}

}  // namespace dualbank::sim
