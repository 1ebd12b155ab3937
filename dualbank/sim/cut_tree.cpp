#include "dualbank/sim/cut_tree.hpp"

#include <algorithm>

#include "dualbank/sim/draw.hpp"

namespace dualbank::sim {

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

void CutTree::count_cut(const Op& op, const Tear& tear, std::size_t call) {
  ++counts_.cuts;
  if (seen_.contents.insert(subject_.flash().digest())) ++counts_.distinct;
  ++counts_.by_class[static_cast<std::size_t>(tear_class(op, tear))];
  ++counts_.by_call[call];
  ++counts_.by_depth[std::min(path_.size(), counts_.by_depth.size() - 1)];
}

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
  count_cut(step.op, tear, subject_.call_at(step.memory));
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

void CutTree::again(std::uint32_t times, std::uint32_t share, std::uint32_t shares, std::uint32_t one_in) {
  constexpr std::uint32_t kFirstOperations = 8;
  constexpr std::array kTears{Tear{.kind = Tear::Kind::before}, Tear{.kind = Tear::Kind::after},
                              Tear{.kind = Tear::Kind::prefix, .units = 2},
                              Tear{.kind = Tear::Kind::bits, .seed = 1, .marginal = true}};
  constexpr auto kTearCount = static_cast<std::uint32_t>(kTears.size());
  NorFlash& flash = subject_.flash();
  path_.clear();
  subject_.start();
  flash.reboot();
  std::string problem;
  const std::vector<Step> steps = record(Reads::drawn, problem);
  if (!problem.empty()) return fail(std::move(problem));
  subject_.expect_many_cuts(true);
  for (std::uint32_t index = share; index < steps.size() && !stopped(); index += shares) {
    const Step& step = steps[index];
    if (!subject_.is_metadata(step.op.address)) continue;
    const std::vector<Tear> firsts = tears_of(step.op, flash.geometry(), Thoroughness::few);
    const Tear& first = firsts[index % firsts.size()];
    flash.restore(step.before);
    flash.tear(step.op, step.data, first);
    subject_.remember(step.memory);
    count_cut(step.op, first, subject_.call_at(step.memory));
    const Reads reads = flash.has_marginal_bits() ? static_cast<Reads>(index % kReads) : Reads::drawn;
    const NorFlash::Snapshot torn = flash.snapshot();
    for (std::uint32_t pair = index % one_in; pair < kFirstOperations * kTearCount && !stopped(); pair += one_in) {
      flash.restore(torn);
      subject_.remember(step.memory);
      path_.assign(1, {index, first, reads});
      break_down(times, pair / kTearCount, kTears[pair % kTearCount]);
    }
    path_.clear();
  }
  subject_.expect_many_cuts(false);
}

void CutTree::break_down(std::uint32_t times, std::uint32_t operation, const Tear& tear) {
  NorFlash& flash = subject_.flash();
  DigestSet states;
  for (bool stands_still = false; !stands_still && path_.size() <= times;) {
    flash.reboot();
    flash.cut_at(operation, tear);
    ++counts_.runs;
    if (std::string problem = subject_.run(path_.back().reads); !problem.empty()) return fail(std::move(problem));
    if (flash.power_on()) return;  // it has come to its end before that operation
    const Subject::Memory memory = subject_.memory();
    count_cut(flash.log().back(), tear, subject_.call_at(memory));
    const bool marginal = flash.has_marginal_bits();
    path_.push_back({operation, tear, marginal ? static_cast<Reads>(operation % kReads) : Reads::drawn});
    std::uint64_t state = flash.digest();
    for (const std::uint64_t word : memory) state = mix(state, word);
    stands_still = !marginal && !states.insert(state);
  }
  flash.reboot();
  ++counts_.runs;
  if (std::string problem = subject_.run(path_.back().reads); !problem.empty()) fail(std::move(problem));
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
      count_cut(step.op, tear, subject_.call_at(step.memory));
      path_.push_back({index, tear, reads});
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
  subject_.expect_many_cuts(are_many(path));
  std::string problem = live(path);
  subject_.expect_many_cuts(false);
  return problem;
}

std::string CutTree::live(const CutPath& path) {
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
  for (std::size_t chunk = std::max<std::size_t>(1, path.size() / 2);;) {
    bool shorter = false;
    for (std::size_t i = 0; i + chunk <= path.size();) {
      CutPath without = path;
      const auto at = without.begin() + static_cast<std::ptrdiff_t>(i);
      without.erase(at, at + static_cast<std::ptrdiff_t>(chunk));
      if (still_fails(without)) {
        path = std::move(without);
        shorter = true;
      } else {
        i += chunk;
      }
    }
    if (chunk == 1 && !shorter) break;
    if (chunk > 1) chunk /= 2;
  }
  for (std::size_t first = 0, end = 0; first < path.size(); first = end) {
    const Cut original = path[first];
    end = first;
    while (end < path.size() && path[end] == original) ++end;
    const auto put = [&](const Cut& cut) {
      std::fill(path.begin() + static_cast<std::ptrdiff_t>(first), path.begin() + static_cast<std::ptrdiff_t>(end),
                cut);
    };
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
      put(candidate);
      if (still_fails(path)) break;
      put(original);
    }
  }
  return path;
}

}  // namespace dualbank::sim
