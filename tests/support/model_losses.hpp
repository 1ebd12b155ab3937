// Where the adversary brings a model down.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "dualbank/sim/model_subject.hpp"

namespace dualbank::tests {

/// One cut at every operation of the first power session: those at which it loses, and how many contents that leave
/// different things behind.
inline std::map<std::uint32_t, int> losses(const sim::Model& model, sim::Thoroughness thoroughness) {
  sim::ModelSubject subject{model};
  sim::Seen seen;
  sim::CutTree tree{subject, seen};
  tree.stop_after(100'000);
  tree.sweep({{.metadata = thoroughness, .data = thoroughness}});
  std::map<std::uint32_t, int> found;
  for (const sim::Failure& failure : tree.failures()) ++found[failure.path.front().operation];
  return found;
}

/// What goes wrong after these cuts, nothing when all is well.
inline std::string after(const sim::Model& model, const std::string& cuts) {
  sim::CutPath path;
  if (!sim::parse_path(cuts, path)) return "these are no cuts: " + cuts;
  sim::ModelSubject subject{model};
  sim::Seen seen;
  return sim::CutTree{subject, seen}.replay(path);
}

}  // namespace dualbank::tests
