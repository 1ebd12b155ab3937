#include "dualbank/formats/serial_frame.hpp"

#include <array>

#include "dualbank/formats/crc32.hpp"

namespace dualbank {
namespace {

constexpr std::byte kZero{0};
constexpr std::size_t kCrcBytes = 4;
constexpr std::size_t kLongestGroup = 0xFF;  // its code byte counted; the only one that no zero follows

class Encoder {
 public:
  explicit Encoder(MutableBytes line) : line_(line) { line_[0] = kZero; }
  void put(Bytes bytes) {
    for (const std::byte b : bytes) {
      if (b != kZero) line_[at_++] = b;
      if (b == kZero || at_ - code_ == kLongestGroup) close_group();
    }
  }
  [[nodiscard]] Bytes finish() {
    close_group();
    line_[code_] = kZero;
    return line_.first(at_);
  }

 private:
  void close_group() {
    line_[code_] = static_cast<std::byte>(at_ - code_);
    code_ = at_++;
  }

  MutableBytes line_;
  std::size_t code_ = 1;  // where the code byte of the group under way goes
  std::size_t at_ = 2;
};

}  // namespace

Bytes write_serial_frame(Bytes body, MutableBytes line) {
  std::array<std::byte, kCrcBytes> crc{};
  store_u32(crc, 0, crc32(body));
  Encoder encoder(line);
  encoder.put(body);
  encoder.put(crc);
  return encoder.finish();
}

Bytes open_serial_frame(MutableBytes between) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < between.size();) {
    const std::size_t code = load_u8(between, at);
    if (code == 0 || code > between.size() - at) return {};
    for (std::size_t i = 1; i < code; ++i) between[out++] = between[at + i];
    at += code;
    if (code != kLongestGroup && at < between.size()) between[out++] = kZero;
  }
  if (out <= kCrcBytes) return {};
  const Bytes body = between.first(out - kCrcBytes);
  return crc32(body) == load_u32(between, body.size()) ? body : Bytes{};
}

Bytes SerialFrameReader::take(std::byte from_line) {
  if (from_line != kZero) {
    if (used_ < room_.size()) room_[used_] = from_line;
    if (used_ <= room_.size()) ++used_;
    return {};
  }
  const std::size_t size = used_;
  used_ = 0;
  if (size == 0) return {};
  const Bytes body = size <= room_.size() ? open_serial_frame(room_.first(size)) : Bytes{};
  if (body.empty()) ++dropped_;
  return body;
}

}  // namespace dualbank
