// What a verb that changed the flash says at its end.
#pragma once

#include <string>
#include <string_view>

#include "dualbank/cli/target.hpp"

namespace dualbank::cli {

/// The event in words and as JSON ("event"), what changed ("changed"), and for a flash that a board could have the
/// commands that bring the change back to it ("bring_back").
void report_change(Context& context, Target& target, const Event& event);

/// "next: dualbank VERB TARGET REST", as a note and as "next".
void say_next(Context& context, std::string_view verb, std::string_view rest = {}, std::string_view why = {});

/// What open() had to mend, if anything, as a note.
void note_recovery(Context& context, const Updater& updater);

}  // namespace dualbank::cli
