// Is this build slowed down by a sanitizer? Long tests then do a part of their work.
#pragma once

namespace dualbank::tests {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace dualbank::tests
