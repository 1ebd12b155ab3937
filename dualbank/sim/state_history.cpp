#include "dualbank/sim/state_history.hpp"

#include <array>

#include "dualbank/sim/state_calls.hpp"
#include "dualbank/sim/tears.hpp"

namespace dualbank::sim {

std::string StateHistory::told_cut(const StateStep& step) const {
  const Op& op = step.op;
  std::string text = "cut in operation " + std::to_string(step.operation) + ", ";
  text += op.kind == OpKind::erase ? "erase" : "program";
  const std::uint32_t in_records = op.address - board_.layout().otadata.offset;
  if (board_.is_metadata(op.address)) {
    text += " of record sector " + std::to_string(in_records / kOtadataSectorBytes) + " + " +
            std::to_string(in_records % kOtadataSectorBytes);
  } else {
    text += " at " + std::to_string(op.address);
  }
  return text + ", " + std::to_string(op.size_bytes) + " bytes: " + tear_code(step.tear);
}

std::string StateHistory::told(const StateStep& step) const {
  constexpr std::array<std::string_view, 4> kWords{"programmed", "erased", "drawn", "drawn again"};
  std::string text;
  switch (step.kind) {
    case StateStep::Kind::start:
      return std::string{starts_[step.script]->name} + ", " + std::string{policy_name(policy_)} + ": " +
             std::string{starts_[step.script]->says};
    case StateStep::Kind::reset:
      return "reset";
    case StateStep::Kind::boot:
      text = "boot";
      if (step.had_marginal_bits) {
        text += ", marginal bits read as " + std::string{kWords[static_cast<std::size_t>(step.reading)]};
      }
      if (step.slot != kNoSlot) text += ": " + place_name(step.slot);
      return step.stage == kNoCut ? text : text + ", " + told_cut(step);
    case StateStep::Kind::calls:
      text = "open";
      for (std::size_t i = 0; i < 3; ++i) {
        const Verb verb = scripts()[step.script].verbs[i];
        if (verb == Verb::none || i >= step.stage) break;
        text += ", " + std::string{verb_name(verb)};
      }
      return step.stage == kNoCut ? text : text + ": " + told_cut(step);
  }
  return text;
}

std::string StateHistory::told_to(const StateStep& last) const {
  std::string text = told(last);
  if (last.kind == StateStep::Kind::start) return text;
  for (std::uint32_t at = last.from;; at = steps_[at].from) {
    text = told(steps_[at]) + "; " + text;
    if (steps_[at].kind == StateStep::Kind::start) return text;
  }
}

}  // namespace dualbank::sim
