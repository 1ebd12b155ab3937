// What a host asks a device over a serial line, and what the device answers: the bodies of frames, every field by
// offset, little endian. docs/SERIAL.md, "Requests" and "Replies".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dualbank/formats/bytes.hpp"
#include "dualbank/formats/chip.hpp"
#include "dualbank/formats/slot_index.hpp"
#include "dualbank/formats/status.hpp"

namespace dualbank {

inline constexpr std::uint8_t kSerialVersion = 1;

/// Numbers stand on the line and never change.
enum class SerialVerb : std::uint8_t {
  hello = 1,    ///< who are you?
  begin,        ///< an update starts, or goes on
  data,         ///< bytes of the image
  missing,      ///< the first missing range at or after `offset`
  switch_slot,  ///< check the new image and make it boot next
  confirm,      ///< the running image stays
  fail,         ///< the running image has failed: go back and reset
  rollback,     ///< make the other good image boot next
  status,       ///< how do you stand?
  reset,        ///< reset after the reply
  abandon,      ///< give up the update under way
};
inline constexpr SerialVerb kLastSerialVerb = SerialVerb::abandon;

inline constexpr std::size_t kSerialIdentityBytes = 32;
inline constexpr std::size_t kSerialHeaderBytes = 288;  ///< of an image: kImageStartBytes
inline constexpr std::size_t kSerialDataHeadBytes = 12;
/// The longest request that is no piece of data.
inline constexpr std::size_t kSerialBeginBytes = kSerialDataHeadBytes + kSerialIdentityBytes + kSerialHeaderBytes;
inline constexpr std::size_t kSerialReplyBytes = 44;
inline constexpr std::size_t kSerialHelloBytes = 124;

/// What a verb does not use is not sent and read as all zero.
struct SerialRequest {
  std::uint8_t version = kSerialVersion;
  SerialVerb verb = SerialVerb::hello;
  /// Names the request: its reply has the same one. A request with the number of the one before it is that one again.
  std::uint32_t sequence = 0;
  std::uint32_t offset = 0;        ///< data: of the first byte in the image; missing: from where on
  std::uint32_t length_bytes = 0;  ///< begin: of the image
  Bytes identity{};                ///< begin: kSerialIdentityBytes, the image's SHA-256
  Bytes bytes{};                   ///< begin: the image's first kSerialHeaderBytes; data: one byte or more
};

/// How a device stands. In every reply.
struct SerialState {
  Range missing{};  ///< the first one, of `missing` requests at or after their offset; empty: nothing is missing
  std::uint32_t update_length_bytes = 0xFFFF'FFFF;  ///< all ones: no update, or its length is not known
  SlotIndex running_slot = kNoSlot;
  SlotIndex boot_slot = kNoSlot;         ///< what the boot records name
  SlotIndex next_update_slot = kNoSlot;  ///< while an update is under way: the one that it writes
  bool on_trial = false;                 ///< what runs is not confirmed
  bool update_active = false;
  bool recovery = false;       ///< a bootloader answers, as no slot is good: it knows hello to switch, status and reset
  std::uint32_t answered = 0;  ///< requests answered since the boot, without this one: fewer than before is a new boot
  std::uint32_t dropped = 0;   ///< SerialFrameReader::dropped()
};

/// Who a device is. What the application says of itself comes first.
struct SerialDevice {
  std::array<char, 32> name{};  ///< NUL-padded
  std::array<char, 32> version{};
  std::uint8_t boot_reason = 0xFF;  ///< the number of a BootReason; all ones: not known
  std::uint8_t trial_boot = 0;      ///< which boot on trial this is, from 1; 0: none
  std::uint16_t chip_id = kAnyChip;
  std::uint16_t largest_piece_bytes = 0;  ///< of one `data`
  std::uint32_t slot_offset = 0;          ///< of the slot that takes the update
  std::uint32_t slot_size_bytes = 0;
};

struct SerialReply {
  std::uint8_t version = kSerialVersion;
  SerialVerb verb = SerialVerb::hello;
  std::uint32_t sequence = 0;
  Event event{};  ///< what came of the request
  SerialState state{};
};

/// Whether a frame's body is a request, or a reply, of this protocol in any version.
[[nodiscard]] bool is_serial_request(Bytes body);
[[nodiscard]] bool is_serial_reply(Bytes body);

/// Precondition: is_serial_request(). Version, verb and sequence are there also on an error. `identity` and `bytes` lie
/// in the body. Errors: serial_version; serial_bad_request (an unknown verb, or too few bytes for it).
[[nodiscard]] Event read_serial_request(Bytes body, SerialRequest& request);

/// Precondition: is_serial_reply(). Version, verb and sequence are there also on an error. `device` is read from the
/// reply to a hello, else left alone. Errors: serial_version; serial_bad_reply (too few bytes).
[[nodiscard]] Event read_serial_reply(Bytes body, SerialReply& reply, SerialDevice& device);

/// The body of a request. Precondition: room for kSerialBeginBytes, or for kSerialDataHeadBytes and the data.
[[nodiscard]] Bytes write_serial_request(const SerialRequest& request, MutableBytes body);

/// The body of a reply. Precondition: room for kSerialHelloBytes.
[[nodiscard]] Bytes write_serial_reply(const SerialReply& reply, const SerialDevice& device, MutableBytes body);

}  // namespace dualbank
