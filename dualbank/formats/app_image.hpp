// The app image: header, segments, checksum, SHA-256. Rules and upstream sources: docs/FORMAT.md, "App image".
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/formats/app_descriptor.hpp"
#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/result.hpp"
#include "dualbank/formats/sha256.hpp"

namespace dualbank {

inline constexpr std::uint8_t kImageMagic = 0xE9;
inline constexpr std::uint32_t kImageHeaderBytes = 24;
inline constexpr std::uint32_t kSegmentHeaderBytes = 8;
inline constexpr std::uint32_t kMostSegments = 16;
inline constexpr std::uint32_t kImageHashBytes = 32;
inline constexpr std::uint8_t kChecksumStart = 0xEF;
/// What `check_image_start` wants: header, first segment's header, descriptor.
inline constexpr std::uint32_t kImageStartBytes = kImageHeaderBytes + kSegmentHeaderBytes + kAppDescriptorBytes;  // 288
inline constexpr std::uint32_t kUnknownLength = 0xFFFF'FFFF;

struct ImageHeader {
  std::uint8_t magic = 0;
  std::uint8_t segment_count = 0;
  std::uint8_t spi_mode = 0;
  std::uint8_t spi_speed_and_size = 0;  ///< low nibble speed, high nibble size: 1 MiB << size
  std::uint32_t entry_address = 0;
  std::uint16_t chip_id = 0;
  std::uint16_t min_chip_revision = 0;  ///< major * 100 + minor
  std::uint16_t max_chip_revision = 0;  ///< 0 and 0xFFFF: no limit
  bool has_hash = false;

  /// Precondition: at least 24 bytes. Checks nothing.
  [[nodiscard]] static ImageHeader parse(Bytes bytes24);
};

struct SegmentHeader {
  std::uint32_t load_address = 0;
  std::uint32_t length_bytes = 0;

  /// Precondition: at least 8 bytes. Checks nothing.
  [[nodiscard]] static SegmentHeader parse(Bytes bytes8);
};

/// What an image must fulfil. The vendor's boot path is laxer than a switch of ours: it takes images without a hash,
/// descriptor or segment, and looks at the slot's end last.
struct ImageRules {
  std::uint16_t chip_id = kAnyChip;
  std::uint32_t slot_bytes = kUnknownLength;    ///< room for the image; nothing beyond it is asked for
  std::uint32_t flash_offset = 0;               ///< where the image starts in flash: mapped segments must fit its page offset
  bool need_segment = true;
  bool need_hash = true;
  bool need_descriptor = true;

  [[nodiscard]] static constexpr ImageRules strict(std::uint16_t chip, std::uint32_t slot_bytes, std::uint32_t flash_offset = 0) {
    return {chip, slot_bytes, flash_offset, true, true, true};
  }
  /// What the vendor's bootloader boots.
  [[nodiscard]] static constexpr ImageRules vendor(std::uint16_t chip, std::uint32_t slot_bytes, std::uint32_t flash_offset = 0) {
    return {chip, slot_bytes, flash_offset, false, false, false};
  }
};

/// What is known of an image: from its start (`length_bytes` kUnknownLength, hash empty), or all of it when verified.
struct ImageInfo {
  ImageHeader header{};
  bool has_descriptor = false;
  AppDescriptor descriptor{};                   ///< all empty without one
  std::uint32_t length_bytes = kUnknownLength;  ///< checksum and hash included, signature not
  Sha256Digest hash{};                          ///< the appended SHA-256, as verified; zero without one
};

/// Looks at the first 288 bytes, before anything is written: magic, chip, segment count, first segment, descriptor, hash
/// flag. Errors, in this order: image_too_short (under 288 bytes), image_no_magic, image_unknown_chip, image_wrong_chip,
/// image_no_segments, image_too_many_segments, image_is_bootloader, image_bad_segment, image_too_long,
/// image_no_descriptor, image_no_hash, image_bad_mapping.
[[nodiscard]] Result<ImageInfo> check_image_start(Bytes start, const ImageRules& rules);

/// Verifies an image fed in order, in pieces of any size; needs no memory but itself. After an error, or once `done()`,
/// further bytes are ignored.
class ImageVerifier {
 public:
  constexpr explicit ImageVerifier(const ImageRules& rules) : rules_(rules) {}

  /// ok: go on while `wanted() > 0`. Errors: those of check_image_start, image_bad_segment, image_bad_mapping,
  /// image_too_long (as soon as the headers tell, before the bytes beyond the slot are wanted), image_checksum_mismatch,
  /// image_hash_mismatch.
  Status feed(Bytes bytes);

  /// How many bytes, at least, are still to come before the image is judged; 0 when it is. Never more than the slot has
  /// left, so reading this many never reads past the slot.
  [[nodiscard]] std::uint32_t wanted() const;
  [[nodiscard]] bool done() const { return phase_ == Phase::done; }
  /// For an input that ended early: image_truncated with what came and what is known to be needed.
  [[nodiscard]] Event truncated() const;
  [[nodiscard]] const Event& error() const { return error_; }
  /// Complete when `done()`; before that, what the bytes so far told.
  [[nodiscard]] const ImageInfo& info() const { return info_; }

 private:
  enum class Phase : std::uint8_t { header, segment_header, segment, trailer, hash, done, failed };

  ImageRules rules_;
  ImageInfo info_{};
  Event error_{};
  Phase phase_ = Phase::header;
};

}  // namespace dualbank
