#include "dualbank/engine/recovery.hpp"

#include <cstring>

#include "dualbank/engine/flash_ops.hpp"

namespace dualbank {
namespace {

constexpr std::uint32_t kStepBytes = kRecoveryStepBytes;
static_assert(kStepBytes <= kMostChecked);

}  // namespace

Recovery::Recovery(Flash& flash, const Layout& layout, ImageCheck& images, std::uint16_t chip_id, MutableBytes room)
    : flash_(flash),
      images_(images),
      slot_(layout.slots[0]),
      chip_id_(chip_id),
      in_(room.subspan(serial_framed_bytes(kSerialHelloBytes))),
      out_(room.first(serial_framed_bytes(kSerialHelloBytes))),
      reader_(in_.first(in_.size() - kStepBytes)) {}  // behind the longest piece there is room to fill it up

Bytes Recovery::take(std::byte from_line) {
  const Bytes body = reader_.take(from_line);
  if (!is_serial_request(body)) return {};
  SerialRequest request;
  Event event = read_serial_request(body, request);
  if (!event.failed()) event = perform(request);
  // What the encoding adds is less than a 128th: small cores divide by no other number.
  const std::size_t piece = in_.size() - serial_encoded_bytes(0) - in_.size() / 128 - kSerialDataHeadBytes - kStepBytes;
  const SerialDevice device{.name = {"bootloader"},
                            .chip_id = chip_id_,
                            .largest_piece_bytes = static_cast<std::uint16_t>(piece & ~(kStepBytes - 1)),
                            .slot_offset = slot_.offset,
                            .slot_size_bytes = slot_.size_bytes};
  const bool active = length_ != 0;
  const SerialState state{.missing = {written_, active ? length_ : slot_.size_bytes},
                          .update_length_bytes = active ? length_ : kUnknownLength,
                          .next_update_slot = 0,
                          .update_active = active,
                          .recovery = true,
                          .answered = answered_++,
                          .dropped = reader_.dropped()};
  std::array<std::byte, kSerialHelloBytes> reply;
  return write_serial_frame(
      write_serial_reply({.verb = request.verb, .sequence = request.sequence, .event = event, .state = state}, device,
                         reply),
      out_);
}

Event Recovery::perform(const SerialRequest& request) {
  if (request.verb == SerialVerb::begin) return begin(request);
  if (request.verb == SerialVerb::data)
    return request.offset == written_ ? write(static_cast<std::uint32_t>(request.bytes.size())) : kDone;
  if (request.verb == SerialVerb::switch_slot) {
    const Status s = images_.check(slot_, in_);
    return s == Status::ok ? Event{Status::switched} : Event{s, images_.why().values};
  }
  if (request.verb == SerialVerb::hello || request.verb == SerialVerb::status || request.verb == SerialVerb::missing) {
    return kDone;
  }
  reset_ = request.verb == SerialVerb::reset;
  return reset_ ? kDone : Event{Status::serial_bad_request, {static_cast<std::uint32_t>(request.verb), 0, 0}};
}

Event Recovery::begin(const SerialRequest& request) {
  if (request.length_bytes > slot_.size_bytes) {
    return {Status::beyond_slot, {request.length_bytes, 0, slot_.size_bytes}};
  }
  if (request.length_bytes != length_ || std::memcmp(request.identity.data(), identity_.data(), identity_.size()) != 0)
    written_ = 0;
  length_ = request.length_bytes;
  std::memcpy(identity_.data(), request.identity.data(), identity_.size());
  return {Status::update_begun};
}

// The piece lies in `in_`, behind the request's head; what follows it is filled up to whole steps.
Event Recovery::write(std::uint32_t size) {
  const std::uint32_t left = length_ - written_;
  if (length_ == 0) return {Status::no_update};
  if (size > left) return {Status::beyond_length, {size, written_, length_}};
  if (size < left) size &= ~(kStepBytes - 1);
  const Geometry& geometry = flash_.geometry();
  MutableBytes bytes = in_.subspan(kSerialDataHeadBytes);
  for (std::uint32_t i = 0; i < kStepBytes; ++i) bytes[size + i] = geometry.erased;
  const std::uint32_t end = written_ + size;
  const Event done{Status::bytes_written, {size, written_, 0}};
  const std::uint32_t step = geometry.page_bytes < kStepBytes ? geometry.page_bytes : kStepBytes;
  for (; written_ < end; written_ += step) {
    const std::uint32_t address = slot_.offset + written_;
    const std::uint32_t sector_bytes = geometry.sector_bytes();
    Status s = (written_ & (sector_bytes - 1)) == 0 ? flash_.erase(address, sector_bytes) : Status::ok;
    if (s == Status::ok) s = program_checked(flash_, address, bytes.first(step));
    if (s != Status::ok) {
      written_ = 0;
      return {s, {step, address, 0}};
    }
    bytes = bytes.subspan(step);
  }
  written_ = end;
  return done;
}

}  // namespace dualbank
