#include <algorithm>
#include <array>

#include "dualbank/cli/verb.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

constexpr std::array kVerbs{
    &kStatusVerb,  &kInspectVerb, &kMapVerb,     &kMissingVerb,         &kUpdateVerb,
    &kFlashVerb,   &kSwitchVerb,  &kResetVerb,   &kConfirmVerb,         &kRollbackVerb,
    &kRepairVerb,  &kAbandonVerb, &kNewVerb,     &kEraseFilesystemVerb, &kMakeImageVerb,
    &kExtractVerb, &kKeygenVerb,  &kSignVerb,    &kVerifyVerb,          &kBoardsVerb,
    &kRunVerb,     &kSimVerb,     &kExplainVerb, &kCompletionsVerb,     &kManVerb,
};

constexpr std::array kGlobals{
    Option{"--json", "", Takes::nothing, "print exactly one JSON object on standard output, also on failure"},
    Option{"--policy", "POLICY", Takes::policy,
           "which bootloader is on the device: stock (default), stock-rollback, dualbank (or DUALBANK_POLICY)"},
    Option{"--running", "SLOT", Takes::slot, "the slot that runs; otherwise the one that boots next is taken"},
    Option{"-q,--quiet", "", Takes::nothing, "no notes, no progress, no next steps: only answers and errors"},
    Option{"-v,--verbose", "", Takes::nothing, "say more"},
    Option{"--color", "WHEN", Takes::color, "auto (default), always or never; NO_COLOR means never"},
    Option{"-h,--help", "", Takes::nothing, "show this help"},
    Option{"-V,--version", "", Takes::nothing, "show the version"},
};

constexpr std::array<std::string_view, 3> kPolicies{"stock", "stock-rollback", "dualbank"};
constexpr std::array<std::string_view, 3> kColors{"auto", "always", "never"};
constexpr std::array<std::string_view, 3> kShells{"bash", "zsh", "fish"};
constexpr std::array<std::string_view, 4> kCuts{"quick", "all", "full", "again"};
constexpr std::array<std::string_view, 3> kSchemes{"rsa3072", "ecdsa256", "ecdsa384"};
constexpr std::array<std::string_view, 3> kSlots{"ota_0", "ota_1", "factory"};

}  // namespace

std::span<const Verb* const> all_verbs() { return kVerbs; }

const Verb* find_verb(std::string_view name) {
  const auto found = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb* verb) { return verb->name == name; });
  return found == kVerbs.end() ? nullptr : *found;
}

std::string_view group_title(Group group) {
  switch (group) {
    case Group::look:
      return "Look (never writes)";
    case Group::write:
      return "Change a flash";
    case Group::files:
      return "Make and take files";
    case Group::rehearse:
      return "Try it on the desk";
    case Group::command:
      break;
  }
  return "About";
}

std::span<const Option> global_options() { return kGlobals; }

std::span<const std::string_view> words_of(Takes takes) {
  switch (takes) {
    case Takes::policy:
      return kPolicies;
    case Takes::color:
      return kColors;
    case Takes::shell:
      return kShells;
    case Takes::slot:
      return kSlots;
    case Takes::cuts:
      return kCuts;
    case Takes::scheme:
      return kSchemes;
    default:
      return {};
  }
}

}  // namespace dualbank::cli
