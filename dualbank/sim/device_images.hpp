// The images of a scenario, by index: what runs first, what is in the other slot of some starts, what somebody else
// writes, then those that are sent in turn.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dualbank::sim {

inline constexpr std::uint8_t kFirst = 0;
inline constexpr std::uint8_t kOld = 1;
inline constexpr std::uint8_t kVendors = 2;
inline constexpr std::uint8_t kSent = 3;
inline constexpr std::array<std::string_view, 8> kVersions{"1.0", "0.9", "7.7", "2.0", "3.0", "4.0", "5.0", "6.0"};
/// Of guarded boards.
inline constexpr std::array<std::uint32_t, 8> kSecureVersions{2, 1, 2, 3, 4, 5, 6, 7};

}  // namespace dualbank::sim
