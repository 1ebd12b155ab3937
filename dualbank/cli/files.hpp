// Files in and out, whole: a file that is written is either complete or not there.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::cli {

/// "-" reads standard input. Throws Refused: file_not_found, file_not_readable, file_is_folder, file_too_large.
[[nodiscard]] std::vector<std::byte> read_file(const std::string& path);

[[nodiscard]] bool path_exists(const std::string& path);

/// Writes beside `path` and renames, so that a cut leaves the old file or the new one. "-" writes standard output.
/// Throws Refused: file_exists (and not `replace`), file_not_writable.
void write_file(const std::string& path, Bytes bytes, bool replace);

}  // namespace dualbank::cli
