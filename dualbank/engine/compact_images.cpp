#include "dualbank/engine/compact_images.hpp"

#include <algorithm>

#include "dualbank/engine/image_walk.hpp"
#include "dualbank/formats/sha256.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kBlockBytes = 16;
constexpr std::uint32_t kSmallestImageBytes = 32;
constexpr std::uint32_t kInPlaceBytes = 0x100'0000;  // what an address of an image that runs in place says of it

/// One image, from its first byte to its last.
template <bool kInPlace>
class Reading {
 public:
  Reading(Flash& flash, std::span<const LoadRegion> memory, const Extent& slot)
      : flash_(flash), memory_(memory), at_(slot.offset), room_(std::min(slot.size_bytes, 0xFFFF'FFFF - slot.offset)) {}

  Status read(std::uint16_t chip_id, MutableBytes buffer) {
    const std::uint32_t start = at_;
    std::array<std::byte, kImageHeaderBytes> bytes;
    if (room_ < kSmallestImageBytes) return Status::image_refused;
    if (const Status s = take(bytes); s != Status::ok) return s;
    const ImageHeader header = ImageHeader::parse(bytes);
    if (header.magic != kImageMagic || header.chip_id != chip_id || header.segment_count > kMostSegments) {
      return Status::image_refused;
    }
    entry_ = header.entry_address;
    for (std::uint32_t left = header.segment_count; left > 0; --left) {
      const MutableBytes head = MutableBytes{bytes}.first(kSegmentHeaderBytes);
      if (const Status s = take(head); s != Status::ok) return s;
      if (const Status s = take_segment(SegmentHeader::parse(head), buffer); s != Status::ok) return s;
    }
    return take_end(kBlockBytes - ((at_ - start) & (kBlockBytes - 1)), header.has_hash);
  }
  [[nodiscard]] std::uint32_t entry() const { return entry_; }

 private:
  Status take(MutableBytes out) {
    if (out.size() > room_) return Status::image_refused;
    if (const Status s = flash_.read(at_, out); s != Status::ok) return s;
    room_ -= static_cast<std::uint32_t>(out.size());
    at_ += static_cast<std::uint32_t>(out.size());
    hash_.update(out);
    return Status::ok;
  }

  Status take_segment(const SegmentHeader& segment, MutableBytes buffer) {
    const std::uint32_t address = segment.load_address;
    std::uint32_t left = segment.length_bytes;
    if ((left & 3) != 0) return Status::image_refused;
    if (kInPlace) {
      if (left >= kInPlaceBytes) return Status::image_refused;
      const bool mapped = address >= kAppDescriptorOffset && address != 0xFFFF'FFFF;
      if (mapped && ((address ^ at_) & (kInPlaceBytes - 1)) != 0) return Status::image_refused;
    } else if (address != 0 && left != 0) {
      buffer = place_of(segment, memory_);
      if (buffer.empty()) return Status::image_refused;
      entry_loaded_ = entry_loaded_ || entry_ - address < left;
    }
    while (left > 0) {
      const MutableBytes piece = buffer.first(left < buffer.size() ? left : buffer.size());
      if (const Status s = take(piece); s != Status::ok) return s;
      for (const std::byte b : piece) checksum_ ^= b;
      left -= static_cast<std::uint32_t>(piece.size());
    }
    return Status::ok;
  }

  Status take_end(std::uint32_t padding_bytes, bool has_hash) {
    std::array<std::byte, kImageHashBytes> end;
    if (const Status s = take(MutableBytes{end}.first(padding_bytes)); s != Status::ok) return s;
    if (end[padding_bytes - 1] != checksum_) return Status::image_refused;
    if (has_hash) {
      const Sha256Digest digest = hash_.finish();
      if (const Status s = take(end); s != Status::ok) return s;
      if (end != digest) return Status::image_refused;
    }
    return kInPlace || entry_loaded_ ? Status::ok : Status::image_refused;
  }

  Flash& flash_;
  std::span<const LoadRegion> memory_;
  std::uint32_t at_;
  std::uint32_t room_;  // to the slot's end
  std::uint32_t entry_ = 0;
  std::byte checksum_{kChecksumStart};
  bool entry_loaded_ = false;
  Sha256 hash_{};
};

}  // namespace

template <bool kInPlace>
Status CompactImages<kInPlace>::check(const Extent& slot, MutableBytes buffer) {
  Reading<kInPlace> reading{flash_, memory_, slot};
  const Status s = reading.read(chip_id(), buffer);
  entry_ = reading.entry();
  return s;
}

template class CompactImages<false>;
template class CompactImages<true>;

}  // namespace dualbank
