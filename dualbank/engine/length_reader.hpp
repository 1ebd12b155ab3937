// Finds out how long an image is while it arrives, from its segment headers, in any order of arrival.
#pragma once

#include <cstdint>

#include "dualbank/formats/app_image.hpp"

namespace dualbank {

class LengthReader {
 public:
  void reset() { *this = LengthReader{}; }
  [[nodiscard]] bool known() const { return length_bytes_ != kUnknownLength; }
  [[nodiscard]] std::uint32_t length_bytes() const { return length_bytes_; }
  /// The bytes of the image that it needs next. Precondition: not known().
  [[nodiscard]] Range wanted() const { return {next_, next_ + (started_ ? kSegmentHeaderBytes : kImageHeaderBytes)}; }
  /// Takes these bytes. False when the image cannot fit `slot_bytes`; `wanted().to` then tells what it needs at least.
  [[nodiscard]] bool take(Bytes bytes, std::uint32_t slot_bytes);

 private:
  std::uint32_t next_ = 0;
  std::uint32_t length_bytes_ = kUnknownLength;
  std::uint8_t segments_left_ = 0;
  bool started_ = false;
  bool has_hash_ = false;
};

}  // namespace dualbank
