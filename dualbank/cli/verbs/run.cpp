#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "dualbank/cli/context.hpp"
#include "dualbank/cli/refused.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::cli {
namespace {

namespace fs = std::filesystem;

/// Says in the command's own form what Python cannot: that it is too old, or that the package is not there. Without the
/// current folder in the path, where a script's neighbours may be called like modules of Python.
constexpr const char* kStart = R"(import sys
sys.path[:] = [folder for folder in sys.path if folder]
def end(code, message, cure):
    if '--json' in sys.argv:
        import json
        print(json.dumps({'schema': 1, 'error': {'code': code, 'message': message, 'cure': cure, 'values': {}}}))
    else:
        sys.stderr.write('dualbank: %s\n  %s\n' % (message, cure))
    sys.exit(1)
if sys.version_info < (3, 11):
    end('python_too_old', 'run needs Python 3.11, and %s is %d.%d' % ((sys.executable,) + tuple(sys.version_info[:2])),
        'put a newer python3 first on PATH, or name it in DUALBANK_PYTHON')
try:
    from dualbank.desk._command import main
except ImportError as error:
    end('no_package', 'run needs the Python package dualbank: %s' % error,
        'make build makes it beside the command; pip install . puts it into Python')
main(sys.argv[1:])
)";

/// The package of this command: beside it in the build folder, or where `make install` puts it. Empty: Python's own.
std::string package_folder() {
  std::error_code error;
  const fs::path command = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  for (const char* place : {"python", "../lib/dualbank/python"}) {
    const fs::path folder = (command.parent_path() / place).lexically_normal();
    if (fs::exists(folder / "dualbank" / "desk", error)) return folder.string();
  }
  return {};
}

void set_python_path() {
  const std::string folder = package_folder();
  if (folder.empty()) return;
  const char* before = std::getenv("PYTHONPATH");
  const std::string rest = before != nullptr && *before != '\0' ? std::string(":") + before : std::string{};
  ::setenv("PYTHONPATH", (folder + rest).c_str(), 1);
}

std::vector<std::string> python_arguments(Context& context, std::span<const Option> options) {
  std::vector<std::string> words{"python3", "-c", kStart};
  const Arguments& given = context.args;
  for (const Option& option : options) {
    const std::string flag(option.long_flag());
    for (const std::string& value : given.values(flag)) words.push_back(fmt::format("{}={}", flag, value));
    if (const auto value = given.value(flag)) words.push_back(fmt::format("{}={}", flag, *value));
  }
  words.push_back(fmt::format("--policy={}", policy_name(context.policy)));
  if (context.out.json) words.emplace_back("--json");
  if (context.out.quiet) words.emplace_back("--quiet");
  words.emplace_back("--");
  words.push_back(given.operand("SCRIPT").value());
  return words;
}

constexpr std::array kOperands{Operand{"SCRIPT", Takes::file, "the script; its folder is the CIRCUITPY drive"}};
constexpr std::array kOptions{
    Option{"--flash", "FLASH", Takes::file, "the board's flash file (or DUALBANK_FLASH)"},
    Option{"--module", "NAME", Takes::text,
           "whose dualbank the script gets: circuitpython (default), the board's own; or dualbank, ours"},
    Option{"--boots", "N", Takes::number,
           "start the script at most N times, after each reset and soft reload (default 10)"},
    Option{"--serve", "DIR", Takes::file,
           "serve a folder over HTTP; os.getenv(\"DUALBANK_SERVE_URL\") is its address there"},
    Option{"--port", "N", Takes::number, "the port of --serve (default: one that is free)"},
    Option{"--settings", "FILE", Takes::file, "what os.getenv reads (default: settings.toml beside the script)"},
    Option{"--set", "NAME=VALUE", Takes::text, "one setting more; {serve} in it is the address of --serve", true},
    Option{"--stub", "NAME", Takes::text, "an imported module that does nothing", true},
    Option{"--sleep", "SECONDS", Takes::text,
           "the longest that a time.sleep() takes here (default 1); the board's clock goes on by the rest"},
    Option{"--seconds", "N", Takes::text, "end the run after N seconds of the board's clock since its reset"},
};
constexpr std::array<std::string_view, 3> kExamples{
    "dualbank run code.py --flash board.flash",
    "dualbank run code.py --flash board.flash --serve build --set FIRMWARE_URL={serve}/firmware.bin",
    "dualbank run code.py --flash board.flash --module dualbank --boots 2",
};

int run(Context& context) {
  if (context.running != kUnknownSlot) {
    throw Refused::usage("usage", "run boots the flash, and what boots runs", "leave --running out");
  }
  std::vector<std::string> words = python_arguments(context, kOptions);
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  set_python_path();
  const char* named = std::getenv("DUALBANK_PYTHON");
  const std::string python = named != nullptr && *named != '\0' ? named : "python3";
  ::execvp(python.c_str(), pointers.data());
  throw Refused("no_python", fmt::format("run needs Python, and {} does not start: {}", python, std::strerror(errno)),
                "install python3 (3.11 or later), or name it in DUALBANK_PYTHON", {{"python", python}});
}

}  // namespace

const Verb kRunVerb{
    "run",
    Group::rehearse,
    "run a CircuitPython script, with a board's flash in a file",
    "The script runs unchanged in Python, with stand-ins for dualbank, storage, microcontroller, supervisor, time, os, "
    "wifi, socketpool, ssl and adafruit_requests, over this machine's network. microcontroller.reset() ends it as a "
    "reset does: the flash boots, and the script starts again while the image that boots is CircuitPython.\n\n"
    "dualbank behaves there as the board's own module does, so that what passes here passes on the board. The other "
    "one of --module is called beside it on a copy of the flash, and at the end each call on which the two differ is "
    "listed: the line, what the board does, what ours does, the cure. docs/CIRCUITPYTHON.md has them all.\n\n"
    "Exit codes: 0 the script ended, 1 it ended with an exception, 3 nothing boots.",
    kOperands,
    kOptions,
    kExamples,
    run,
};

}  // namespace dualbank::cli
