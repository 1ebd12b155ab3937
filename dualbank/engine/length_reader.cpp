#include "dualbank/engine/length_reader.hpp"

namespace dualbank {

bool LengthReader::take(Bytes bytes, std::uint32_t slot_bytes) {
  if (!started_) {
    const ImageHeader header = ImageHeader::parse(bytes);
    segments_left_ = header.segment_count;
    has_hash_ = header.has_hash;
    next_ = kImageHeaderBytes;
    started_ = true;
  } else {
    const SegmentHeader segment = SegmentHeader::parse(bytes);
    --segments_left_;
    next_ += kSegmentHeaderBytes;
    const bool fits = segment.length_bytes <= slot_bytes - next_;
    next_ =
        segment.length_bytes < kUnknownLength - kImageHeaderBytes - next_ ? next_ + segment.length_bytes : slot_bytes;
    if (!fits) return false;
  }
  const std::uint32_t trailer_bytes = 1 + (has_hash_ ? kImageHashBytes : 0);
  if (slot_bytes < next_ + trailer_bytes + (segments_left_ > 0 ? kSegmentHeaderBytes : 0)) return false;
  if (segments_left_ > 0) return true;
  constexpr std::uint32_t kBlock = 16;
  length_bytes_ = ((next_ + kBlock) & ~(kBlock - 1)) + (has_hash_ ? kImageHashBytes : 0);
  return length_bytes_ <= slot_bytes;
}

}  // namespace dualbank
