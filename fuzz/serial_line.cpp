// A line with anything on it: frames come out whole or not at all, and a request is read as it was written.
#include <algorithm>
#include <array>
#include <vector>

#include "dualbank/formats/serial_frame.hpp"
#include "dualbank/formats/serial_message.hpp"
#include "fuzz/target.hpp"

namespace dualbank::fuzz {
namespace {

constexpr std::size_t kBodyBytes = kSerialBeginBytes;

void look_at(Bytes body) {
  if (is_serial_request(body)) {
    SerialRequest request;
    if (!read_serial_request(body, request).failed()) {
      std::array<std::byte, kBodyBytes + 64> room{};
      const Bytes again = write_serial_request(request, room);
      SerialRequest second;
      require(!read_serial_request(again, second).failed() && second.verb == request.verb &&
                  second.sequence == request.sequence && second.offset == request.offset &&
                  std::ranges::equal(second.bytes, request.bytes),
              "a request is read as it was written");
    }
  }
  if (is_serial_reply(body)) {
    SerialReply reply;
    SerialDevice device;
    static_cast<void>(read_serial_reply(body, reply, device));
  }
}

std::vector<Bytes> bodies_of(Bytes line, MutableBytes room, std::vector<std::vector<std::byte>>& kept) {
  SerialFrameReader reader{room};
  for (const std::byte b : line) {
    const Bytes body = reader.take(b);
    if (body.empty()) continue;
    require(body.size() <= room.size(), "a body fits the room");
    kept.emplace_back(body.begin(), body.end());
  }
  return {};
}

}  // namespace

void serial_line(Bytes input) {
  std::array<std::byte, serial_encoded_bytes(kBodyBytes)> room{};
  std::vector<std::vector<std::byte>> kept;
  bodies_of(input, room, kept);
  for (const auto& body : kept) look_at(body);
  // What fuzzers do not find is a CRC: the input as the body of a frame.
  const Bytes body = input.first(std::min(input.size(), kBodyBytes));
  if (body.empty()) return;
  look_at(body);
  std::array<std::byte, serial_framed_bytes(kBodyBytes)> line{};
  const Bytes framed = write_serial_frame(body, line);
  kept.clear();
  bodies_of(framed, room, kept);
  require(kept.size() == 1 && std::ranges::equal(kept.front(), body), "a frame brings its body");
}

}  // namespace dualbank::fuzz
