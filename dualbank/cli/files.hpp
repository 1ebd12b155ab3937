// Files in and out, whole: a file that is written is either complete or not there.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "dualbank/formats/bytes.hpp"

namespace dualbank::cli {

inline constexpr std::size_t kMostFileBytes = std::size_t{256} << 20;  ///< the largest flash, as UF2
inline constexpr std::size_t kMostTextBytes = std::size_t{1} << 20;

/// "-" reads standard input. Of a pipe no more than 48 MiB are read. Throws Refused: file_not_found, file_not_readable,
/// file_is_folder, file_is_device, file_too_large.
[[nodiscard]] std::vector<std::byte> read_file(const std::string& path, std::size_t most_bytes = kMostFileBytes);

[[nodiscard]] bool path_exists(const std::string& path);

/// Writes beside `path` and renames, so that a cut leaves the old file or the new one. "-" writes standard output.
/// Throws Refused: file_exists (and not `replace`), file_not_writable.
void write_file(const std::string& path, Bytes bytes, bool replace);

/// A file that its owner alone may read: never over another one, and with nothing beside it. Throws Refused:
/// file_exists, file_not_writable.
void write_owners_file(const std::string& path, Bytes bytes);

}  // namespace dualbank::cli
