// The verbs, each in the file of its name.
#pragma once

#include "dualbank/cli/verb.hpp"

namespace dualbank::cli {

extern const Verb kStatusVerb;
extern const Verb kInspectVerb;
extern const Verb kMapVerb;
extern const Verb kMissingVerb;
extern const Verb kUpdateVerb;
extern const Verb kFlashVerb;
extern const Verb kSwitchVerb;
extern const Verb kResetVerb;
extern const Verb kConfirmVerb;
extern const Verb kRollbackVerb;
extern const Verb kRepairVerb;
extern const Verb kAbandonVerb;
extern const Verb kNewVerb;
extern const Verb kEraseFilesystemVerb;
extern const Verb kMakeImageVerb;
extern const Verb kExtractVerb;
extern const Verb kKeygenVerb;
extern const Verb kSignVerb;
extern const Verb kVerifyVerb;
extern const Verb kBoardsVerb;
extern const Verb kRunVerb;
extern const Verb kSimVerb;
extern const Verb kExplainVerb;
extern const Verb kCompletionsVerb;
extern const Verb kManVerb;

}  // namespace dualbank::cli
