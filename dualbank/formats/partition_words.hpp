// The words for partition types and subtypes ("data", "nvs", "ota_0"), the same in CSV and on the screen.
#pragma once

#include <cstdint>
#include <span>

namespace dualbank {

/// "app"; null for a type that has no word.
[[nodiscard]] const char* partition_type_word(std::uint8_t type);
/// "ota_0"; null for a subtype that has no word in this type.
[[nodiscard]] const char* partition_subtype_word(std::uint8_t type, std::uint8_t subtype);

/// The number of a word, upper and lower case alike; -1 when it is none.
[[nodiscard]] int find_partition_type(std::span<const char> word);
[[nodiscard]] int find_partition_subtype(std::uint8_t type, std::span<const char> word);

}  // namespace dualbank
