#include "dualbank/engine/image_loader.hpp"

#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/formats/app_image.hpp"

namespace dualbank {
namespace {

MutableBytes place_of(const SegmentHeader& segment, std::span<const LoadRegion> regions) {
  for (const LoadRegion& region : regions) {
    const std::uint32_t from = segment.load_address - region.address;
    if (from <= region.memory.size() && segment.length_bytes <= region.memory.size() - from) {
      return region.memory.subspan(from, segment.length_bytes);
    }
  }
  return {};
}

Result<std::uint32_t> walk(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions, bool copy) {
  std::array<std::byte, kImageHeaderBytes> bytes;
  if (const Event e = read_flash(flash, slot.offset, bytes); e.failed()) return e;
  const ImageHeader header = ImageHeader::parse(bytes);
  if (header.segment_count > kMostSegments) {
    return {Status::image_too_many_segments, header.segment_count, kMostSegments};
  }
  bool entry_loaded = false;
  std::uint32_t at = kImageHeaderBytes;
  for (std::uint32_t i = 0; i < header.segment_count; ++i) {
    const auto head = MutableBytes{bytes}.first(kSegmentHeaderBytes);
    if (const Event e = read_flash(flash, slot.offset + at, head); e.failed()) return e;
    const SegmentHeader segment = SegmentHeader::parse(head);
    at += kSegmentHeaderBytes;
    if (at > slot.size_bytes || segment.length_bytes > slot.size_bytes - at) {
      return {Status::image_bad_segment, i, segment.length_bytes};
    }
    if (segment.load_address != 0 && segment.length_bytes != 0) {
      const MutableBytes place = place_of(segment, regions);
      if (place.empty()) return {Status::image_outside_memory, i, segment.length_bytes, segment.load_address};
      entry_loaded = entry_loaded || header.entry_address - segment.load_address < segment.length_bytes;
      if (copy) {
        if (const Event e = read_flash(flash, slot.offset + at, place); e.failed()) return e;
      }
    }
    at += segment.length_bytes;
  }
  if (!entry_loaded) return {Status::image_bad_entry, header.entry_address};
  return header.entry_address;
}

}  // namespace

Result<std::uint32_t> check_loadable(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions) {
  return walk(flash, slot, regions, false);
}

Result<std::uint32_t> load_image(Flash& flash, const Extent& slot, std::span<const LoadRegion> regions) {
  const Result<std::uint32_t> loadable = walk(flash, slot, regions, false);
  return loadable ? walk(flash, slot, regions, true) : loadable;
}

}  // namespace dualbank
