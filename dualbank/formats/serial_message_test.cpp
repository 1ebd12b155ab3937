#include "dualbank/formats/serial_message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "tests/support/image_builder.hpp"

namespace dualbank {
namespace {

using tests::bytes_of;
using tests::ByteVector;

constexpr std::array kPlainVerbs{SerialVerb::hello, SerialVerb::switch_slot, SerialVerb::confirm,
                                 SerialVerb::fail,  SerialVerb::rollback,    SerialVerb::status,
                                 SerialVerb::reset, SerialVerb::abandon};

ByteVector counting(std::size_t size, unsigned from = 1) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i + from);
  return bytes;
}

ByteVector written(const SerialRequest& request) {
  ByteVector room(kSerialBeginBytes + request.bytes.size());
  const Bytes body = write_serial_request(request, room);
  return {body.begin(), body.end()};
}

ByteVector written(const SerialReply& reply, const SerialDevice& device = {}) {
  ByteVector room(kSerialHelloBytes, std::byte{0xEE});
  const Bytes body = write_serial_reply(reply, device, room);
  return {body.begin(), body.end()};
}

Event read(const ByteVector& body, SerialRequest& request) {
  EXPECT_TRUE(is_serial_request(body));
  return read_serial_request(body, request);
}

TEST(SerialRequest, PlainOnesAreTheHead) {
  for (const SerialVerb verb : kPlainVerbs) {
    const ByteVector body = written(SerialRequest{.verb = verb, .sequence = 0x04030201});
    EXPECT_EQ(body, bytes_of({0xDB, 1, static_cast<std::uint8_t>(verb), 0, 1, 2, 3, 4}));
    SerialRequest request;
    EXPECT_EQ(read(body, request), Event{});
    EXPECT_EQ(request.verb, verb);
    EXPECT_EQ(request.sequence, 0x04030201U);
    EXPECT_TRUE(request.bytes.empty());
  }
}

TEST(SerialRequest, NumbersOfTheVerbs) {
  const std::array<SerialVerb, 11> in_order{SerialVerb::hello,   SerialVerb::begin,       SerialVerb::data,
                                            SerialVerb::missing, SerialVerb::switch_slot, SerialVerb::confirm,
                                            SerialVerb::fail,    SerialVerb::rollback,    SerialVerb::status,
                                            SerialVerb::reset,   SerialVerb::abandon};
  for (std::size_t i = 0; i < in_order.size(); ++i) EXPECT_EQ(static_cast<std::size_t>(in_order[i]), i + 1);
}

TEST(SerialRequest, BeginByOffset) {
  const ByteVector identity = counting(32);
  const ByteVector header = counting(288, 100);
  const ByteVector body = written(SerialRequest{
      .verb = SerialVerb::begin, .sequence = 9, .length_bytes = 0x00040302, .identity = identity, .bytes = header});
  ASSERT_EQ(body.size(), 332U);
  EXPECT_EQ(load_u32(body, 8), 0x00040302U);
  EXPECT_TRUE(std::equal(identity.begin(), identity.end(), body.begin() + 12));
  EXPECT_TRUE(std::equal(header.begin(), header.end(), body.begin() + 44));
  SerialRequest request;
  EXPECT_EQ(read(body, request), Event{});
  EXPECT_EQ(request.length_bytes, 0x00040302U);
  EXPECT_EQ(ByteVector(request.identity.begin(), request.identity.end()), identity);
  EXPECT_EQ(ByteVector(request.bytes.begin(), request.bytes.end()), header);
}

TEST(SerialRequest, DataAndMissingByOffset) {
  const ByteVector piece = counting(3);
  const ByteVector body =
      written(SerialRequest{.verb = SerialVerb::data, .sequence = 9, .offset = 0x1000, .bytes = piece});
  EXPECT_EQ(body, bytes_of({0xDB, 1, 3, 0, 9, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3}));
  SerialRequest request;
  EXPECT_EQ(read(body, request), Event{});
  EXPECT_EQ(request.offset, 0x1000U);
  EXPECT_EQ(ByteVector(request.bytes.begin(), request.bytes.end()), piece);

  const ByteVector missing = written(SerialRequest{.verb = SerialVerb::missing, .sequence = 9, .offset = 0x1000});
  EXPECT_EQ(missing, bytes_of({0xDB, 1, 4, 0, 9, 0, 0, 0, 0, 0x10, 0, 0}));
  EXPECT_EQ(read(missing, request), Event{});
  EXPECT_EQ(request.offset, 0x1000U);
}

