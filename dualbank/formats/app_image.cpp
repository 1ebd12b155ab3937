#include "dualbank/formats/app_image.hpp"

#include <algorithm>
#include <cstring>

namespace dualbank {
namespace {

constexpr std::uint32_t kSegmentLimit = 0x100'0000;
constexpr std::uint32_t kDescriptorMagicBytes = 4;

bool needs_descriptor(const ImageRules& rules, const Chip& chip) {
  return rules.need_descriptor || chip.page_configurable;
}

Event check_header(const ImageHeader& header, const ImageRules& rules, const Chip* chip) {
  if (header.magic != kImageMagic) return {Status::image_no_magic, {header.magic, 0, 0}};
  if (chip == nullptr) return {Status::image_unknown_chip, {header.chip_id, 0, 0}};
  if (rules.chip_id != kAnyChip && header.chip_id != rules.chip_id) {
    return {Status::image_wrong_chip, {header.chip_id, rules.chip_id, 0}};
  }
  const bool has_max = header.max_chip_revision != 0 && header.max_chip_revision != 0xFFFF;
  if (rules.chip_revision != kUnknownRevision &&
      (rules.chip_revision < header.min_chip_revision || (has_max && rules.chip_revision > header.max_chip_revision))) {
    const std::uint32_t max = has_max ? header.max_chip_revision : 0xFFFF;
    return {Status::image_wrong_revision, {header.min_chip_revision, max, rules.chip_revision}};
  }
  if (header.segment_count == 0 && (rules.need_segment || needs_descriptor(rules, *chip))) {
    return {Status::image_no_segments, {}};
  }
  if (header.segment_count > kMostSegments) {
    return {Status::image_too_many_segments, {header.segment_count, kMostSegments, 0}};
  }
  return {};
}

Event check_hash_flag(const ImageHeader& header, const ImageRules& rules) {
  return rules.need_hash && !header.has_hash ? Event{Status::image_no_hash, {}} : Event{};
}

/// The least length of an image whose known part ends at `end`. 64 bits, since a length in a header may be anything.
std::uint64_t least_length(std::uint64_t end, std::uint32_t segments_to_come, bool has_hash) {
  constexpr std::uint64_t kBlock = 16;
  const std::uint64_t unpadded = end + std::uint64_t{kSegmentHeaderBytes} * segments_to_come;
  return ((unpadded + kBlock) & ~(kBlock - 1)) + (has_hash ? kImageHashBytes : 0);
}

Event check_length(std::uint64_t least, const ImageRules& rules) {
  const std::uint32_t from = rules.flash_offset == kAnyPlace ? 0 : rules.flash_offset;
  const std::uint32_t room = std::min(rules.slot_bytes, 0xFFFF'FFFF - from);
  if (least <= room) return {};
  const auto shown = static_cast<std::uint32_t>(std::min<std::uint64_t>(least, 0xFFFF'FFFF));
  return {Status::image_too_long, {shown, room, 0}};
}

Event check_segment_length(std::uint32_t index, std::uint32_t length, const Chip& chip) {
  if ((length & 3) == 0 && (chip.wide_segments || length < kSegmentLimit)) return {};
  return {Status::image_bad_segment, {index, length, 0}};
}

/// All that header, first segment's header and the word behind it tell, but the mapping. Without the word, which only a
/// needed descriptor asks for, the rest is checked.
Event check_first_segment(const ImageHeader& header, const SegmentHeader& segment, Bytes data_start,
                          const ImageRules& rules, const Chip& chip) {
  const bool descriptor_needed = needs_descriptor(rules, chip);
  if (descriptor_needed && load_u8(data_start, 0) == kBootloaderDescriptorMagic) {
    return {Status::image_is_bootloader, {}};
  }
  if (const Event e = check_segment_length(0, segment.length_bytes, chip); e.failed()) return e;
  const bool magic_there = AppDescriptor::present(data_start);
  if (descriptor_needed && magic_there && segment.length_bytes < kAppDescriptorBytes) {
    return {Status::image_bad_segment, {0, segment.length_bytes, 0}};
  }
  const std::uint64_t end = std::uint64_t{kAppDescriptorOffset} + segment.length_bytes;
  const std::uint64_t least = least_length(end, header.segment_count - 1U, header.has_hash);
  if (const Event e = check_length(least, rules); e.failed()) return e;
  if (descriptor_needed && !magic_there) return {Status::image_no_descriptor, {load_u32(data_start, 0), 0, 0}};
  return check_hash_flag(header, rules);
}

/// `data_offset`: of the segment's first byte in the image. Where the image says which place it is linked for, `info`
/// has it afterwards.
Event check_mapping(std::uint32_t index, std::uint32_t load_address, std::uint32_t data_offset, const ImageRules& rules,
                    const Chip& chip, ImageInfo& info) {
  const std::uint32_t page_bytes = chip.page_bytes(info.descriptor.mmu_page_log2);
  if (!chip.maps(load_address, page_bytes)) return {};
  const std::uint32_t linked = (load_address - data_offset) & (page_bytes - 1);
  const Event bad{Status::image_bad_mapping, {index, load_address, page_bytes}};
  std::uint32_t place = rules.flash_offset;
  if (chip.fixed) {
    if (info.linked_place != kAnyPlace && info.linked_place != linked) return bad;
    info.linked_place = linked;
    if (place == kAnyPlace) return {};
  } else if (place == kAnyPlace) {
    place = 0;
  }
  if (((place ^ linked) & (page_bytes - 1)) == 0) return {};
  return chip.fixed ? Event{Status::image_linked_elsewhere, {linked, place, 0}} : bad;
}

std::uint8_t xor_of(Bytes bytes, std::uint8_t sum) {
  for (const std::byte b : bytes) sum ^= std::to_integer<std::uint8_t>(b);
  return sum;
}

}  // namespace

ImageHeader ImageHeader::parse(Bytes bytes24) {
  return {.magic = load_u8(bytes24, 0),
          .segment_count = load_u8(bytes24, 1),
          .spi_mode = load_u8(bytes24, 2),
          .spi_speed_and_size = load_u8(bytes24, 3),
          .entry_address = load_u32(bytes24, 4),
          .chip_id = load_u16(bytes24, 12),
          .min_chip_revision = load_u16(bytes24, 15),
          .max_chip_revision = load_u16(bytes24, 17),
          .has_hash = load_u8(bytes24, 23) != 0};
}

SegmentHeader SegmentHeader::parse(Bytes bytes8) { return {load_u32(bytes8, 0), load_u32(bytes8, 4)}; }

Result<ImageInfo> check_image_start(Bytes start, const ImageRules& rules) {
  if (start.size() < kImageStartBytes) {
    return {Status::image_too_short, static_cast<std::uint32_t>(start.size()), kImageStartBytes};
  }
  ImageInfo info;
  info.header = ImageHeader::parse(start);
  const Chip* const chip = find_chip(info.header.chip_id);
  if (const Event e = check_header(info.header, rules, chip); e.failed()) return e;
  if (info.header.segment_count == 0) {
    const Event e = check_length(least_length(kImageHeaderBytes, 0, info.header.has_hash), rules);
    if (e.failed()) return e;
    if (const Event no_hash = check_hash_flag(info.header, rules); no_hash.failed()) return no_hash;
    return info;
  }
  const SegmentHeader segment = SegmentHeader::parse(start.subspan(kImageHeaderBytes));
  const Bytes data = start.subspan(kAppDescriptorOffset);
  if (const Event e = check_first_segment(info.header, segment, data, rules, *chip); e.failed()) return e;
  if (segment.length_bytes >= kAppDescriptorBytes && AppDescriptor::present(data)) {
    info.has_descriptor = true;
    info.descriptor = AppDescriptor::parse(data);
  }
  const Event e = check_mapping(0, segment.load_address, kAppDescriptorOffset, rules, *chip, info);
  if (e.failed()) return e;
  return info;
}

Status ImageVerifier::feed(Bytes bytes) {
  while (!bytes.empty() && phase_ != Phase::done && phase_ != Phase::failed) {
    const std::size_t n = std::min<std::size_t>(bytes.size(), left_);
    take(bytes.first(n));
    bytes = bytes.subspan(n);
    while (left_ == 0 && phase_ != Phase::done && phase_ != Phase::failed) finish_phase();
  }
  return error_.code;
}

std::uint32_t ImageVerifier::wanted() const {
  return phase_ == Phase::done || phase_ == Phase::failed ? 0 : need_ - received_;
}

Event ImageVerifier::truncated() const {
  if (received_ < kImageHeaderBytes) return {Status::image_too_short, {received_, kImageStartBytes, 0}};
  return {Status::image_truncated, {received_, need_, 0}};
}

void ImageVerifier::take(Bytes piece) {
  const auto n = static_cast<std::uint32_t>(piece.size());
  if (phase_ == Phase::segment) {
    checksum_ = xor_of(piece, checksum_);
  } else if (phase_ == Phase::trailer) {
    last_byte_ = piece.back();
  } else if (phase_ == Phase::hash) {
    std::memcpy(info_.hash.data() + (kImageHashBytes - left_), piece.data(), n);
  } else {
    std::memcpy(buffer_.data() + gathered_, piece.data(), n);
    gathered_ = static_cast<std::uint16_t>(gathered_ + n);
  }
  received_ += n;
  left_ -= n;
  if (info_.header.has_hash && phase_ != Phase::hash) hash_.update(piece);
}

void ImageVerifier::enter(Phase phase, std::uint32_t bytes) {
  phase_ = phase;
  left_ = bytes;
}

void ImageVerifier::fail(const Event& error) {
  error_ = error;
  phase_ = Phase::failed;
}

// Halves, not a switch: for a switch, ARMv6-M compilers call a helper of their runtime library.
void ImageVerifier::finish_phase() {
  if (phase_ < Phase::descriptor) return phase_ == Phase::header ? finish_header() : finish_segment_header();
  if (phase_ > Phase::segment) return phase_ == Phase::trailer ? finish_trailer() : finish_hash();
  if (phase_ == Phase::descriptor) return finish_descriptor();
  if (segment_index_ == info_.header.segment_count) return begin_trailer();
  begin_segment_header();
}

void ImageVerifier::finish_header() {
  info_.header = ImageHeader::parse(buffer_);
  chip_ = find_chip(info_.header.chip_id);
  if (const Event e = check_header(info_.header, rules_, chip_); e.failed()) return fail(e);
  const std::uint8_t segments = info_.header.segment_count;
  const std::uint64_t least = least_length(kImageHeaderBytes, segments, info_.header.has_hash);
  if (const Event e = check_length(least, rules_); e.failed()) return fail(e);
  need_ = static_cast<std::uint32_t>(least);
  // The flag that says whether to hash is itself hashed.
  if (info_.header.has_hash) hash_.update(Bytes{buffer_}.first(kImageHeaderBytes));
  if (segments != 0) return begin_segment_header();
  if (const Event e = check_hash_flag(info_.header, rules_); e.failed()) return fail(e);
  begin_trailer();
}

void ImageVerifier::begin_segment_header() {
  gathered_ = 0;
  // Where a descriptor is needed its magic is looked at together with the header, so that all that the start can tell
  // is told in the order of check_image_start.
  const bool with_magic = segment_index_ == 0 && needs_descriptor(rules_, *chip_);
  enter(Phase::segment_header, kSegmentHeaderBytes + (with_magic ? kDescriptorMagicBytes : 0));
}

void ImageVerifier::finish_segment_header() {
  segment_ = SegmentHeader::parse(buffer_);
  const std::uint32_t more = gathered_ - kSegmentHeaderBytes;
  data_offset_ = received_ - more;
  const bool first = segment_index_ == 0;
  const Bytes magic = Bytes{buffer_}.subspan(kSegmentHeaderBytes, more);
  const Event bad = first ? check_first_segment(info_.header, segment_, magic, rules_, *chip_)
                          : check_segment_length(segment_index_, segment_.length_bytes, *chip_);
  if (bad.failed()) return fail(bad);
  const std::uint32_t to_come = info_.header.segment_count - segment_index_ - 1U;
  const std::uint64_t end = std::uint64_t{data_offset_} + segment_.length_bytes;
  const std::uint64_t least = least_length(end, to_come, info_.header.has_hash);
  if (const Event e = check_length(least, rules_); e.failed()) return fail(e);
  need_ = static_cast<std::uint32_t>(least);
  if (to_come == 0) info_.length_bytes = need_;
  if (first && segment_.length_bytes >= kAppDescriptorBytes) {
    std::memmove(buffer_.data(), buffer_.data() + kSegmentHeaderBytes, more);
    gathered_ = static_cast<std::uint16_t>(more);
    return enter(Phase::descriptor, kAppDescriptorBytes - more);
  }
  begin_segment(0);
}

void ImageVerifier::finish_descriptor() {
  if (AppDescriptor::present(buffer_)) {
    info_.has_descriptor = true;
    info_.descriptor = AppDescriptor::parse(buffer_);
  }
  checksum_ = xor_of(buffer_, checksum_);
  begin_segment(kAppDescriptorBytes);
}

void ImageVerifier::begin_segment(std::uint32_t already_taken) {
  const Event e = check_mapping(segment_index_, segment_.load_address, data_offset_, rules_, *chip_, info_);
  if (e.failed()) return fail(e);
  ++segment_index_;
  enter(Phase::segment, segment_.length_bytes - already_taken);
}

void ImageVerifier::begin_trailer() {
  info_.length_bytes = need_;
  enter(Phase::trailer, need_ - (info_.header.has_hash ? kImageHashBytes : 0) - received_);
}

void ImageVerifier::finish_trailer() {
  if (const auto stored = std::to_integer<std::uint8_t>(last_byte_); stored != checksum_) {
    return fail({Status::image_checksum_mismatch, {checksum_, stored, 0}});
  }
  if (info_.header.has_hash) return enter(Phase::hash, kImageHashBytes);
  phase_ = Phase::done;
}

void ImageVerifier::finish_hash() {
  if (info_.hash == hash_.finish()) {
    phase_ = Phase::done;
    return;
  }
  info_.hash = {};
  fail({Status::image_hash_mismatch, {need_, 0, 0}});
}

}  // namespace dualbank
