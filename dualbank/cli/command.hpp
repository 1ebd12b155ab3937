// The command: a command line in, an exit code out.
#pragma once

namespace dualbank::cli {

int run(int argc, const char* const* argv);

}  // namespace dualbank::cli
