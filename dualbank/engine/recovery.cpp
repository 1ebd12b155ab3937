#include "dualbank/engine/recovery.hpp"

#include <algorithm>

#include "dualbank/engine/flash_ops.hpp"

namespace dualbank {
namespace {

constexpr std::size_t kPieceUnit = 64;

}  // namespace

Recovery::Recovery(Flash& flash, const Layout& layout, const BootSettings& settings, MutableBytes room)
    : flash_(flash),
      settings_(settings),
      slot_(layout.slots[0]),
      in_(room.subspan(serial_framed_bytes(kSerialHelloBytes))),
      out_(room.first(serial_framed_bytes(kSerialHelloBytes))),
      reader_(in_) {}

Bytes Recovery::take(std::byte from_line) {
  const Bytes body = reader_.take(from_line);
  if (!is_serial_request(body)) return {};
  SerialRequest request;
  Event event = read_serial_request(body, request);
  if (!event.failed()) event = perform(request);
  // What the encoding adds is less than a 128th: small cores divide by no other number.
  const std::size_t piece = in_.size() - serial_encoded_bytes(0) - in_.size() / 128 - kSerialDataHeadBytes;
  const SerialDevice device{.name = {"bootloader"},
                            .chip_id = settings_.chip_id,
                            .largest_piece_bytes = static_cast<std::uint16_t>(piece / kPieceUnit * kPieceUnit),
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
  if (request.verb == SerialVerb::data) return request.offset == written_ ? write(request.bytes) : kDone;
  if (request.verb == SerialVerb::switch_slot) {
    const Event e = check_bootable(flash_, slot_, settings_, in_);
    return e.failed() ? e : Event{Status::switched};
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
  if (request.length_bytes != length_ || !std::ranges::equal(request.identity, identity_)) written_ = 0;
  length_ = request.length_bytes;
  std::ranges::copy(request.identity, identity_.begin());
  return {Status::update_begun};
}

Event Recovery::write(Bytes bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  if (length_ == 0) return {Status::no_update};
  if (size > length_ - written_) return {Status::beyond_length, {size, written_, length_}};
  const Event done{Status::bytes_written, {size, written_, 0}};
  const std::uint32_t sector_bytes = flash_.geometry().sector_bytes();
  while (!bytes.empty()) {
    const std::uint32_t address = slot_.offset + written_;
    const std::uint32_t within = written_ & (sector_bytes - 1);
    const Bytes piece = bytes.first(std::min<std::size_t>(bytes.size(), sector_bytes - within));
    Event e = within == 0 ? erase_sector(flash_, address) : kDone;
    if (!e.failed()) e = program_bytes(flash_, address, piece);
    if (e.failed()) {
      written_ = 0;
      return e;
    }
    written_ += static_cast<std::uint32_t>(piece.size());
    bytes = bytes.subspan(piece.size());
  }
  return done;
}

}  // namespace dualbank
