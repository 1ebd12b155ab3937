// One walk through an image's headers and segments, in order: for image_loader.cpp and signature_guard.cpp.
#pragma once

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/engine/image_loader.hpp"
#include "dualbank/formats/app_image.hpp"

namespace dualbank {

[[nodiscard]] inline MutableBytes place_of(const SegmentHeader& segment, std::span<const LoadRegion> regions) {
  for (const LoadRegion& region : regions) {
    const std::uint32_t from = segment.load_address - region.address;
    if (from <= region.memory.size() && segment.length_bytes <= region.memory.size() - from) {
      return region.memory.subspan(from, segment.length_bytes);
    }
  }
  return {};
}

/// `source` gives the image's bytes in order: take(bytes) fills them, load(place) does the same or passes by,
/// pass(size) passes by. The image ends at `most_bytes`. Returns the entry.
template <class Source>
[[nodiscard]] Result<std::uint32_t> walk_image(Source& source, std::uint32_t most_bytes,
                                               std::span<const LoadRegion> regions) {
  std::array<std::byte, kImageHeaderBytes> bytes;
  if (const Event e = source.take(bytes); e.failed()) return e;
  const ImageHeader header = ImageHeader::parse(bytes);
  if (header.segment_count > kMostSegments) {
    return {Status::image_too_many_segments, header.segment_count, kMostSegments};
  }
  bool entry_loaded = false;
  std::uint32_t at = kImageHeaderBytes;
  for (std::uint32_t i = 0; i < header.segment_count; ++i) {
    const auto head = MutableBytes{bytes}.first(kSegmentHeaderBytes);
    if (const Event e = source.take(head); e.failed()) return e;
    const SegmentHeader segment = SegmentHeader::parse(head);
    at += kSegmentHeaderBytes;
    if (at > most_bytes || segment.length_bytes > most_bytes - at) {
      return {Status::image_bad_segment, i, segment.length_bytes};
    }
    at += segment.length_bytes;
    if (segment.load_address == 0 || segment.length_bytes == 0) {
      if (const Event e = source.pass(segment.length_bytes); e.failed()) return e;
      continue;
    }
    const MutableBytes place = place_of(segment, regions);
    if (place.empty()) return {Status::image_outside_memory, i, segment.length_bytes, segment.load_address};
    entry_loaded = entry_loaded || header.entry_address - segment.load_address < segment.length_bytes;
    if (const Event e = source.load(place); e.failed()) return e;
  }
  if (!entry_loaded) return {Status::image_bad_entry, header.entry_address};
  return header.entry_address;
}

}  // namespace dualbank
