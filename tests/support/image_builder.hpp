// Builds app images for tests, whole or broken in a chosen way. On purpose it shares nothing with the code under test
// but SHA-256, which has its own vectors.
//
//   const auto image = tests::ImageBuilder().chip(5).version("1.0").project("demo").build();
//
// Without further calls the image is valid by the strictest rules on an ESP32-S3: one mapped segment with the
// descriptor and 256 bytes of pseudo-random payload, checksum, SHA-256.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dualbank/formats/sha256.hpp"

namespace dualbank::tests {

using ByteVector = std::vector<std::byte>;

inline ByteVector bytes_of(std::initializer_list<int> values) {
  ByteVector result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

inline ByteVector bytes_of(std::string_view text) {
  ByteVector result;
  for (const char c : text) result.push_back(static_cast<std::byte>(c));
  return result;
}

/// The same bytes for the same seed, on every machine.
inline ByteVector random_bytes(std::size_t count, std::uint32_t seed) {
  ByteVector result;
  result.reserve(count);
  std::uint64_t state = seed * 0x9E37'79B9'7F4A'7C15U + 1;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    result.push_back(static_cast<std::byte>(state >> 56));
  }
  return result;
}

inline void flip_bit(ByteVector& bytes, std::size_t bit) {
  bytes.at(bit / 8) ^= static_cast<std::byte>(1U << (bit % 8));
}

class ImageBuilder {
 public:
  // ---- what the image is
  ImageBuilder& chip(std::uint16_t id) { return set(chip_, id); }
  ImageBuilder& version(std::string_view text) { return set(version_, text); }
  ImageBuilder& project(std::string_view text) { return set(project_, text); }
  ImageBuilder& time(std::string_view text) { return set(time_, text); }
  ImageBuilder& date(std::string_view text) { return set(date_, text); }
  ImageBuilder& idf_version(std::string_view text) { return set(idf_version_, text); }
  ImageBuilder& secure_version(std::uint32_t number) { return set(secure_version_, number); }
  ImageBuilder& mmu_page_log2(std::uint8_t number) { return set(mmu_page_log2_, number); }
  ImageBuilder& entry(std::uint32_t address) { return set(entry_, address); }
  ImageBuilder& chip_revisions(std::uint16_t min, std::uint16_t max) {
    min_revision_ = min;
    return set(max_revision_, max);
  }
  /// Bytes behind the descriptor in segment 0, instead of the pseudo-random ones; filled to a multiple of 4 with zeros.
  ImageBuilder& payload(ByteVector bytes) { return set(payload_, std::move(bytes)); }
  /// Other pseudo-random payload and filling; images of the same length but with other bytes.
  ImageBuilder& seed(std::uint32_t number) {
    seed_ = number;
    return set(payload_, random_bytes(256, number));
  }
  /// Load address of segment 0, instead of the start of the chip's flash window + 0x20.
  ImageBuilder& load_address(std::uint32_t address) {
    own_load_address_ = true;
    return set(load_address_, address);
  }
  /// A segment more, behind the one with the descriptor, as it is.
  ImageBuilder& segment(std::uint32_t address, ByteVector data) {
    segments_.push_back({address, std::move(data), 0});
    return *this;
  }
  /// A segment at its page offset: where that is needed, a padding segment (load address 0) comes first.
  ImageBuilder& mapped_segment(std::uint32_t address, ByteVector data, std::uint32_t page_bytes = 0x10000) {
    segments_.push_back({address, std::move(data), page_bytes});
    return *this;
  }
  /// The last segment grows until the whole image has exactly this length: a multiple of 16 with room for the rest.
  ImageBuilder& length(std::size_t bytes) { return set(length_, bytes); }

