// What a page's words never ask for: a serial line as target (cli/serial_line.hpp, cli/serial_verbs.hpp).
#include <cstdlib>

#include "dualbank/cli/boards.hpp"
#include "dualbank/cli/serial_line.hpp"
#include "dualbank/cli/serial_verbs.hpp"
#include "dualbank/cli/trust.hpp"

namespace dualbank::cli {

bool names_a_line(std::string_view) { return false; }
bool names_a_bare_line(std::string_view) { return false; }

int status_over_line(Context&) { std::abort(); }
int ask_over_line(Context&, SerialVerb) { std::abort(); }
int reset_over_line(Context&) { std::abort(); }

// Nor layouts by name: no word of the page's names one.
const KnownLayout& find_layout(std::string_view) { std::abort(); }

// Nor whose images: no --trust, no --lowest-version.
Trust::Trust(const Context&) {}
Event Trust::check(Bytes, const ImageInfo&) { return {}; }

}  // namespace dualbank::cli
