// The device's side of an update over a serial line: bytes in, replies out, an Updater between them. It waits for
// nothing and has no idea of the line: the application gives it each byte that comes and sends what it returns.
//
//     for (;;) {
//       const Bytes reply = server.take(uart.read());
//       uart.write(reply);
//       if (server.reset_asked()) restart();
//     }
//
// The protocol byte by byte: docs/SERIAL.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dualbank/engine/updater.hpp"
#include "dualbank/formats/serial_frame.hpp"
#include "dualbank/formats/serial_message.hpp"

namespace dualbank {

inline constexpr std::uint32_t kSerialPieceUnit = 64;  ///< pieces are whole multiples of it, but for the last one

/// Room for what comes in, for pieces of 1 KiB: fewer cost less memory and more time.
inline constexpr std::size_t kSerialInBytes = serial_encoded_bytes(kSerialDataHeadBytes + 1024);
/// The least room for what comes in, and the room for what goes out.
inline constexpr std::size_t kSerialLeastInBytes = serial_encoded_bytes(kSerialBeginBytes);
inline constexpr std::size_t kSerialOutBytes = serial_framed_bytes(kSerialHelloBytes);

/// What each request does, and its reply (status code and values are those of the Updater's last event):
///
/// | request     | does                                         | reply beside the state                            |
/// |-------------|----------------------------------------------|---------------------------------------------------|
/// | hello       | nothing                                      | ok; who the device is                             |
/// | begin       | Updater::begin                               | update_begun, update_resumed; its errors          |
/// | data        | Updater::flash                               | bytes_written; its errors                         |
/// | missing     | nothing                                      | ok; the first missing range from `offset` on      |
/// | switch_slot | Updater::switch_slot                         | switched, already_switched; its errors            |
/// | confirm     | Updater::confirm                             | confirmed; its errors                             |
/// | rollback    | Updater::rollback                            | rolled_back, rollback_by_reset; its errors        |
/// | fail        | Updater::rollback; when ok, asks for a reset | the same                                          |
/// | status      | nothing                                      | ok                                                |
/// | reset       | Updater::pause, asks for a reset             | ok; the errors of pause, which stop no reset      |
/// | abandon     | Updater::abandon                             | abandoned; its errors                             |
///
/// A request with the sequence number of the one before it is answered with the same bytes and not done again. Requests
/// of another protocol version and unknown ones get serial_version and serial_bad_request, and nothing is done. What is
/// no whole frame with a right CRC, or no request, is dropped and counted, and reaches neither updater nor flash.
class SerialServer {
 public:
  /// Preconditions: `updater` is open whenever take() is called; `in` has at least kSerialLeastInBytes, `out`
  /// kSerialOutBytes, and nobody else writes to them; all outlive the server. Of `about` the application gives name,
  /// version, boot_reason and trial_boot; the server adds the rest.
  constexpr SerialServer(Updater& updater, const SerialDevice& about, MutableBytes in, MutableBytes out)
      : updater_(&updater), about_(about), reader_(in), out_(out) {}

  /// Takes a byte from the line. Returns a reply to send; empty: none is due. It takes as long as the Updater's call
  /// does. The reply lies in `out` until the next one.
  [[nodiscard]] Bytes take(std::byte from_line);

  /// True once after the reply to a request that ends in a reset: send the reply, then reset.
  [[nodiscard]] bool reset_asked();

 private:
  [[nodiscard]] Bytes answer(Bytes body);
  [[nodiscard]] Event perform(const SerialRequest& request);
  [[nodiscard]] Event begin(const SerialRequest& request);
  [[nodiscard]] SerialState state(const SerialRequest& request) const;
  [[nodiscard]] SerialDevice device() const;

  Updater* updater_;
  SerialDevice about_;
  SerialFrameReader reader_;
  MutableBytes out_;
  Bytes last_reply_{};
  std::uint32_t last_sequence_ = 0;
  std::uint32_t answered_ = 0;
  std::uint32_t strangers_ = 0;  // frames that are no requests
  bool reset_ = false;
  bool reopen_ = false;  // the updater's last error is of those that ask for open()
};

}  // namespace dualbank
