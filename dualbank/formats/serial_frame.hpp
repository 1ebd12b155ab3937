// Frames on a serial line that carries plain text as well: COBS between zero bytes, with a CRC-32. Text has no zero
// bytes, so that whatever stands between two of them is a frame or nothing. docs/SERIAL.md, "Frames".
#pragma once

#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"

namespace dualbank {

/// What a frame of so many body bytes takes between its zero bytes, and on the line with both of them.
[[nodiscard]] constexpr std::size_t serial_encoded_bytes(std::size_t body_bytes) {
  return body_bytes + 4 + (body_bytes + 4) / 254 + 1;
}
[[nodiscard]] constexpr std::size_t serial_framed_bytes(std::size_t body_bytes) {
  return serial_encoded_bytes(body_bytes) + 2;
}

/// Frames `body`, which must not lie in `line`; returns what to send. Preconditions: a body of at least one byte, and
/// room for serial_framed_bytes(body.size()).
[[nodiscard]] Bytes write_serial_frame(Bytes body, MutableBytes line);

/// The body of what stood between two zero bytes, decoded in place. Empty: this is no frame, or its CRC is wrong.
[[nodiscard]] Bytes open_serial_frame(MutableBytes between);

/// Takes a line apart byte by byte. What is no frame, longer than the room, or damaged is dropped and counted.
class SerialFrameReader {
 public:
  /// `room`: serial_encoded_bytes(longest body).
  explicit constexpr SerialFrameReader(MutableBytes room) : room_(room) {}

  /// The body of a frame that this byte ends; empty: none. It lies in the room and is valid until the next call.
  [[nodiscard]] Bytes take(std::byte from_line);

  [[nodiscard]] constexpr std::size_t room_bytes() const { return room_.size(); }
  /// Stretches between zero bytes that were no frame; text between two frames counts as one.
  [[nodiscard]] constexpr std::uint32_t dropped() const { return dropped_; }

 private:
  MutableBytes room_;
  std::size_t used_ = 0;  // one more than the room: too long
  std::uint32_t dropped_ = 0;
};

}  // namespace dualbank
