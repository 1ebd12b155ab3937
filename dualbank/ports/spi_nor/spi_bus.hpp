// What a driver of a serial flash asks of a board: a chip select, and bytes out and in.
#pragma once

#include "dualbank/formats/bytes.hpp"

namespace dualbank::ports {

/// One chip on an SPI bus: mode 0 (or 3), most significant bit first, one line each way. A controller that lowers the
/// chip select by itself for each byte is of no use; take a plain pin then. Both calls return when it is done.
///
/// The destructor is protected and not virtual: nothing is deleted through this class.
class SpiBus {
 public:
  /// Chip select: true starts a command, false ends it. A program or an erase begins when it ends. False twice is fine.
  virtual void select(bool active) = 0;
  /// Sends `out`, what comes back meanwhile is dropped; then clocks `in.size()` bytes in while it sends zeros. A
  /// command may take several calls. With no chip selected it does the same and so passes time.
  virtual void transfer(Bytes out, MutableBytes in) = 0;

 protected:
  ~SpiBus() = default;
};

}  // namespace dualbank::ports
