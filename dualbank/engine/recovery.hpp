// What a bootloader does when no slot holds an image that boots: it takes one over a serial line. The same requests as
// of SerialServer, as far as they make sense without boot records, in as little code as can be.
#pragma once

#include <array>
#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/image_check.hpp"
#include "dualbank/engine/layout.hpp"
#include "dualbank/formats/app_image.hpp"
#include "dualbank/formats/serial_frame.hpp"
#include "dualbank/formats/serial_message.hpp"

namespace dualbank {

/// Pieces are written in steps of so many.
inline constexpr std::size_t kRecoveryStepBytes = 64;

/// The least room that Recovery works in. Pieces are as long as the rest of it allows; 4 KiB are brisk, 64 KiB the
/// most.
inline constexpr std::size_t kRecoveryBytes =
    serial_encoded_bytes(kSerialBeginBytes) + serial_framed_bytes(kSerialHelloBytes) + kRecoveryStepBytes;

/// Writes ota_0, in order from its start, sector by sector; which bytes are there is known until the next reset. No
/// record is written: where the slot that the records name holds no good image the bootloader starts another one.
///
/// | request                | does                                           | reply beside the state             |
/// |------------------------|------------------------------------------------|------------------------------------|
/// | hello, status, missing | nothing                                        | ok                                 |
/// | begin                  | goes on with the same image, or starts anew    | update_begun, beyond_slot          |
/// | data                   | erases, writes and reads back; not at the next | bytes_written; no_update,          |
/// |                        | missing byte: nothing                          | beyond_length, errors of the flash |
/// | switch_slot            | checks the image as the bootloader will        | switched; errors of `images`       |
/// | reset                  | asks for a reset                               | ok                                 |
/// | all others             | nothing                                        | serial_bad_request                 |
///
/// Of a piece that is not the last one it takes whole 64 bytes: which are missing then says the reply.
/// A request that comes twice does nothing the second time, so that nobody keeps the replies.
/// An error of the flash makes the host send all of the image again.
class Recovery {
 public:
  /// `images`: whether one would boot. `chip_id`: which ones fit, to tell the host. `room`: kRecoveryBytes to 64 KiB.
  /// Precondition: the layout has an OTA slot.
  Recovery(Flash& flash, const Layout& layout, ImageCheck& images, std::uint16_t chip_id, MutableBytes room);

  /// As SerialServer::take.
  [[nodiscard]] Bytes take(std::byte from_line);
  /// True after the reply to a request for a reset.
  [[nodiscard]] bool reset_asked() const { return reset_; }

 private:
  [[nodiscard]] Event perform(const SerialRequest& request);
  [[nodiscard]] Event begin(const SerialRequest& request);
  [[nodiscard]] Event write(std::uint32_t size);

  Flash& flash_;
  ImageCheck& images_;
  Extent slot_;
  std::uint16_t chip_id_;
  MutableBytes in_;
  MutableBytes out_;
  SerialFrameReader reader_;
  std::uint32_t answered_ = 0;
  std::uint32_t length_ = 0;   // 0: no update
  std::uint32_t written_ = 0;  // all bytes before it are in the slot
  std::array<std::byte, kSerialIdentityBytes> identity_{};
  bool reset_ = false;
};

}  // namespace dualbank
