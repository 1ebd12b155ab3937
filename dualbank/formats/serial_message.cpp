#include "dualbank/formats/serial_message.hpp"

#include <algorithm>

namespace dualbank {
namespace {

constexpr std::uint8_t kRequestMark = 0xDB;
constexpr std::uint8_t kReplyMark = 0xBD;
constexpr std::size_t kHeadBytes = 8;

constexpr std::uint32_t kOnTrial = 1;
constexpr std::uint32_t kUpdateActive = 2;
constexpr std::uint32_t kRecovery = 4;

constexpr std::uint32_t number_of(SerialVerb verb) { return static_cast<std::uint32_t>(verb); }

bool starts_with_a_number(SerialVerb verb) {
  return verb == SerialVerb::begin || verb == SerialVerb::data || verb == SerialVerb::missing;
}

/// The fewest bytes of a request; 0: no such verb.
std::size_t least_bytes(SerialVerb verb) {
  if (verb == SerialVerb::begin) return kSerialBeginBytes;
  if (verb == SerialVerb::data) return kSerialDataHeadBytes + 1;
  if (verb == SerialVerb::missing) return kSerialDataHeadBytes;
  return number_of(verb) - 1 < number_of(kLastSerialVerb) ? kHeadBytes : 0;
}

void write_head(MutableBytes body, std::uint8_t mark, std::uint8_t version, SerialVerb verb, std::uint32_t sequence) {
  store_u8(body, 0, mark);
  store_u8(body, 1, version);
  store_u8(body, 2, static_cast<std::uint8_t>(verb));
  store_u8(body, 3, 0);
  store_u32(body, 4, sequence);
}

SlotIndex load_slot(Bytes body, std::size_t offset) { return static_cast<SlotIndex>(load_u8(body, offset)); }

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

constexpr std::uint32_t word_of(SlotIndex slot, unsigned byte) {
  return static_cast<std::uint32_t>(static_cast<std::uint8_t>(slot)) << (8 * byte);
}

void write_state(const SerialState& state, MutableBytes body) {
  const std::uint32_t flags =
      (state.on_trial ? kOnTrial : 0) | (state.update_active ? kUpdateActive : 0) | (state.recovery ? kRecovery : 0);
  const std::uint32_t places =
      word_of(state.running_slot, 0) | word_of(state.boot_slot, 1) | word_of(state.next_update_slot, 2) | flags << 24;
  const std::array words{state.missing.from, state.missing.to, state.update_length_bytes, places,
                         state.answered,     state.dropped};
  store_words(body, 20, words);
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
  const std::array words{
      static_cast<std::uint32_t>(device.chip_id) | static_cast<std::uint32_t>(device.largest_piece_bytes) << 16,
      device.slot_offset, device.slot_size_bytes,
      static_cast<std::uint32_t>(device.boot_reason) | static_cast<std::uint32_t>(device.trial_boot) << 8};
  store_words(body, 44, words);
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
  if (!starts_with_a_number(request.verb)) return {};
  const std::uint32_t number = load_u32(body, kHeadBytes);
  if (request.verb == SerialVerb::begin) {
    request.length_bytes = number;
    request.identity = body.subspan(kSerialDataHeadBytes, kSerialIdentityBytes);
    request.bytes = body.subspan(kSerialDataHeadBytes + kSerialIdentityBytes, kSerialHeaderBytes);
  } else {
    request.offset = number;
    if (request.verb == SerialVerb::data) request.bytes = body.subspan(kSerialDataHeadBytes);
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
  if (starts_with_a_number(request.verb)) {
    store_u32(body, used, request.verb == SerialVerb::begin ? request.length_bytes : request.offset);
    used += 4;
    append(request.identity);
    append(request.bytes);
  }
  return body.first(used);
}

Bytes write_serial_reply(const SerialReply& reply, const SerialDevice& device, MutableBytes body) {
  write_head(body, kReplyMark, reply.version, reply.verb, reply.sequence);
  store_u8(body, 3, static_cast<std::uint8_t>(reply.event.code));
  store_words(body, 8, reply.event.values);
  write_state(reply.state, body);
  if (reply.verb != SerialVerb::hello) return body.first(kSerialReplyBytes);
  write_device(device, body);
  return body.first(kSerialHelloBytes);
}

}  // namespace dualbank
