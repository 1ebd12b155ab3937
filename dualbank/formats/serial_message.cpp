#include "dualbank/formats/serial_message.hpp"

#include <algorithm>

namespace dualbank {
namespace {

constexpr std::uint8_t kRequestMark = 0xDB;
constexpr std::uint8_t kReplyMark = 0xBD;
constexpr std::size_t kHeadBytes = 8;

enum Flag : std::uint8_t { kOnTrial = 1, kUpdateActive = 2, kRecovery = 4 };

constexpr std::uint32_t number_of(SerialVerb verb) { return static_cast<std::uint32_t>(verb); }

/// The fewest bytes of a request; 0: no such verb.
std::size_t least_bytes(SerialVerb verb) {
  switch (verb) {
    case SerialVerb::begin:
      return kSerialBeginBytes;
    case SerialVerb::data:
      return kSerialDataHeadBytes + 1;
    case SerialVerb::missing:
      return kSerialDataHeadBytes;
    case SerialVerb::hello:
    case SerialVerb::switch_slot:
    case SerialVerb::confirm:
    case SerialVerb::fail:
    case SerialVerb::rollback:
    case SerialVerb::status:
    case SerialVerb::reset:
    case SerialVerb::abandon:
      return kHeadBytes;
  }
  return 0;
}

void write_head(MutableBytes body, std::uint8_t mark, std::uint8_t version, SerialVerb verb, std::uint32_t sequence) {
  store_u8(body, 0, mark);
  store_u8(body, 1, version);
  store_u8(body, 2, static_cast<std::uint8_t>(verb));
  store_u8(body, 3, 0);
  store_u32(body, 4, sequence);
}

SlotIndex load_slot(Bytes body, std::size_t offset) { return static_cast<SlotIndex>(load_u8(body, offset)); }

void store_slot(MutableBytes body, std::size_t offset, SlotIndex slot) {
  store_u8(body, offset, static_cast<std::uint8_t>(slot));
}

SerialState read_state(Bytes body) {
  const std::uint8_t flags = load_u8(body, 35);
  return {.missing = {load_u32(body, 20), load_u32(body, 24)},
          .update_length_bytes = load_u32(body, 28),
          .running_slot = load_slot(body, 32),
          .boot_slot = load_slot(body, 33),
          .next_update_slot = load_slot(body, 34),
          .on_trial = (flags & kOnTrial) != 0,
          .update_active = (flags & kUpdateActive) != 0,
          .recovery = (flags & kRecovery) != 0,
          .answered = load_u32(body, 36),
          .dropped = load_u32(body, 40)};
}

void write_state(const SerialState& state, MutableBytes body) {
  store_u32(body, 20, state.missing.from);
  store_u32(body, 24, state.missing.to);
  store_u32(body, 28, state.update_length_bytes);
  store_slot(body, 32, state.running_slot);
  store_slot(body, 33, state.boot_slot);
  store_slot(body, 34, state.next_update_slot);
  store_u8(body, 35,
           static_cast<std::uint8_t>((state.on_trial ? kOnTrial : 0) | (state.update_active ? kUpdateActive : 0) |
                                     (state.recovery ? kRecovery : 0)));
  store_u32(body, 36, state.answered);
  store_u32(body, 40, state.dropped);
}

void read_text(Bytes body, std::size_t offset, std::array<char, 32>& text) {
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(load_u8(body, offset + i));
}

void write_text(const std::array<char, 32>& text, MutableBytes body, std::size_t offset) {
  for (std::size_t i = 0; i < text.size(); ++i) store_u8(body, offset + i, static_cast<std::uint8_t>(text[i]));
}

void read_device(Bytes body, SerialDevice& device) {
  device.chip_id = load_u16(body, 44);
  device.largest_piece_bytes = load_u16(body, 46);
  device.slot_offset = load_u32(body, 48);
  device.slot_size_bytes = load_u32(body, 52);
  device.boot_reason = load_u8(body, 56);
  device.trial_boot = load_u8(body, 57);
  read_text(body, 60, device.name);
  read_text(body, 92, device.version);
}

void write_device(const SerialDevice& device, MutableBytes body) {
  store_u16(body, 44, device.chip_id);
  store_u16(body, 46, device.largest_piece_bytes);
  store_u32(body, 48, device.slot_offset);
  store_u32(body, 52, device.slot_size_bytes);
  store_u8(body, 56, device.boot_reason);
  store_u8(body, 57, device.trial_boot);
  store_u16(body, 58, 0);
  write_text(device.name, body, 60);
  write_text(device.version, body, 92);
}

}  // namespace

bool is_serial_request(Bytes body) { return body.size() >= kHeadBytes && load_u8(body, 0) == kRequestMark; }

bool is_serial_reply(Bytes body) { return body.size() >= kHeadBytes && load_u8(body, 0) == kReplyMark; }

Event read_serial_request(Bytes body, SerialRequest& request) {
  request = {
      .version = load_u8(body, 1), .verb = static_cast<SerialVerb>(load_u8(body, 2)), .sequence = load_u32(body, 4)};
  if (request.version != kSerialVersion) return {Status::serial_version, {request.version, kSerialVersion}};
  const std::size_t need = least_bytes(request.verb);
  if (need == 0 || body.size() < need) {
    return {Status::serial_bad_request, {number_of(request.verb), static_cast<std::uint32_t>(body.size())}};
  }
  switch (request.verb) {
    case SerialVerb::begin:
      request.length_bytes = load_u32(body, 8);
      request.identity = body.subspan(kSerialDataHeadBytes, kSerialIdentityBytes);
      request.bytes = body.subspan(kSerialDataHeadBytes + kSerialIdentityBytes, kSerialHeaderBytes);
      break;
    case SerialVerb::data:
      request.offset = load_u32(body, 8);
      request.bytes = body.subspan(kSerialDataHeadBytes);
      break;
    case SerialVerb::missing:
      request.offset = load_u32(body, 8);
      break;
    default:
      break;
  }
  return {};
}

Event read_serial_reply(Bytes body, SerialReply& reply, SerialDevice& device) {
  reply = {.version = load_u8(body, 1),
           .verb = static_cast<SerialVerb>(load_u8(body, 2)),
           .sequence = load_u32(body, 4),
           .event = {static_cast<Status>(load_u8(body, 3)), {}}};
  if (reply.version != kSerialVersion) return {Status::serial_version, {reply.version, kSerialVersion}};
  const bool hello = reply.verb == SerialVerb::hello;
  const std::size_t need = hello ? kSerialHelloBytes : kSerialReplyBytes;
  if (body.size() < need) {
    return {Status::serial_bad_reply,
            {number_of(reply.verb), static_cast<std::uint32_t>(body.size()), static_cast<std::uint32_t>(need)}};
  }
  for (std::size_t i = 0; i < reply.event.values.size(); ++i) reply.event.values[i] = load_u32(body, 8 + 4 * i);
  reply.state = read_state(body);
  if (hello) read_device(body, device);
  return {};
}

Bytes write_serial_request(const SerialRequest& request, MutableBytes body) {
  write_head(body, kRequestMark, request.version, request.verb, request.sequence);
  std::size_t used = kHeadBytes;
  const auto append = [&](Bytes bytes) {
    std::copy(bytes.begin(), bytes.end(), body.begin() + static_cast<std::ptrdiff_t>(used));
    used += bytes.size();
  };
  switch (request.verb) {
    case SerialVerb::begin:
    case SerialVerb::data:
    case SerialVerb::missing:
      store_u32(body, used, request.verb == SerialVerb::begin ? request.length_bytes : request.offset);
      used += 4;
      append(request.identity);
      append(request.bytes);
      break;
    default:
      break;
  }
  return body.first(used);
}

Bytes write_serial_reply(const SerialReply& reply, const SerialDevice& device, MutableBytes body) {
  write_head(body, kReplyMark, reply.version, reply.verb, reply.sequence);
  store_u8(body, 3, static_cast<std::uint8_t>(reply.event.code));
  for (std::size_t i = 0; i < reply.event.values.size(); ++i) store_u32(body, 8 + 4 * i, reply.event.values[i]);
  write_state(reply.state, body);
  if (reply.verb != SerialVerb::hello) return body.first(kSerialReplyBytes);
  write_device(device, body);
  return body.first(kSerialHelloBytes);
}

}  // namespace dualbank