  // ---- other kinds, and ways of being broken
  ImageBuilder& no_descriptor() { return set(descriptor_, Descriptor::none); }  ///< payload only in segment 0
  ImageBuilder& bootloader() {                                                  ///< segment 0 in RAM, magic 0x50
    load_address(0x3FCD'5820);
    return set(descriptor_, Descriptor::bootloader);
  }
  ImageBuilder& no_segments() { return set(no_segments_, true); }  ///< header and trailer only
  ImageBuilder& no_hash() { return set(hash_flag_, std::uint8_t{0}); }
  ImageBuilder& hash_flag(std::uint8_t value) { return set(hash_flag_, value); }
  ImageBuilder& magic(std::uint8_t value) { return set(magic_, value); }
  ImageBuilder& segment_count(std::uint8_t number) {  ///< what the header says, whatever follows
    own_count_ = true;
    return set(count_, number);
  }
  ImageBuilder& wrong_checksum() { return set(checksum_error_, std::uint8_t{0x01}); }  ///< the hash is right
  ImageBuilder& wrong_hash() { return set(hash_error_, std::uint8_t{0x01}); }
  ImageBuilder& truncate(std::size_t bytes) { return set(truncate_, bytes); }  ///< keep only so many bytes
  ImageBuilder& trailing(ByteVector bytes) { return set(trailing_, std::move(bytes)); }

  [[nodiscard]] ByteVector build() const {
    ByteVector image = body();
    std::uint8_t checksum = 0xEF;
    for (const std::byte b : checksummed_) checksum ^= std::to_integer<std::uint8_t>(b);
    while (image.size() % 16 != 15) image.push_back(std::byte{0});
    image.push_back(static_cast<std::byte>(checksum ^ checksum_error_));
    if (hash_flag_ != 0) {
      Sha256Digest digest = sha256(image);
      digest[31] ^= static_cast<std::byte>(hash_error_);
      image.insert(image.end(), digest.begin(), digest.end());
    }
    if (length_ != 0 && image.size() != length_) throw std::invalid_argument("no image has this length");
    image.insert(image.end(), trailing_.begin(), trailing_.end());
    if (truncate_ < image.size()) image.resize(truncate_);
    return image;
  }

 private:
  enum class Descriptor : std::uint8_t { app, bootloader, none };
  struct Segment {
    std::uint32_t address = 0;
    ByteVector data;
    std::uint32_t page_bytes = 0;  ///< 0: no padding before it
  };

  template <class Member, class Value>
  ImageBuilder& set(Member& member, Value&& value) {
    member = std::forward<Value>(value);
    return *this;
  }

  static void put(ByteVector& to, std::uint64_t value, int byte_count) {
    for (int i = 0; i < byte_count; ++i) to.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
  static void put_text(ByteVector& to, std::string_view text, std::size_t size) {
    if (text.size() > size) throw std::invalid_argument("text too long for its field");
    const ByteVector bytes = bytes_of(text);
    to.insert(to.end(), bytes.begin(), bytes.end());
    to.insert(to.end(), size - text.size(), std::byte{0});
  }

  [[nodiscard]] std::uint32_t window() const {
    switch (chip_) {
      case 0:
        return 0x3F40'0000;
      case 2:
        return 0x3F00'0000;
      case 5:
      case 9:
      case 12:
      case 31:
        return 0x3C00'0000;
      case 13:
      case 16:
      case 20:
      case 23:
      case 25:
      case 28:
        return 0x4200'0000;
      case 18:
      case 32:
        return 0x4000'0000;
      default:
        return 0x2000'0000;
    }
  }

  [[nodiscard]] ByteVector first_segment() const {
    ByteVector data;
    if (descriptor_ == Descriptor::bootloader) {
      put(data, 0x50, 1);
      data.resize(80);
    } else if (descriptor_ == Descriptor::app) {
      put(data, 0xABCD'5432, 4);
      put(data, secure_version_, 4);
      put(data, 0, 8);
      put_text(data, version_, 32);
      put_text(data, project_, 32);
      put_text(data, time_, 16);
      put_text(data, date_, 16);
      put_text(data, idf_version_, 32);
      data.resize(180);
      put(data, mmu_page_log2_, 1);
      data.resize(256);
    }
    data.insert(data.end(), payload_.begin(), payload_.end());
    return data;
  }

  void add_segment(ByteVector& image, std::uint32_t address, ByteVector data, int& count) const {
    while (data.size() % 4 != 0) data.push_back(std::byte{0});
    put(image, address, 4);
    put(image, data.size(), 4);
    image.insert(image.end(), data.begin(), data.end());
    checksummed_.insert(checksummed_.end(), data.begin(), data.end());
    ++count;
  }

  [[nodiscard]] std::vector<Segment> all_segments() const {
    if (no_segments_) return {};
    std::vector<Segment> result{{own_load_address_ ? load_address_ : window() + 0x20, first_segment(), 0}};
    result.insert(result.end(), segments_.begin(), segments_.end());
    return result;
  }

  /// All but the trailer.
  [[nodiscard]] ByteVector body() const {
    ByteVector image;
    put(image, magic_, 1);
    put(image, 0, 1);  // the count of segments comes at the end
    put(image, 0x2F02, 2);
    put(image, entry_, 4);
    put(image, 0xEE, 4);
    put(image, chip_, 2);
    put(image, 0, 1);
    put(image, min_revision_, 2);
    put(image, max_revision_, 2);
    put(image, 0, 4);
    put(image, hash_flag_, 1);

    checksummed_.clear();
    int count = 0;
    std::vector<Segment> segments = all_segments();
    for (std::size_t i = 0; i < segments.size(); ++i) {
      Segment& segment = segments[i];
      if (segment.page_bytes != 0 && (image.size() + 8) % segment.page_bytes != segment.address % segment.page_bytes) {
        const std::size_t gap =
            (segment.address - (image.size() + 16)) & (std::size_t{segment.page_bytes} - 1);  // behind two headers
        add_segment(image, 0, ByteVector(gap), count);
      }
      if (length_ != 0 && i + 1 == segments.size()) {
        const std::size_t end = length_ - (hash_flag_ != 0 ? 32 : 0) - 4;
        const std::size_t now = image.size() + 8 + (segment.data.size() + 3) / 4 * 4;
        if (length_ < 48 || length_ % 16 != 0 || now > end) throw std::invalid_argument("no image has this length");
        segment.data.resize(now - image.size() - 8);
        const ByteVector filling = random_bytes(end - now, seed_ + 1);
        segment.data.insert(segment.data.end(), filling.begin(), filling.end());
      }
      add_segment(image, segment.address, segment.data, count);
    }
    image[1] = static_cast<std::byte>(own_count_ ? count_ : count);
    return image;
  }

  std::uint16_t chip_ = 9;
  std::string version_ = "1.0";
  std::string project_ = "demo";
  std::string time_ = "12:34:56";
  std::string date_ = "Jan  1 2026";
  std::string idf_version_ = "v5.5";
  std::uint32_t secure_version_ = 0;
  std::uint32_t entry_ = 0x4037'0000;
  std::uint32_t load_address_ = 0;
  std::uint32_t seed_ = 1;
  std::uint16_t min_revision_ = 0;
  std::uint16_t max_revision_ = 0xFFFF;
  std::uint8_t mmu_page_log2_ = 0;
  std::uint8_t magic_ = 0xE9;
  std::uint8_t hash_flag_ = 1;
  std::uint8_t count_ = 0;
  std::uint8_t checksum_error_ = 0;
  std::uint8_t hash_error_ = 0;
  bool own_load_address_ = false;
  bool own_count_ = false;
  bool no_segments_ = false;
  Descriptor descriptor_ = Descriptor::app;
  ByteVector payload_ = random_bytes(256, 1);
  ByteVector trailing_;
  std::vector<Segment> segments_;
  std::size_t length_ = 0;
  std::size_t truncate_ = SIZE_MAX;
  mutable ByteVector checksummed_;
};

}  // namespace dualbank::tests
