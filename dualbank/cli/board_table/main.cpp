// A step of the build: makes C++ of boards.txt, or says which line of it is wrong.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "dualbank/cli/board_table/table.hpp"

using dualbank::cli::board_table::Table;
using dualbank::cli::board_table::TableError;

int main(int count, char** words) {
  if (count != 3) {
    fmt::print(stderr, "usage: dualbank_board_table BOARDS.TXT OUTPUT.CPP\n");
    return 2;
  }
  std::ifstream in(words[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) {
    fmt::print(stderr, "{}: does not read\n", words[1]);
    return 1;
  }
  try {
    const Table table = dualbank::cli::board_table::read_table(text);
    std::ofstream out(words[2], std::ios::binary);
    out << dualbank::cli::board_table::cpp_of(table);
    out.close();
    if (!out) {
      fmt::print(stderr, "{}: cannot be written\n", words[2]);
      return 1;
    }
  } catch (const TableError& error) {
    fmt::print(stderr, "{}:{}: error: {}\n", words[1], error.line(), error.what());
    return 1;
  }
  return 0;
}
