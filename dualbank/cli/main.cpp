#include "dualbank/cli/command.hpp"

int main(int argc, char** argv) { return dualbank::cli::run(argc, argv); }
