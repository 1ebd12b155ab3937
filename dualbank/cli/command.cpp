#include "dualbank/cli/command.hpp"

#include <cstdio>
#include <new>
#include <string_view>
#include <vector>

#include "dualbank/cli/arguments.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/help.hpp"
#include "dualbank/cli/output.hpp"
#include "dualbank/cli/refused.hpp"

namespace dualbank::cli {
namespace {

/// Looked for before the command line is understood, so that a mistake in it is told as JSON too.
bool wants_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

ColorChoice color_choice(const Arguments& arguments) {
  const std::string when = arguments.value("--color").value_or("auto");
  if (when == "always") return ColorChoice::always;
  if (when == "never") return ColorChoice::never;
  if (when == "auto") return ColorChoice::automatic;
  throw Refused::usage("bad_color", "--color " + when + " is not known", "use auto, always or never");
}

int report(const Refused& refused, Output& output) {
  if (output.json) {
    output.result() = {{"error", refused.json()}};
    output.print_result();
  } else {
    std::fflush(stdout);
    std::fprintf(stderr, "%s %s\n", output.error_style.paint("1;31", "dualbank:").c_str(),
                 for_terminal(refused.what()).c_str());
    if (!refused.cure().empty()) std::fprintf(stderr, "  %s\n", for_terminal(refused.cure()).c_str());
  }
  return refused.exit_code();
}

int show_help(const Arguments& arguments, Output& output) {
  const std::string text =
      arguments.verb == nullptr ? general_help(output.style) : verb_help(*arguments.verb, output.style);
  output.result()["help"] = text;
  output.say("{}", std::string_view(text).substr(0, text.size() - 1));
  return kDone;
}

int dispatch(int argc, const char* const* argv, Output& output) {
  const Arguments arguments = parse_arguments(argc, argv);
  output.quiet = arguments.has("--quiet");
  output.verbose = arguments.has("--verbose");
  const ColorChoice choice = color_choice(arguments);
  output.style = style_of(1, choice);
  output.error_style = style_of(2, choice);
  if (arguments.has("--help")) return show_help(arguments, output);
  if (arguments.has("--version")) {
    output.result()["version"] = DUALBANK_VERSION;
    output.say("dualbank {}", DUALBANK_VERSION);
    return kDone;
  }
  if (arguments.verb == nullptr) {
    throw Refused::usage("no_verb", "no verb given",
                         "dualbank --help lists the verbs; dualbank status FLASH is a good start");
  }
  Context context(arguments, output);
  try {
    return arguments.verb->run(context);
  } catch (Refused& refused) {
    refused.name_target(context.target_word());
    throw;
  }
}

}  // namespace

int run(int argc, const char* const* argv) {
  Output output;
  output.json = wants_json(argc, argv);
  int code = kFailed;
  try {
    code = dispatch(argc, argv, output);
    if (output.json) output.print_result();
  } catch (const Refused& refused) {
    code = report(refused, output);
  } catch (const std::bad_alloc&) {
    code = report(Refused("no_memory", "there is not enough memory for this"), output);
  } catch (const std::exception& error) {
    code = report(Refused("internal", error.what(), "this is a fault of dualbank: please report it"), output);
  }
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && code == kDone) {
    std::fprintf(stderr, "dualbank: standard output could not be written\n");
    code = kFailed;
  }
  return code;
}

}  // namespace dualbank::cli
