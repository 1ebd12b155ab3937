#include "dualbank/engine/serial_server.hpp"

#include <algorithm>
#include <array>

namespace dualbank {
namespace {

static_assert(kSerialHeaderBytes == kImageStartBytes);

/// Errors after which an Updater is opened again.
bool asks_for_open(Status code) {
  return (code >= Status::flash_read_failed && code <= Status::power_lost) || code == Status::journal_full;
}

/// The most data that frames of so many encoded bytes carry.
std::uint16_t largest_piece(std::size_t room_bytes) {
  std::size_t body = room_bytes - serial_encoded_bytes(0);
  for (std::size_t left = room_bytes; left >= 255; left -= 255) --body;  // a core without a divider has no "/ 255"
  const std::size_t piece = (body - kSerialDataHeadBytes) / kSerialPieceUnit * kSerialPieceUnit;
  return static_cast<std::uint16_t>(std::min<std::size_t>(piece, 0x8000));
}

}  // namespace

Bytes SerialServer::take(std::byte from_line) {
  const Bytes body = reader_.take(from_line);
  if (body.empty()) return {};
  if (is_serial_request(body)) return answer(body);
  ++strangers_;
  return {};
}

bool SerialServer::reset_asked() {
  const bool asked = reset_;
  reset_ = false;
  return asked;
}

Bytes SerialServer::answer(Bytes body) {
  SerialRequest request;
  Event event = read_serial_request(body, request);
  if (!last_reply_.empty() && request.sequence == last_sequence_) return last_reply_;
  if (!event.failed()) event = perform(request);
  reopen_ = reopen_ || asks_for_open(event.code);
  std::array<std::byte, kSerialHelloBytes> reply{};
  const Bytes written = write_serial_reply(
      {.verb = request.verb, .sequence = request.sequence, .event = event, .state = state(request)}, device(), reply);
  last_reply_ = write_serial_frame(written, out_);
  last_sequence_ = request.sequence;
  ++answered_;
  return last_reply_;
}

Event SerialServer::perform(const SerialRequest& request) {
  Status status = Status::ok;
  switch (request.verb) {
    case SerialVerb::begin:
      return begin(request);
    case SerialVerb::data:
      status = updater_->flash(request.bytes, request.offset);
      break;
    case SerialVerb::switch_slot:
      status = updater_->switch_slot();
      break;
    case SerialVerb::confirm:
      status = updater_->confirm();
      break;
    case SerialVerb::rollback:
    case SerialVerb::fail:
      status = updater_->rollback();
      reset_ = status == Status::ok && request.verb == SerialVerb::fail;
      break;
    case SerialVerb::reset:
      status = updater_->pause();
      reset_ = true;
      return status == Status::ok ? Event{} : updater_->last_event();
    case SerialVerb::abandon:
      status = updater_->abandon();
      break;
    case SerialVerb::hello:
    case SerialVerb::missing:
    case SerialVerb::status:
      return {};
  }
  return updater_->last_event();
}

Event SerialServer::begin(const SerialRequest& request) {
  if (reopen_ && updater_->open() != Status::ok) return updater_->last_event();
  reopen_ = false;
  static_cast<void>(
      updater_->begin({.identity = request.identity, .length_bytes = request.length_bytes, .header = request.bytes}));
  return updater_->last_event();
}

SerialState SerialServer::state(const SerialRequest& request) const {
  const UpdaterState& now = updater_->status();
  return {.missing = updater_->next_missing(request.verb == SerialVerb::missing ? request.offset : 0),
          .update_length_bytes = now.update_active ? now.update_length_bytes : kUnknownLength,
          .running_slot = now.running_slot,
          .boot_slot = now.boot_slot,
          .next_update_slot = now.update_active ? now.update_slot : now.next_update_slot,
          .on_trial = now.on_trial,
          .update_active = now.update_active,
          .answered = answered_,
          .dropped = reader_.dropped() + strangers_};
}

SerialDevice SerialServer::device() const {
  SerialDevice device = about_;
  const UpdaterState& now = updater_->status();
  const Extent slot = updater_->layout().extent_of(now.update_active ? now.update_slot : now.next_update_slot);
  device.chip_id = updater_->chip_id();
  device.largest_piece_bytes = largest_piece(reader_.room_bytes());
  device.slot_offset = slot.offset;
  device.slot_size_bytes = slot.size_bytes;
  return device;
}

}  // namespace dualbank
