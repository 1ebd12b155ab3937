// The command's verbs as functions of a WebAssembly module: a file and words in, JSON out. Every answer is the
// command's.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dualbank/bindings/web/page.hpp"
#include "dualbank/cli/attempt.hpp"
#include "dualbank/cli/context.hpp"
#include "dualbank/cli/output.hpp"
#include "dualbank/cli/verbs/verbs.hpp"

namespace dualbank::web {
namespace {

using namespace cli;

constexpr std::array kVerbs{&kInspectVerb, &kMapVerb,     &kStatusVerb,   &kSwitchVerb,
                            &kResetVerb,   &kConfirmVerb, &kRollbackVerb, &kRepairVerb};

struct Page {
  std::vector<std::byte> file;
  std::string words;  // each ends with a zero
  int code = 0;
  std::string answer;
  std::string notes;  // each ends with a line's end
};

Page& page() {
  static Page the_page;
  return the_page;
}

bool is_flag(const Verb& verb, std::string_view word) {
  return std::any_of(verb.options.begin(), verb.options.end(),
                     [&](const Option& o) { return o.long_flag() == word && o.takes == Takes::nothing; });
}

/// The page's own words: they are right.
Arguments arguments_of(const std::vector<std::string>& words) {
  Arguments arguments;
  for (const Verb* verb : kVerbs) {
    if (verb->name == words[0]) arguments.verb = verb;
  }
  std::vector<std::string> operands;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      operands.push_back(word);
    } else if (is_flag(*arguments.verb, word)) {
      arguments.set_option(word, {});
    } else if (i + 1 < words.size()) {
      arguments.set_option(word, words[++i]);
    }
  }
  arguments.set_operands(std::move(operands));
  return arguments;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size(); at += words.back().size() + 1) words.emplace_back(text.c_str() + at);
  return words;
}

int run() {
  Output output;
  output.json = true;
  int code = kFailed;
  std::string target_word;
  auto refused = attempt([&] {
    const Arguments arguments = arguments_of(words_of(page().words));
    Context context(arguments, output);
    target_word = context.target_word();
    code = arguments.verb->run(context);
  });
  if (refused) {
    refused->name_target(target_word);
    output.result() = {{"error", refused->json()}};
    code = refused->exit_code();
  }
  output.print_result();
  return code;
}

}  // namespace

MutableBytes file() { return page().file; }
void note(std::string_view text) { page().notes.append(text).append("\n"); }
void answer(std::string text) { page().answer = std::move(text); }

}  // namespace dualbank::web

using dualbank::web::page;

/// Room for the file, whose bytes the page then puts there.
extern "C" __attribute__((export_name("dualbank_file"))) std::byte* dualbank_file(std::size_t size_bytes) {
  page().file.resize(size_bytes);
  return page().file.data();
}

/// Room for the words of a command line behind "dualbank", each with a zero behind it.
extern "C" __attribute__((export_name("dualbank_words"))) char* dualbank_words(std::size_t size_bytes) {
  page().words.resize(size_bytes);
  return page().words.data();
}

extern "C" __attribute__((export_name("dualbank_run"))) void dualbank_run() { page().code = dualbank::web::run(); }

/// What came of it: the command's exit code, its JSON, and lines that it says beside it.
extern "C" __attribute__((export_name("dualbank_code"))) int dualbank_code() { return page().code; }

extern "C" __attribute__((export_name("dualbank_answer"))) const char* dualbank_answer() {
  return page().answer.c_str();
}
extern "C" __attribute__((export_name("dualbank_answer_size"))) std::size_t dualbank_answer_size() {
  return page().answer.size();
}
extern "C" __attribute__((export_name("dualbank_notes"))) const char* dualbank_notes() { return page().notes.c_str(); }
extern "C" __attribute__((export_name("dualbank_notes_size"))) std::size_t dualbank_notes_size() {
  return page().notes.size();
}
