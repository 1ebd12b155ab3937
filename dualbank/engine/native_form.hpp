// Where boot records and journal are kept on a flash that cannot hold the ESP form: the parts of BootSectors and
// Session that differ. The one implementation is `kNativeRecords`; it is linked only where it is named.
#pragma once

#include <cstdint>

#include "dualbank/engine/flash.hpp"
#include "dualbank/engine/flash_ops.hpp"
#include "dualbank/formats/journal.hpp"
#include "dualbank/formats/otadata.hpp"

namespace dualbank {

class BootSectors;
class Received;
class Session;

/// A vendor's record fits: both in erase units of their own, 4 KiB apart, and what it is made of programmed apart.
[[nodiscard]] constexpr bool fits_esp_records(const Geometry& g) {
  constexpr std::uint8_t kLargestWriteUnitBytes = 4;
  return g.is_sound() && g.sector_bytes() <= kOtadataSectorBytes && g.write_unit_bytes <= kLargestWriteUnitBytes &&
         g.can_reprogram && g.erased == std::byte{0xFF};
}

/// And it can be kept safe there, in the ESP form: a record without a state is one program.
[[nodiscard]] constexpr bool keeps_esp_records(const Geometry& g) {
  return fits_esp_records(g) && g.page_bytes >= kBootRecordBytes;
}

/// The native form: every sound geometry with write units of at most 32 bytes.
[[nodiscard]] constexpr bool keeps_native_records(const Geometry& g) {
  return g.is_sound() && g.write_unit_bytes <= kMostNativeUnitBytes;
}

/// How far apart the two native records are, and how large each of their sectors.
[[nodiscard]] constexpr std::uint32_t native_sector_bytes(const Geometry& g) {
  return g.sector_bytes() > kOtadataSectorBytes ? g.sector_bytes() : kOtadataSectorBytes;
}

/// The calls have the meaning and the errors of those of BootSectors and Session that pass them on.
class NativeForm {
 public:
  // ---- of a sector
  virtual Event scan(BootSectors& sectors, int sector) const = 0;
  virtual Event settle(BootSectors& sectors, int sector) const = 0;
  virtual Event append(BootSectors& sectors, int sector, const Cell& cell) const = 0;
  virtual Event forget_session(BootSectors& sectors, int sector) const = 0;
  virtual Event commit(BootSectors& sectors, int sector, const BootRecord& record) const = 0;
  virtual Event wipe(BootSectors& sectors, int sector) const = 0;
  [[nodiscard]] virtual std::uint32_t room(const BootSectors& sectors, int sector) const = 0;
  [[nodiscard]] virtual JournalMap map_of(const Geometry& geometry, std::uint32_t slot_bytes) const = 0;
  // ---- of a session
  virtual Event load(Session& session, Received& received) const = 0;
  virtual Event wake(Session& session) const = 0;
  virtual Event note_opened(Session& session, std::uint32_t first, std::uint32_t& end) const = 0;
  virtual Event mark(Session& session, std::uint32_t granule, std::uint32_t mark) const = 0;

 protected:
  constexpr NativeForm() = default;
  ~NativeForm() = default;
  NativeForm(const NativeForm&) = default;
  NativeForm& operator=(const NativeForm&) = default;
};

}  // namespace dualbank