TEST(SerialRequest, TooShortForItsVerb) {
  const struct {
    SerialVerb verb;
    std::size_t need;
  } cases[]{{SerialVerb::begin, 332}, {SerialVerb::data, 13}, {SerialVerb::missing, 12}};
  for (const auto& c : cases) {
    ByteVector body(c.need);
    body[0] = std::byte{0xDB};
    body[1] = std::byte{1};
    body[2] = static_cast<std::byte>(c.verb);
    body[4] = std::byte{77};
    SerialRequest request;
    EXPECT_EQ(read(body, request), Event{});
    for (std::size_t size = 8; size < c.need; ++size) {
      const ByteVector part(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
      const Event expected{Status::serial_bad_request,
                           {static_cast<std::uint32_t>(c.verb), static_cast<std::uint32_t>(size), 0}};
      EXPECT_EQ(read(part, request), expected);
      EXPECT_EQ(request.sequence, 77U) << "so that the refusal names the request";
    }
  }
}

TEST(SerialRequest, UnknownVerbsAndVersions) {
  SerialRequest request;
  for (const unsigned verb : {0U, 12U, 255U}) {
    ByteVector body = written(SerialRequest{.sequence = 5});
    body[2] = static_cast<std::byte>(verb);
    EXPECT_EQ(read(body, request), (Event{Status::serial_bad_request, {verb, 8, 0}}));
  }
  for (const unsigned version : {0U, 2U, 255U}) {
    ByteVector body = written(SerialRequest{.sequence = 5});
    body[1] = static_cast<std::byte>(version);
    EXPECT_EQ(read(body, request), (Event{Status::serial_version, {version, 1, 0}}));
    EXPECT_EQ(request.sequence, 5U);
  }
}

TEST(SerialRequest, WhatIsNone) {
  const ByteVector body = written(SerialRequest{});
  EXPECT_FALSE(is_serial_request(Bytes{body}.first(7)));
  EXPECT_FALSE(is_serial_reply(body));
  EXPECT_FALSE(is_serial_request(written(SerialReply{})));
  EXPECT_TRUE(is_serial_reply(written(SerialReply{})));
}

SerialReply sample_reply(SerialVerb verb) {
  return {.verb = verb,
          .sequence = 0x0A0B0C0D,
          .event = {Status::switched, {1, 0x11121314, 3}},
          .state = {.missing = {0x1000, 0x2000},
                    .update_length_bytes = 0x40000,
                    .running_slot = 0,
                    .boot_slot = 1,
                    .next_update_slot = kFactorySlot,
                    .on_trial = true,
                    .update_active = false,
                    .recovery = true,
                    .answered = 7,
                    .dropped = 8}};
}

TEST(SerialReply, EveryByte) {
  EXPECT_EQ(written(sample_reply(SerialVerb::status)),
            bytes_of({0xBD, 1, 9, 204,  0x0D, 0x0C, 0x0B, 0x0A, 1, 0, 0, 0, 0x14, 0x13, 0x12, 0x11, 3, 0, 0, 0, 0, 0x10,
                      0,    0, 0, 0x20, 0,    0,    0,    0,    4, 0, 0, 1, 0xFF, 5,    7,    0,    0, 0, 8, 0, 0, 0}));
}

TEST(SerialReply, HelloGoesOnWithTheDevice) {
  SerialDevice device{.name = {"riscv_board"},
                      .version = {"2.0"},
                      .boot_reason = 11,
                      .trial_boot = 2,
                      .chip_id = 0xDB00,
                      .largest_piece_bytes = 1024,
                      .slot_offset = 0x110000,
                      .slot_size_bytes = 0x100000};
  const ByteVector body = written(sample_reply(SerialVerb::hello), device);
  ASSERT_EQ(body.size(), 124U);
  EXPECT_EQ(ByteVector(body.begin() + 44, body.begin() + 60),
            bytes_of({0, 0xDB, 0, 4, 0, 0, 0x11, 0, 0, 0, 0x10, 0, 11, 2, 0, 0}));
  EXPECT_EQ(body[60], std::byte{'r'});
  EXPECT_EQ(body[92], std::byte{'2'});
  SerialReply reply;
  SerialDevice read;
  EXPECT_EQ(read_serial_reply(body, reply, read), Event{});
  EXPECT_EQ(std::string_view(read.name.data()), "riscv_board");
  EXPECT_EQ(std::string_view(read.version.data()), "2.0");
  EXPECT_EQ(read.boot_reason, 11);
  EXPECT_EQ(read.trial_boot, 2);
  EXPECT_EQ(read.chip_id, 0xDB00);
  EXPECT_EQ(read.largest_piece_bytes, 1024);
  EXPECT_EQ(read.slot_offset, 0x110000U);
  EXPECT_EQ(read.slot_size_bytes, 0x100000U);
}

TEST(SerialReply, ComesBackAsItWas) {
  for (int flags = 0; flags < 8; ++flags) {
    SerialReply reply = sample_reply(SerialVerb::data);
    reply.state.on_trial = (flags & 1) != 0;
    reply.state.update_active = (flags & 2) != 0;
    reply.state.recovery = (flags & 4) != 0;
    reply.state.running_slot = kNoSlot;
    SerialReply read;
    SerialDevice device{.trial_boot = 9};
    EXPECT_EQ(read_serial_reply(written(reply), read, device), Event{});
    EXPECT_EQ(written(read), written(reply));
    EXPECT_EQ(read.event, reply.event);
    EXPECT_EQ(read.state.missing, reply.state.missing);
    EXPECT_EQ(read.state.running_slot, kNoSlot);
    EXPECT_EQ(read.state.on_trial, reply.state.on_trial);
    EXPECT_EQ(read.state.update_active, reply.state.update_active);
    EXPECT_EQ(read.state.recovery, reply.state.recovery);
    EXPECT_EQ(device.trial_boot, 9) << "only hello tells of the device";
  }
}

TEST(SerialReply, TooShortOrNewer) {
  for (const SerialVerb verb : {SerialVerb::hello, SerialVerb::data}) {
    ByteVector body = written(sample_reply(verb));
    const auto need = static_cast<std::uint32_t>(body.size());
    SerialReply reply;
    SerialDevice device;
    for (std::uint32_t size = 8; size < need; ++size) {
      EXPECT_EQ(read_serial_reply(Bytes{body}.first(size), reply, device),
                (Event{Status::serial_bad_reply, {static_cast<std::uint32_t>(verb), size, need}}));
      EXPECT_EQ(reply.sequence, 0x0A0B0C0DU);
    }
    body[1] = std::byte{2};
    EXPECT_EQ(read_serial_reply(Bytes{body}.first(8), reply, device), (Event{Status::serial_version, {2, 1, 0}}));
    EXPECT_EQ(reply.sequence, 0x0A0B0C0DU);
  }
}

}  // namespace
}  // namespace dualbank
