// A board with a SerialServer, and the host's side of the line for tests.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "dualbank/engine/explain.hpp"
#include "dualbank/engine/serial_server.hpp"
#include "dualbank/formats/sha256.hpp"
#include "tests/support/board.hpp"

namespace dualbank::tests {

inline ByteVector frame_of(const ByteVector& body) {
  ByteVector line(serial_framed_bytes(body.size()));
  const Bytes frame = write_serial_frame(body, line);
  return {frame.begin(), frame.end()};
}

inline ByteVector body_of(const SerialRequest& request) {
  ByteVector body(kSerialBeginBytes + request.bytes.size());
  body.resize(write_serial_request(request, body).size());
  return body;
}

/// `mark`: another first byte than a request's.
inline ByteVector framed(const SerialRequest& request, std::optional<std::byte> mark = {}) {
  ByteVector body = body_of(request);
  if (mark) body[0] = *mark;
  return frame_of(body);
}

inline std::string what(const Event& event) {
  std::array<char, 300> text{};
  return explain(event, text);
}

class SerialBoard {
 public:
  explicit SerialBoard(std::size_t in_bytes = kSerialInBytes) : in_(in_bytes), out_(kSerialOutBytes) { boot(0); }

  /// As after a reset into `running`.
  void boot(SlotIndex running) {
    server.reset();
    updater.emplace(board.flash, Options{.workspace = workspace_, .running_slot = running});
    ASSERT_EQ(updater->open(), Status::ok) << what(updater->last_event());
    server.emplace(*updater, SerialDevice{.name = {"bench"}, .version = {"1.0"}}, in_, out_);
  }

  /// The reply's frame; empty: none.
  ByteVector send(Bytes line) {
    ByteVector reply;
    for (const std::byte b : line) {
      const Bytes said = server->take(b);
      if (!said.empty()) reply.assign(said.begin(), said.end());
    }
    return reply;
  }
  SerialReply ask(SerialRequest request) {
    request.sequence = ++sequence_;
    ByteVector frame = send(framed(request));
    SerialReply reply;
    if (frame.size() < 2) {
      ADD_FAILURE() << "no reply";
      return reply;
    }
    const Bytes body = open_serial_frame(MutableBytes{frame}.subspan(1, frame.size() - 2));
    EXPECT_TRUE(is_serial_reply(body));
    EXPECT_EQ(read_serial_reply(body, reply, device), Event{});
    EXPECT_EQ(reply.sequence, request.sequence);
    EXPECT_EQ(reply.verb, request.verb);
    return reply;
  }
  SerialRequest begin_of(const ByteVector& image) {
    identity_ = sha256(image);
    return {.verb = SerialVerb::begin,
            .length_bytes = static_cast<std::uint32_t>(image.size()),
            .identity = identity_,
            .bytes = Bytes{image}.first(kSerialHeaderBytes)};
  }
  static SerialRequest piece_of(const ByteVector& image, std::uint32_t offset, std::uint32_t size = 1024) {
    const Bytes rest = Bytes{image}.subspan(offset);
    return {.verb = SerialVerb::data, .offset = offset, .bytes = rest.first(std::min<std::size_t>(size, rest.size()))};
  }
  Status send_missing(const ByteVector& image) {
    for (Range gap = updater->next_missing(); !gap.empty(); gap = updater->next_missing()) {
      const Event event = ask(piece_of(image, gap.from)).event;
      if (event.failed()) return event.code;
    }
    return Status::ok;
  }

  RunningBoard board;
  std::optional<Updater> updater;
  std::optional<SerialServer> server;
  SerialDevice device;

 private:
  ByteVector in_;
  ByteVector out_;
  ByteVector workspace_ = ByteVector(4096);
  Sha256Digest identity_{};
  std::uint32_t sequence_ = 100;
};

}  // namespace dualbank::tests
