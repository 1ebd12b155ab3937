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

/// A board's chip revision that is not known, so that no image is refused for it.
inline constexpr std::uint16_t kUnknownRevision = 0xFFFF;

/// A place in flash that is not known, or any.
inline constexpr std::uint32_t kAnyPlace = 0xFFFF'FFFF;

/// What an image must fulfil. The vendor's boot path is laxer than a switch of ours: it takes images without a hash,
/// descriptor or segment, and looks at the slot's end last. On chips whose MMU page the descriptor names, it too needs
/// descriptor and segment.
struct ImageRules {
  std::uint16_t chip_id = kAnyChip;
  std::uint32_t slot_bytes = kUnknownLength;  ///< room for the image; nothing beyond it is asked for
  /// Where the image starts in flash: mapped segments must fit its page offset. kAnyPlace: at some 64 KiB boundary; of
  /// an image that runs in place the first segment then says where.
  std::uint32_t flash_offset = kAnyPlace;
  bool need_segment = true;
  bool need_hash = true;
  bool need_descriptor = true;
  /// Of the board, major * 100 + minor. Assumed: the eFuse that lifts an image's upper limit is not burnt.
  std::uint16_t chip_revision = kUnknownRevision;

  [[nodiscard]] static constexpr ImageRules strict(std::uint16_t chip, std::uint32_t slot_bytes,
                                                   std::uint32_t flash_offset = kAnyPlace) {
    return {.chip_id = chip, .slot_bytes = slot_bytes, .flash_offset = flash_offset};
  }
  /// What the vendor's bootloader boots.
  [[nodiscard]] static constexpr ImageRules vendor(std::uint16_t chip, std::uint32_t slot_bytes,
                                                   std::uint32_t flash_offset = kAnyPlace) {
    return {.chip_id = chip,
            .slot_bytes = slot_bytes,
            .flash_offset = flash_offset,
            .need_segment = false,
            .need_hash = false,
            .need_descriptor = false};
  }
};

/// What is known of an image: from its start (`length_bytes` kUnknownLength, hash empty), or all of it when verified.
struct ImageInfo {
  ImageHeader header{};
  bool has_descriptor = false;
  AppDescriptor descriptor{};                   ///< all empty without one
  std::uint32_t length_bytes = kUnknownLength;  ///< checksum and hash included, signature not
  Sha256Digest hash{};                          ///< the appended SHA-256, as verified; zero without one
  /// The flash address, modulo 16 MiB, of the slot that an image which runs in place is linked for; kAnyPlace: any slot
  /// will do.
  std::uint32_t linked_place = kAnyPlace;
};

/// Looks at the first 288 bytes, before anything is written: magic, chip, segment count, first segment, descriptor,
/// hash flag. Errors, in this order: image_too_short (under 288 bytes), image_no_magic, image_unknown_chip,
/// image_wrong_chip, image_wrong_revision, image_no_segments, image_too_many_segments, image_is_bootloader,
/// image_bad_segment, image_too_long, image_no_descriptor, image_no_hash, image_bad_mapping, image_linked_elsewhere.
/// image_is_bootloader comes only where a descriptor is needed.
[[nodiscard]] Result<ImageInfo> check_image_start(Bytes start, const ImageRules& rules);

/// Verifies an image fed in order, in pieces of any size; needs no memory but itself. After an error, or once `done()`,
/// further bytes are ignored: what follows an image in its slot is not part of it.
class ImageVerifier {
 public:
  constexpr explicit ImageVerifier(const ImageRules& rules) : rules_(rules) {
    if (rules.slot_bytes < kSmallestImageBytes) {
      error_ = {Status::image_too_long, {kSmallestImageBytes, rules.slot_bytes, 0}};
      phase_ = Phase::failed;
    }
  }

  /// ok: go on while `wanted() > 0`. Errors: those of check_image_start but image_too_short, image_bad_segment,
  /// image_bad_mapping, image_linked_elsewhere, image_too_long (as soon as the headers tell, before the bytes beyond
  /// the slot are wanted; the length it names is the least that the headers so far ask for), image_checksum_mismatch,
  /// image_hash_mismatch. After an error it is returned again.
  Status feed(Bytes bytes);

  /// How many bytes, at least, are still to come before the image is judged; 0 when it is. Never more than the slot has
  /// left, so reading this many never reads past the slot. Grows with what the headers tell.
  [[nodiscard]] std::uint32_t wanted() const;
  [[nodiscard]] bool done() const { return phase_ == Phase::done; }
  /// For an input that ended early: image_truncated with what came and what is known to be needed; image_too_short
  /// where not even the header came.
  [[nodiscard]] Event truncated() const;
  [[nodiscard]] const Event& error() const { return error_; }
  /// Complete when `done()`; before that, what the bytes so far told. The length is there from the last segment's
  /// header on.
  [[nodiscard]] const ImageInfo& info() const { return info_; }

 private:
  enum class Phase : std::uint8_t { header, segment_header, descriptor, segment, trailer, hash, done, failed };

  static constexpr std::uint32_t kSmallestImageBytes = 32;  // header and checksum

  void take(Bytes piece);
  void enter(Phase phase, std::uint32_t bytes);
  void fail(const Event& error);
  void finish_phase();
  void finish_header();
  void begin_segment_header();
  void finish_segment_header();
  void finish_descriptor();
  void begin_segment(std::uint32_t already_taken);
  void begin_trailer();
  void finish_trailer();
  void finish_hash();

  ImageRules rules_;
  ImageInfo info_{};
  Event error_{};
  const Chip* chip_ = nullptr;
  SegmentHeader segment_{};
  std::uint32_t received_ = 0;
  std::uint32_t need_ = kImageHeaderBytes;  // the least length that the headers so far ask for
  std::uint32_t left_ = kImageHeaderBytes;  // bytes still to come in this phase
  std::uint32_t data_offset_ = 0;           // of the segment's first byte in the image
  Phase phase_ = Phase::header;
  std::uint8_t segment_index_ = 0;
  std::uint8_t checksum_ = kChecksumStart;
  std::byte last_byte_{};
  std::uint16_t gathered_ = 0;
  std::array<std::byte, kAppDescriptorBytes> buffer_{};
  Sha256 hash_{};
};

}  // namespace dualbank
